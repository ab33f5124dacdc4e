// SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only
/*
 * Pausing tasks (core/pause.h). The plan is a word of the kernel's command line, underlock_pause=…; without it nothing
 * here is ever called.
 *
 * The plan has places only where the kernel itself may sleep, since what is asked for there is a mutex, a semaphore, or
 * the last reference to a file of sysfs. Whether this task may is looked at all the same, as far as the kernel can tell.
 */
#include <linux/init.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "pause.h"

static struct underlock_pause_plan plan;
static struct underlock_pausing pausing;

uint64_t underlock_port_nanoseconds(void)
{
	return ktime_get_mono_fast_ns();
}

/* The scheduler is asked by a timer and by nothing else: a wake-up of one's own could be taken for somebody else's. */
void underlock_port_sleep(uint32_t *word, uint32_t value, uint64_t nanoseconds)
{
	const uint64_t look_again = 10000000;

	if (__atomic_load_n(word, __ATOMIC_ACQUIRE) == value)
		schedule_timeout_uninterruptible(nsecs_to_jiffies(min(nanoseconds, look_again)) + 1);
}

void underlock_port_wake(uint32_t *word)
{
}

void underlock_port_pause_news(uint32_t item, enum underlock_pause_news news)
{
	static const char *const words[] = UNDERLOCK_PAUSE_WORDS;

	pr_info("underlock: pause: task %d, item %u: %s\n", current->pid, item, words[news]);
}

/* A task that is about to sleep already has said for what, and would not be woken for it. */
static bool may_sleep(const struct underlock_context *c)
{
	return system_state == SYSTEM_RUNNING && c->kind == UNDERLOCK_CONTEXT_TASK && in_task() && !irqs_disabled() &&
	       !preempt_count() && !rcu_preempt_depth() && READ_ONCE(current->__state) == TASK_RUNNING;
}

void underlock_port_pause(struct underlock_context *c, const struct underlock_site *site, uint64_t lock)
{
	const uint32_t item = underlock_pause_item(&plan, c, site);

	if (item && may_sleep(c))
		underlock_pause(item, c, site, lock);
}

static int __init plan_pauses(char *text)
{
	const char *wrong = text ? underlock_pause_read(&plan, text) : "";

	if (wrong) {
		pr_err("underlock: underlock_pause=, character %d: not a plan of pauses, or one item too many: nobody "
		       "is paused; such a plan is made by `underlock confirm`\n",
		       text ? (int)(wrong - text) + 1 : 1);
		return 0;
	}
	underlock_pause_start(&plan, &pausing);
	underlock_pauses = 1;
	return 0;
}
early_param("underlock_pause", plan_pauses);
