/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * The hang itself: the second answer is waited for under a lock that the server wants before it gives it. The program is
 * ended from outside; the recording tells who waits for what, and that nobody else has ever answered.
 *
 * model: posix
 * hangs: broken
 * broken: hang:cycle assumed; locks answered log_lock; functions ask server
 */
#include <pthread.h>
#include <semaphore.h>

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t asked, answered;
static int lines;

static void *server(void *unused)
{
	for (int round = 0; round < 2; round++) {
		while (sem_wait(&asked))
			;
#ifndef FIXED
		if (round)
#else
		if (0)
#endif
		{
			pthread_mutex_lock(&log_lock);
			lines++;
			pthread_mutex_unlock(&log_lock);
		}
		sem_post(&answered);
	}
	return unused;
}

static void ask(int round)
{
	if (round)
		pthread_mutex_lock(&log_lock);
	sem_post(&asked);
	while (sem_wait(&answered))
		;
	lines++;
	if (round)
		pthread_mutex_unlock(&log_lock);
}

int main(void)
{
	pthread_t id;

	sem_init(&asked, 0, 0);
	sem_init(&answered, 0, 0);
	pthread_create(&id, NULL, server, NULL);
	ask(0);
	ask(1);
	pthread_join(id, NULL);
	return 0;
}
