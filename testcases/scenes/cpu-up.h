/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A write to `online` brings a CPU up, which looks up every IRQ descriptor and uses it, and a driver frees one and
 * allocates another. A scene brings its own cpu_up(), which has start_secondary() run on the CPU that comes up.
 */
#ifndef UNDERLOCK_SCENES_CPU_UP_H
#define UNDERLOCK_SCENES_CPU_UP_H

#include "kernel/kernel.h"

static void cpu_up(void *cpu);

/* Runs on the CPU that comes up. It takes no lock: its caller, on another CPU, holds it until this is done. */
static void start_secondary(void *cpu)
{
	(void)cpu;
	setup_vector_irq();
}

static long online_store(void *object, const char *text)
{
	struct device *cpu = object;

	(void)text;
	device_lock(cpu);
	cpu_up(cpu);
	device_unlock(cpu);
	return 0;
}

static const struct attribute online = { .store = online_store };

static void shell(void *cpu)
{
	vfs_write(&online, cpu, "1");
}

static void driver(void *irq)
{
	irq_free_desc(*(int *)irq);
	*(int *)irq = irq_alloc_desc();
}

static void scenario(void)
{
	int irq = irq_alloc_desc();
	struct device cpu;
	struct task sh, other;

	device_initialize(&cpu);
	kthread_run(&other, "driver", driver, &irq);
	kthread_stop(&other);
	kthread_run(&sh, "sh", shell, &cpu);
	kthread_stop(&sh);
}

int main(void)
{
	return start_kernel(scenario);
}

#endif
