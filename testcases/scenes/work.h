/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Work that a kernel worker does, and who waits for it: kernel/workqueue.c as far as the scenes need it. A worker does one
 * work and is gone. Below, what work_on_cpu() is made of; each scene has its own of that.
 */
#ifndef UNDERLOCK_SCENES_WORK_H
#define UNDERLOCK_SCENES_WORK_H

#include "kernel/kernel.h"

struct work_struct {
	void (*func)(struct work_struct *work);
	struct task worker;
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
}

static void schedule_work_on(int cpu, struct work_struct *work)
{
	kthread_run(&work->worker, cpu ? "kworker/1:0" : "kworker/0:0", worker_thread, work);
}

/* Waits until the work is done, which may have been long ago. */
static void __flush_work(struct work_struct *work)
{
	kthread_stop(&work->worker);
}

struct work_for_cpu {
	struct work_struct work; /* first: a work is its work_for_cpu */
	long (*fn)(void *argument);
	void *arg;
	long ret;
};

static __attribute__((unused)) void work_for_cpu_fn(struct work_struct *work)
{
	struct work_for_cpu *wfc = (struct work_for_cpu *)work;

	wfc->ret = wfc->fn(wfc->arg);
}

#endif
