/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * pci_call_probe() probes a device on a CPU near to it: a worker calls .probe() while the caller waits. In the broken
 * twin the caller is a write to `bind`, and nobody holds the rescan lock. In the fixed one it is a scan of the bus: it
 * holds the lock for as long as the worker works for it, and all is well.
 *
 * Known limit: Underlock has no delegation yet and looks at what the worker holds alone, so the fixed twin is flagged,
 * wrongly. With delegation (`work_on_cpu` runs its function under what its caller holds) it is clean.
 *
 * model: linux
 * broken: contract:vf-add-locked observed; stack pci_iov_add_virtfn sriov_enable pf_probe local_pci_probe
 *     work_for_cpu_fn; held none; missing pci_rescan_remove_lock
 * fixed: contract:vf-add-locked observed; stack pci_iov_add_virtfn sriov_enable pf_probe local_pci_probe
 *     work_for_cpu_fn; held none; missing pci_rescan_remove_lock
 * exercises: vf-add-locked
 */
#include "kernel/kernel.h"

static int sriov_enable(struct pci_dev *dev, int num_vfs)
{
	return sriov_add_vfs(dev, num_vfs);
}

static int pf_probe(struct pci_dev *dev)
{
	return sriov_enable(dev, 2);
}

/* What a driver registers. */
static int (*const driver_probe)(struct pci_dev *dev) = pf_probe;

static long local_pci_probe(void *dev)
{
	return driver_probe(dev);
}

struct work_for_cpu {
	long (*function)(void *argument);
	void *argument;
	long result;
};

static void work_for_cpu_fn(void *argument)
{
	struct work_for_cpu *work = argument;

	work->result = work->function(work->argument);
}

/* The calling task waits for a worker of that CPU. */
static long work_on_cpu(const char *worker, long (*function)(void *), void *argument)
{
	struct work_for_cpu work = { function, argument, 0 };
	struct task kworker;

	kthread_run(&kworker, worker, work_for_cpu_fn, &work);
	kthread_stop(&kworker);
	return work.result;
}

static int pci_device_probe(struct device *dev)
{
	return work_on_cpu("kworker/8:0", local_pci_probe, to_pci_dev(dev));
}

static struct device_driver pci_driver = { .probe = pci_device_probe };

static long store(void *dev, const char *text)
{
	(void)text;
#ifdef FIXED
	pci_lock_rescan_remove();
#endif
	device_driver_attach(&pci_driver, dev);
#ifdef FIXED
	pci_unlock_rescan_remove();
#endif
	return 0;
}

static const struct attribute bind_or_rescan = { .store = store };

static void shell(void *pf)
{
	vfs_write(&bind_or_rescan, pf, "1");
}

static void scenario(void)
{
	struct pci_dev pf;
	struct task sh;

	pci_device_init(&pf);
	kthread_run(&sh, "sh", shell, &pf.dev);
	kthread_stop(&sh);
}

int main(void)
{
	return start_kernel(scenario);
}
