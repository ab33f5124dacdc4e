/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * To wait for a condition is to give the lock back, and to take it again: after all that is held by then. Both threads
 * take the queue's lock before the log's, and in the broken twin one waits with both: it takes the queue's lock last.
 * The fixed twin waits before it takes the second one.
 *
 * model: posix
 * broken: order:inversion assumed; locks queue.lock log_lock; functions next_job add_job
 */
#include "turns.h"

#include <time.h>

static struct queue {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int jobs;
} queue = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static int lines;

/* For no time at all, so that nobody has to wake it. */
static void wait_for_job(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	while (!queue.jobs && pthread_cond_timedwait(&queue.changed, &queue.lock, &now) == 0)
		;
}

static void next_job(void)
{
	pthread_mutex_lock(&queue.lock);
#ifdef FIXED
	wait_for_job();
#endif
	pthread_mutex_lock(&log_lock);
#ifndef FIXED
	wait_for_job();
#endif
	queue.jobs = 0;
	lines++;
	pthread_mutex_unlock(&log_lock);
	pthread_mutex_unlock(&queue.lock);
}

static void add_job(void)
{
	pthread_mutex_lock(&queue.lock);
	queue.jobs++;
	pthread_cond_signal(&queue.changed);
	pthread_mutex_lock(&log_lock);
	lines++;
	pthread_mutex_unlock(&log_lock);
	pthread_mutex_unlock(&queue.lock);
}

int main(void)
{
	return PLAY({ 0, next_job }, { 1, add_job }, { 0, next_job });
}
