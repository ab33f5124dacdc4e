/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * stop_machine() runs a function on every CPU, by a stopper each, while its caller waits: two work for one. Here they
 * add VFs, each to a PF of its own; the fixed twin's caller holds the rescan lock meanwhile.
 *
 * model: linux
 * broken: contract:vf-add-locked observed; stack pci_iov_add_virtfn sriov_add_vfs add_vfs multi_cpu_stop; held none;
 *     missing pci_rescan_remove_lock
 * exercises: vf-add-locked
 */
#include "kernel/kernel.h"

#define CPUS 2

struct multi_stop_data {
	int (*fn)(void *data, int cpu);
	void *data;
	int num_threads; /* that have begun */
};

static int multi_cpu_stop(void *data)
{
	struct multi_stop_data *msdata = data;

	return msdata->fn(msdata->data, __atomic_fetch_add(&msdata->num_threads, 1, __ATOMIC_RELAXED));
}

static int (*const stopper)(void *data) = multi_cpu_stop;

static void cpu_stopper_thread(void *data)
{
	stopper(data);
}

static int stop_cpus(int cpus, int (*fn)(void *data), void *data)
{
	static const char *const names[CPUS] = { "migration/0", "migration/1" };
	struct task tasks[CPUS];

	(void)fn;
	for (int cpu = 0; cpu < cpus; cpu++)
		kthread_run(&tasks[cpu], names[cpu], cpu_stopper_thread, data);
	for (int cpu = 0; cpu < cpus; cpu++)
		kthread_stop(&tasks[cpu]);
	return 0;
}

static int stop_machine_cpuslocked(int (*fn)(void *data, int cpu), void *data)
{
	struct multi_stop_data msdata = { fn, data, 0 };

	return stop_cpus(CPUS, multi_cpu_stop, &msdata);
}

static int add_vfs(void *pfs, int cpu)
{
	return sriov_add_vfs((struct pci_dev *)pfs + cpu, 2);
}

static void shell(void *pfs)
{
#ifdef FIXED
	pci_lock_rescan_remove();
#endif
	stop_machine_cpuslocked(add_vfs, pfs);
#ifdef FIXED
	pci_unlock_rescan_remove();
#endif
}

static void scenario(void)
{
	struct pci_dev pfs[CPUS];
	struct task sh;

	for (int cpu = 0; cpu < CPUS; cpu++)
		pci_device_init(&pfs[cpu]);
	kthread_run(&sh, "sh", shell, pfs);
	kthread_stop(&sh);
}

int main(void)
{
	return start_kernel(scenario);
}
