/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* IRQ descriptors: a table under sparse_irq_lock. */
#include "kernel.h"

#include <stdlib.h>

#define NR_IRQS 64
#define NR_LEGACY_IRQS 16

struct irq_desc {
	int irq;
	int cpu;
};

static DEFINE_MUTEX(sparse_irq_lock);
static struct irq_desc *descs[NR_IRQS];

void irq_lock_sparse(void)
{
	mutex_lock(&sparse_irq_lock);
}

void irq_unlock_sparse(void)
{
	mutex_unlock(&sparse_irq_lock);
}

static struct irq_desc *alloc_desc(int irq)
{
	struct irq_desc *desc = calloc(1, sizeof(*desc));

	if (desc)
		desc->irq = irq;
	return desc;
}

static void free_desc(int irq)
{
	free(descs[irq]);
	descs[irq] = NULL;
}

/* Before anything runs concurrently: without the lock, and rightly so. */
void early_irq_init(void)
{
	for (int irq = 0; irq < NR_LEGACY_IRQS; irq++)
		descs[irq] = alloc_desc(irq);
}

int irq_alloc_desc(void)
{
	int irq = NR_LEGACY_IRQS;

	irq_lock_sparse();
	while (irq < NR_IRQS && descs[irq])
		irq++;
	if (irq < NR_IRQS)
		descs[irq] = alloc_desc(irq);
	irq_unlock_sparse();
	return irq < NR_IRQS ? irq : -1;
}

void irq_free_desc(int irq)
{
	irq_lock_sparse();
	free_desc(irq);
	irq_unlock_sparse();
}

static struct irq_desc *irq_to_desc(int irq)
{
	return descs[irq];
}

static void bind_all(int cpu)
{
	for (int irq = 0; irq < NR_IRQS; irq++)
		if (irq_to_desc(irq))
			irq_to_desc(irq)->cpu = cpu;
}

void irq_migrate_all_off_this_cpu(void)
{
	bind_all(0);
}

void setup_vector_irq(void)
{
	bind_all(1);
}
