/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * The Xen guest: it allocated IRQ descriptors for a CPU inside the CPU-up call. Since bringup_cpu() holds
 * sparse_irq_lock across that call, this deadlocks on itself: the program really hangs, and is ended from outside. The
 * fixed twin frees them in __cpu_die() and allocates after the lock's release. With -DNO_LOCK it is the code of before:
 * what would the lock do to it? (scenes/what-if)
 *
 * model: linux
 * hangs: broken
 * broken: self:self-deadlock observed; stack irq_lock_sparse irq_alloc_desc xen_smp_intr_init xen_cpu_up __cpu_up
 *     bringup_cpu; held device.mutex sparse_irq_lock; locks sparse_irq_lock
 * exercises: cpu-up-locked
 */
#include "kernel/kernel.h"

static int ipi_irq = -1;

static void xen_smp_intr_init(void)
{
	ipi_irq = irq_alloc_desc();
}

static void xen_cpu_up(void)
{
#ifndef FIXED
	xen_smp_intr_init();
#endif
}

static void xen_cpu_die(void)
{
	if (ipi_irq >= 0)
		irq_free_desc(ipi_irq);
	ipi_irq = -1;
}

static struct {
	void (*cpu_up)(void), (*cpu_die)(void);
} smp_ops = { xen_cpu_up, xen_cpu_die };

static void __cpu_up(void)
{
	smp_ops.cpu_up();
}

static void __cpu_die(void)
{
	smp_ops.cpu_die();
}

static void bringup_cpu(void)
{
#ifndef NO_LOCK
	irq_lock_sparse();
#endif
	__cpu_up();
#ifndef NO_LOCK
	irq_unlock_sparse();
#endif
#ifdef FIXED
	xen_smp_intr_init();
#endif
}

static long online_store(void *object, const char *text)
{
	struct device *cpu = object;

	device_lock(cpu);
	if (*text == '1')
		bringup_cpu();
	else
		__cpu_die();
	device_unlock(cpu);
	return 0;
}

static const struct attribute online = { .store = online_store };

static void shell(void *cpu)
{
	vfs_write(&online, cpu, "0");
	vfs_write(&online, cpu, "1");
}

static void scenario(void)
{
	struct device cpu;
	struct task sh;

	device_initialize(&cpu);
	ipi_irq = irq_alloc_desc();
	kthread_run(&sh, "sh", shell, &cpu);
	kthread_stop(&sh);
}

int main(void)
{
	return start_kernel(scenario);
}
