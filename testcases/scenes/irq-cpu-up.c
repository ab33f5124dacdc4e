/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A CPU comes up: it looks up every IRQ descriptor and uses it to set up its vectors, while a driver may free one. The
 * caller needs sparse_irq_lock around the step (Linux: the fix of 2015). Here the driver happens to be through with it;
 * the contract does not ask for an accident.
 *
 * model: linux
 * broken: contract:cpu-up-locked observed; stack bringup_cpu cpu_up online_store vfs_write; held device.mutex;
 *     missing sparse_irq_lock
 * broken: phase:desc-free-apart assumed; stack irq_free_desc driver; held sparse_irq_lock
 * exercises: cpu-up-locked desc-alloc-locked desc-free-locked desc-free-apart
 */
#include "cpu-up.h"

static void __cpu_up(void *cpu)
{
	struct task idle;

	kthread_run(&idle, "swapper/1", start_secondary, cpu);
	kthread_stop(&idle);
}

static void bringup_cpu(void *cpu)
{
#ifdef FIXED
	irq_lock_sparse();
#endif
	__cpu_up(cpu);
#ifdef FIXED
	irq_unlock_sparse();
#endif
}

static void cpu_up(void *cpu)
{
	bringup_cpu(cpu);
}
