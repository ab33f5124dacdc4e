/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * cancel_work_sync() under a lock that the work takes: it waits until the work has run, which waits for the lock. The
 * work had run when it was cancelled, so that it did not happen. The fixed twin gives the lock back before.
 *
 * model: linux-waits
 * broken: order:wait-cycle assumed; locks work card.lock; functions card_refill card_close
 */
#include "kernel/kernel.h"

#include <sched.h>
#include <stdatomic.h>

/* ---- kernel/workqueue.c: a worker that does one work ---- */

struct work_struct {
	void (*func)(struct work_struct *work);
	atomic_int running;
};

struct worker {
	struct work_struct *current_work;
};

static void process_one_work(struct worker *worker, struct work_struct *work)
{
	worker->current_work = work;
	work->func(work);
	worker->current_work = NULL;
}

static void worker_thread(void *work)
{
	struct worker worker = { NULL };

	process_one_work(&worker, work);
	((struct work_struct *)work)->running--;
}

static void queue_work(struct work_struct *work, struct task *kworker)
{
	work->running++;
	kthread_run(kworker, "kworker/0:0", worker_thread, work);
}

static int __flush_work(struct work_struct *work)
{
	while (work->running)
		sched_yield();
	return 1;
}

static int cancel_work_sync(struct work_struct *work)
{
	return __flush_work(work);
}

/* ---- A driver ---- */

struct card {
	struct work_struct refill; /* first: a work is its card */
	struct mutex lock;
	int buffers;
};

static struct card card;

static void card_refill(struct work_struct *work)
{
	struct card *of = (struct card *)work;

	mutex_lock(&of->lock);
	of->buffers++;
	mutex_unlock(&of->lock);
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
	struct task kworker, sh;

	mutex_init(&card.lock);
	card.refill.func = card_refill;
	queue_work(&card.refill, &kworker);
	kthread_stop(&kworker);
	kthread_run(&sh, "sh", card_close, NULL);
	kthread_stop(&sh);
}

int main(void)
{
	return start_kernel(scenario);
}
