/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * join-hang, when it happens: the worker is joined under the lock that it waits for. The program is ended from outside;
 * the finding is the one of the runs that do not hang.
 *
 * model: posix
 * hangs: broken
 * broken: order:wait-cycle observed; locks jobs_lock thread-end; functions main worker
 */
#include <pthread.h>

static pthread_mutex_t jobs_lock = PTHREAD_MUTEX_INITIALIZER;
static int jobs;

static void *worker(void *unused)
{
	pthread_mutex_lock(&jobs_lock);
	jobs++;
	pthread_mutex_unlock(&jobs_lock);
	return unused;
}

int main(void)
{
	pthread_t id;

	pthread_mutex_lock(&jobs_lock);
	pthread_create(&id, NULL, worker, NULL);
#ifdef FIXED
	pthread_mutex_unlock(&jobs_lock);
#endif
	pthread_join(id, NULL);
#ifndef FIXED
	pthread_mutex_unlock(&jobs_lock);
#endif
	return jobs - 1;
}
