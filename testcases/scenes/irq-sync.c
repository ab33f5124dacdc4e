/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * disable_irq() under a lock that the interrupt's thread takes: it waits until the thread is done, which waits for the
 * lock. A classic of drivers' suspend and close. Here the interrupt came before, so that it did not happen. The fixed
 * twin uses disable_irq_nosync(), which waits for nobody. Both also wait for the hard handler with that lock, spinning.
 * It takes none, and threads are not waited for then.
 *
 * model: linux
 * broken: order:wait-cycle assumed; locks irq-thread card.lock; functions card_thread card_suspend
 */
#include "kernel/kernel.h"

#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

/* ---- kernel/irq: one descriptor, whose interrupts come when the scene says so ---- */

struct irqaction {
	void *dev_id;
	int (*handler)(int irq, void *dev_id);
	int (*thread_fn)(int irq, void *dev_id);
	unsigned int irq;
};

struct irq_desc {
	struct irqaction *action;
	atomic_int in_progress, threads_active;
};

static struct irq_desc irq_descs[8];

static int handle_irq_event(struct irq_desc *desc)
{
	return desc->action->handler(desc->action->irq, desc->action->dev_id);
}

static int irq_thread_fn(struct irq_desc *desc, struct irqaction *action)
{
	(void)desc;
	return action->thread_fn(action->irq, action->dev_id);
}

static void irq_thread(void *data)
{
	struct irqaction *action = data;
	struct irq_desc *desc = &irq_descs[action->irq];

	irq_thread_fn(desc, action);
	desc->threads_active--;
}

/* The machine: its handler in a context of its own, as the thread. */
static void interrupt(void *data)
{
	struct irq_desc *desc = data;

	desc->in_progress++;
	handle_irq_event(desc);
	desc->threads_active++;
	desc->in_progress--;
}

static void __synchronize_hardirq(struct irq_desc *desc)
{
	while (desc->in_progress)
		sched_yield();
}

static int synchronize_hardirq(unsigned int irq)
{
	__synchronize_hardirq(&irq_descs[irq]);
	return !irq_descs[irq].threads_active;
}

/*
 * Not inline, as in Linux, where it is exported: two waits in one frame, one inside the other, are one note of waiting for
 * the runtime (core/waiting.h), and the outer one would not be seen in a hang.
 */
__attribute__((noinline)) static void synchronize_irq(unsigned int irq)
{
	struct irq_desc *desc = &irq_descs[irq];

	__synchronize_hardirq(desc);
	while (desc->threads_active)
		sched_yield();
}

static void disable_irq_nosync(unsigned int irq)
{
	(void)irq;
}

static void disable_irq(unsigned int irq)
{
	disable_irq_nosync(irq);
	synchronize_irq(irq);
}

/* ---- A driver ---- */

struct card {
	struct mutex lock;
	int pending, sent;
};

static int card_interrupt(int irq, void *dev_id)
{
	struct card *card = dev_id;

	(void)irq;
	__atomic_store_n(&card->pending, 1, __ATOMIC_RELAXED);
	return 2; /* IRQ_WAKE_THREAD */
}

static int card_thread(int irq, void *dev_id)
{
	struct card *card = dev_id;

	(void)irq;
	mutex_lock(&card->lock);
	card->sent += card->pending;
	card->pending = 0;
	mutex_unlock(&card->lock);
	return 1; /* IRQ_HANDLED */
}

static struct card card;
static struct irqaction action = { &card, card_interrupt, card_thread, 5 };

static void card_suspend(void *unused)
{
	(void)unused;
#ifdef AT_ONCE
	usleep(30 * 1000);
#endif
	mutex_lock(&card.lock);
	synchronize_hardirq(5);
#ifdef FIXED
	disable_irq_nosync(5);
#else
	disable_irq(5);
#endif
	card.pending = 0;
	mutex_unlock(&card.lock);
#ifdef FIXED
	disable_irq(5);
#endif
}

/* The interrupt's thread has ended when the suspension begins; AT_ONCE (testcases/confirm): only time sees to that. */
static void scenario(void)
{
	struct task cpu, thread, sh;

	mutex_init(&card.lock);
	irq_descs[5].action = &action;
	kthread_run(&cpu, "cpu", interrupt, &irq_descs[5]);
	kthread_stop(&cpu);
	kthread_run(&thread, "irq/5-card", irq_thread, &action);
#ifndef AT_ONCE
	kthread_stop(&thread);
#endif
	kthread_run(&sh, "sh", card_suspend, NULL);
	kthread_stop(&sh);
#ifdef AT_ONCE
	kthread_stop(&thread);
#endif
}

int main(void)
{
	return start_kernel(scenario);
}
