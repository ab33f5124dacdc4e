/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A request is answered by a semaphore, which is waited for under the lock of the log. The server takes that lock too
 * before it answers: in the broken twin between request and answer. It had it in time, as it happens. The fixed twin
 * writes its log behind the answer.
 *
 * model: posix
 * broken: order:wait-cycle assumed; locks answered log_lock; functions ask server
 */
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t asked, answered;
static int lines;

static void write_log(void)
{
	pthread_mutex_lock(&log_lock);
	lines++;
	pthread_mutex_unlock(&log_lock);
}

static void *server(void *unused)
{
	while (sem_wait(&asked))
		;
#ifndef FIXED
	write_log();
#endif
	sem_post(&answered);
#ifdef FIXED
	write_log();
#endif
	return unused;
}

static void ask(void)
{
	sem_post(&asked);
	usleep(50 * 1000); /* The server is quick. */
	pthread_mutex_lock(&log_lock);
	while (sem_wait(&answered))
		;
	lines++;
	pthread_mutex_unlock(&log_lock);
}

int main(void)
{
	pthread_t id;

	sem_init(&asked, 0, 0);
	sem_init(&answered, 0, 0);
	pthread_create(&id, NULL, server, NULL);
	ask();
	pthread_join(id, NULL);
	return 0;
}
