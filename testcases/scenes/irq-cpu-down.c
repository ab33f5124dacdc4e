/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A CPU goes down: in the step that stops it, its interrupts are moved away, descriptor by descriptor, by the stopper
 * thread, while a driver may free one. The step needs sparse_irq_lock (Linux: the fix of 2015). Here the driver happens
 * to be through with it; the contract does not ask for an accident.
 *
 * model: linux
 * broken: contract:cpu-down-locked observed; stack takedown_cpu cpu_down online_store vfs_write; held device.mutex;
 *     missing sparse_irq_lock
 * broken: phase:desc-free-apart assumed; stack irq_free_desc driver; held sparse_irq_lock
 * exercises: cpu-down-locked desc-alloc-locked desc-free-locked desc-free-apart
 */
#include "kernel/kernel.h"

static void take_cpu_down(void *cpu)
{
	(void)cpu;
	irq_migrate_all_off_this_cpu();
}

/* The step is done by a thread of the CPU that goes down, while the caller waits for it. */
static void stop_machine_cpuslocked(void (*function)(void *), void *cpu)
{
	struct task stopper;

	kthread_run(&stopper, "migration/1", function, cpu);
	kthread_stop(&stopper);
}

static void takedown_cpu(void *cpu)
{
#ifdef FIXED
	irq_lock_sparse();
#endif
	stop_machine_cpuslocked(take_cpu_down, cpu);
#ifdef FIXED
	irq_unlock_sparse();
#endif
}

static void cpu_down(void *cpu)
{
	takedown_cpu(cpu);
}

static long online_store(void *object, const char *text)
{
	struct device *cpu = object;

	(void)text;
	device_lock(cpu);
	cpu_down(cpu);
	device_unlock(cpu);
	return 0;
}

static const struct attribute online = { .store = online_store };

static void shell(void *cpu)
{
	vfs_write(&online, cpu, "0");
}

static void driver(void *unused)
{
	(void)unused;
	for (int i = 0; i < 50; i++)
		irq_free_desc(irq_alloc_desc());
}

static void scenario(void)
{
	struct device cpu;
	struct task sh, other;

	device_initialize(&cpu);
	kthread_run(&other, "driver", driver, NULL);
	kthread_stop(&other);
	kthread_run(&sh, "sh", shell, &cpu);
	kthread_stop(&sh);
}

int main(void)
{
	return start_kernel(scenario);
}
