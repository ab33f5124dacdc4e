/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * The diagram of the mails, by the descriptor's life: a CPU that comes up looks up each IRQ descriptor and uses it, while
 * free_desc() on another CPU, under sparse_irq_lock, frees it. It takes no lock itself: the one that brings it up holds it
 * (fixed) and waits. Here the driver happens to be through; the phase and the contract on that step say so too.
 *
 * model: irq-lookup.yaml
 * broken: lifetime:irq-desc assumed; stack bind_all setup_vector_irq start_secondary; held none
 * broken: contract:cpu-up-locked observed; stack bringup_cpu
 * broken: phase:desc-free-apart assumed; stack irq_free_desc driver; held sparse_irq_lock
 * exercises: irq-desc
 */
#include "kernel/kernel.h"

static void start_secondary(void *cpu)
{
	(void)cpu;
	setup_vector_irq();
}

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

static void driver(void *irq)
{
	irq_free_desc(*(int *)irq);
	*(int *)irq = irq_alloc_desc();
}

static void scenario(void)
{
	int cpu = 1, irq = irq_alloc_desc();
	struct task sh, other;

	kthread_run(&other, "driver", driver, &irq);
	kthread_stop(&other);
	kthread_run(&sh, "sh", bringup_cpu, &cpu);
	kthread_stop(&sh);
}

int main(void)
{
	return start_kernel(scenario);
}
