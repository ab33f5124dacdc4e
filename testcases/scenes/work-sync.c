/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * cancel_work_sync() under a lock that the work takes: it waits until the work has run, which waits for the lock. The
 * work had run when it was cancelled, so that it did not happen. The fixed twin gives the lock back before.
 *
 * model: linux-waits
 * broken: order:wait-cycle assumed; locks work card.lock; functions card_refill card_close
 */
#include "work.h"

#include <sched.h>
#include <stdatomic.h>

static void cancel_work_sync(struct work_struct *work)
{
	__flush_work(work);
}

/* ---- A driver ---- */

struct card {
	struct work_struct refill; /* first: a work is its card */
	struct mutex lock;
	int buffers;
};

static struct card card;
static atomic_int refilled;

static void card_refill(struct work_struct *work)
{
	struct card *of = (struct card *)work;

	mutex_lock(&of->lock);
	of->buffers++;
	mutex_unlock(&of->lock);
	atomic_store(&refilled, 1);
}

static void card_close(void *unused)
{
	(void)unused;
	mutex_lock(&card.lock);
#ifdef FIXED
	mutex_unlock(&card.lock);
	cancel_work_sync(&card.refill);
#else
	cancel_work_sync(&card.refill);
	mutex_unlock(&card.lock);
#endif
}

static void scenario(void)
{
	struct task sh;

	mutex_init(&card.lock);
	card.refill.func = card_refill;
	schedule_work_on(0, &card.refill);
	while (!atomic_load(&refilled))
		sched_yield();
	kthread_run(&sh, "sh", card_close, NULL);
	kthread_stop(&sh);
}

int main(void)
{
	return start_kernel(scenario);
}
