/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A CPU comes up as since Linux 6.5 on x86-64: it was kicked before, and sets up its vectors, descriptor by descriptor,
 * while who brings it up waits for it in cpuhp_bringup_ap(). The step lies elsewhere than in irq-cpu-up.c; contract and
 * phase are the same.
 *
 * model: linux
 * broken: contract:cpu-up-locked observed; stack cpuhp_bringup_ap cpu_up online_store vfs_write; held device.mutex;
 *     missing sparse_irq_lock
 * broken: phase:desc-free-apart assumed; stack irq_free_desc driver; held sparse_irq_lock
 * exercises: cpu-up-locked desc-alloc-locked desc-free-locked desc-free-apart
 */
#include "cpu-up.h"

static struct task idle;

static void cpuhp_kick_ap_alive(void *cpu)
{
	kthread_run(&idle, "swapper/1", start_secondary, cpu);
}

static int bringup_wait_for_ap_online(void)
{
	kthread_stop(&idle);
	return 0;
}

static void cpuhp_bringup_ap(void)
{
#ifdef FIXED
	irq_lock_sparse();
#endif
	bringup_wait_for_ap_online();
#ifdef FIXED
	irq_unlock_sparse();
#endif
}

static void cpu_up(void *cpu)
{
	cpuhp_kick_ap_alive(cpu);
	cpuhp_bringup_ap();
}
