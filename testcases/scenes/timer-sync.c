/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * del_timer_sync() under a lock that the timer's function takes: it waits until that one has returned, which waits for
 * the lock; what the comment of that function in Linux warns of. The timer had run out before, so that it did not
 * happen. In the fixed twin its function tries to get the lock, and leaves it at that where it does not.
 *
 * model: linux-waits
 * broken: order:wait-cycle assumed; locks timer watch.lock; functions watch_expired watch_stop
 */
#include "kernel/kernel.h"

#include <sched.h>
#include <stdatomic.h>

/* ---- kernel/time/timer.c: a timer that has run out ---- */

struct timer_list {
	void (*function)(struct timer_list *timer);
	atomic_int running;
};

static void call_timer_fn(struct timer_list *timer, void (*fn)(struct timer_list *timer), unsigned long baseclk)
{
	(void)baseclk;
	fn(timer);
}

static void expire_timers(void *data)
{
	struct timer_list *timer = data;

	timer->running++;
	call_timer_fn(timer, timer->function, 0);
	timer->running--;
}

static int timer_delete_sync(struct timer_list *timer)
{
	while (timer->running)
		sched_yield();
	return 0;
}

static inline int del_timer_sync(struct timer_list *timer)
{
	return timer_delete_sync(timer);
}

/* ---- A watchdog ---- */

struct watch {
	struct timer_list timer; /* first: a timer is its watch */
	struct mutex lock;
	int barks;
};

static struct watch watch;

static void watch_expired(struct timer_list *timer)
{
	struct watch *of = (struct watch *)timer;

#ifdef FIXED
	if (!mutex_trylock(&of->lock))
		return;
#else
	mutex_lock(&of->lock);
#endif
	of->barks++;
	mutex_unlock(&of->lock);
}

static void watch_stop(void *unused)
{
	(void)unused;
	mutex_lock(&watch.lock);
	del_timer_sync(&watch.timer);
	mutex_unlock(&watch.lock);
}

static void scenario(void)
{
	struct task softirq, sh;

	mutex_init(&watch.lock);
	watch.timer.function = watch_expired;
	kthread_run(&softirq, "ksoftirqd/0", expire_timers, &watch.timer);
	kthread_stop(&softirq);
	kthread_run(&sh, "sh", watch_stop, NULL);
	kthread_stop(&sh);
}

int main(void)
{
	return start_kernel(scenario);
}
