/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A worker is joined under a lock that it takes. It was through with it in time, as it happens; when it is not, both wait
 * for good. The fixed twin joins first.
 *
 * model: posix
 * broken: order:wait-cycle assumed; locks jobs_lock thread-end; functions stop_worker worker
 */
#include <pthread.h>
#include <unistd.h>

static pthread_mutex_t jobs_lock = PTHREAD_MUTEX_INITIALIZER;
static int jobs, running = 1;

static void *worker(void *unused)
{
	pthread_mutex_lock(&jobs_lock);
	jobs++;
	pthread_mutex_unlock(&jobs_lock);
	return unused;
}

static void stop_worker(pthread_t id)
{
#ifndef FIXED
	usleep(50 * 1000); /* "It will be through by then." */
	pthread_mutex_lock(&jobs_lock);
#endif
	pthread_join(id, NULL);
#ifdef FIXED
	pthread_mutex_lock(&jobs_lock);
#endif
	running = 0;
	pthread_mutex_unlock(&jobs_lock);
}

int main(void)
{
	pthread_t id;

	pthread_create(&id, NULL, worker, NULL);
	stop_worker(id);
	return running;
}
