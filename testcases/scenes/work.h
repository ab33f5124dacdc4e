/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Work that a kernel worker does for a caller, who waits for it: kernel/workqueue.c as far as work_on_cpu() needs it. */
#ifndef UNDERLOCK_SCENES_WORK_H
#define UNDERLOCK_SCENES_WORK_H

#include "kernel/kernel.h"

struct work_struct {
	void (*func)(struct work_struct *work);
	struct task worker;
};

struct work_for_cpu {
	struct work_struct work; /* first: a work is its work_for_cpu */
	long (*fn)(void *argument);
	void *arg;
	long ret;
};

static void process_one_work(void *work)
{
	((struct work_struct *)work)->func(work);
}

static void schedule_work_on(int cpu, struct work_struct *work)
{
	kthread_run(&work->worker, cpu ? "kworker/1:0" : "kworker/0:0", process_one_work, work);
}

static void flush_work(struct work_struct *work)
{
	kthread_stop(&work->worker);
}

static void work_for_cpu_fn(struct work_struct *work)
{
	struct work_for_cpu *wfc = (struct work_for_cpu *)work;

	wfc->ret = wfc->fn(wfc->arg);
}

#endif
