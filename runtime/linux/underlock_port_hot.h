/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * The Linux port, the part that runs at every hook: who is running, what time it is, what state the machine is in.
 *
 * All of it works from the first line of start_kernel() on, and in NMIs: it reads `current`, the preemption count and the
 * time stamp counter, and takes no lock. What depends on the machine is in this file and in the folders x86/ and um/; port.c
 * is for any architecture that keeps frame pointers.
 */
#ifndef UNDERLOCK_LINUX_UNDERLOCK_PORT_HOT_H
#define UNDERLOCK_LINUX_UNDERLOCK_PORT_HOT_H

#include <linux/hardirq.h>
#include <linux/irqflags.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/types.h>

#ifndef CONFIG_X86_64
#error "The Linux port of Underlock knows x86-64 only: it needs a clock that all processors share, here the TSC."
#endif

#ifdef CONFIG_UML /* has CONFIG_X86_64 too, and no <asm/msr.h> */
#include <asm/barrier.h>

/* Before it is set there is no `current`, nor a preemption count: um/memory.c. */
extern bool underlock_recording;
bool underlock_start_recording(unsigned long frame);

static __always_inline bool underlock_port_records(void)
{
	return likely(underlock_recording) || underlock_start_recording((unsigned long)__builtin_frame_address(0));
}

static __always_inline uint64_t rdtsc(void)
{
	return __builtin_ia32_rdtsc();
}

static __always_inline uint64_t rdtsc_ordered(void)
{
	asm volatile("lfence" : : : "memory");
	return rdtsc();
}
#else
#include <asm/msr.h>

static __always_inline bool underlock_port_records(void)
{
	return true;
}
#endif

struct underlock_context *underlock_task_context(void);
struct underlock_context *underlock_interrupt_context(enum underlock_context_kind kind);

/*
 * An interrupt is a context of its own, one for each processor and level: it does not own what the interrupted task
 * holds, and it may come while the core is at work on that task's context. A softirq served by ksoftirqd is a softirq.
 *
 * On its way in, before the preemption count says so, and on its way out an interrupt takes locks of RCU. Where that
 * happens on top of a hook, the context that the count speaks of is at work: this is an interrupt, or what a task
 * that an interrupt preempts in a hook does in the scheduler. Both go to the processor's interrupts. Else the locks of its way in are
 * recorded as the task's.
 */
static __always_inline struct underlock_context *underlock_port_context(void)
{
	struct underlock_context *c;
	unsigned int count;

	if (!underlock_port_records())
		return NULL;
	count = preempt_count();
	if (count & NMI_MASK)
		return underlock_interrupt_context(UNDERLOCK_CONTEXT_NMI);
	if (count & HARDIRQ_MASK)
		return underlock_interrupt_context(UNDERLOCK_CONTEXT_HARDIRQ);
	if (unlikely(count & SOFTIRQ_OFFSET))
		c = underlock_interrupt_context(UNDERLOCK_CONTEXT_SOFTIRQ);
	else
		c = underlock_task_context();
	if (unlikely(c && c->busy))
		return underlock_interrupt_context(UNDERLOCK_CONTEXT_HARDIRQ);
	return c;
}

static __always_inline uint64_t underlock_port_ticks_acquire(void)
{
	return rdtsc_ordered();
}

static __always_inline uint64_t underlock_port_ticks_release(void)
{
	return rdtsc();
}

/* An interrupt on top of a hook would else preempt the task there, and the scheduler's locks be those of the interrupt. */
static __always_inline void underlock_port_pin(void)
{
	preempt_disable_notrace();
}

static __always_inline void underlock_port_unpin(void)
{
	preempt_enable_notrace();
}

/* Asked while the task is pinned, which is not its own doing. */
#define UNDERLOCK_PINNED (IS_ENABLED(CONFIG_PREEMPT_COUNT) ? PREEMPT_OFFSET : 0)

/* SOFTIRQ_OFFSET alone says that softirqs are being served; local_bh_disable() adds twice as much. */
static __always_inline uint8_t underlock_port_state(void)
{
	const unsigned int count = preempt_count();
	uint8_t state = 0;

	if (raw_irqs_disabled())
		state |= UNDERLOCK_STATE_IRQS_OFF;
	if ((count & PREEMPT_MASK) > UNDERLOCK_PINNED)
		state |= UNDERLOCK_STATE_NO_PREEMPT;
	if (count & SOFTIRQ_MASK)
		state |= UNDERLOCK_STATE_SOFTIRQS_OFF;
	return state;
}

#endif
