/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A thread that is cancelled while it holds a lock. The fixed twin has a clean-up handler that gives it back.
 *
 * https://github.com/COVESA/dlt-daemon/pull/121
 *
 * model: posix
 * broken: self:held-at-exit observed; stack serve; held clients; locks clients
 */
#include <pthread.h>
#include <semaphore.h>

static pthread_mutex_t clients = PTHREAD_MUTEX_INITIALIZER;
static sem_t serving, never;

#ifdef FIXED
static void unlock(void *lock)
{
	pthread_mutex_unlock(lock);
}
#endif

static void *serve(void *unused)
{
	pthread_mutex_lock(&clients);
#ifdef FIXED
	pthread_cleanup_push(unlock, &clients);
#endif
	sem_post(&serving);
	sem_wait(&never); /* here it is cancelled */
#ifdef FIXED
	pthread_cleanup_pop(0);
#endif
	pthread_mutex_unlock(&clients);
	return unused;
}

int main(void)
{
	pthread_t thread;

	sem_init(&serving, 0, 0);
	sem_init(&never, 0, 0);
	pthread_create(&thread, NULL, serve, NULL);
	while (sem_wait(&serving))
		;
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	return 0;
}
