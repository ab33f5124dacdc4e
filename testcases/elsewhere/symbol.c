/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* AB-BA of two locks that come out of variables: what they are called, only the binary's symbols say. */
#include <pthread.h>

static pthread_mutex_t inbox = PTHREAD_MUTEX_INITIALIZER, outbox = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t *volatile first = &inbox, *volatile second = &outbox;
static pthread_barrier_t turn;

static void both(pthread_mutex_t *a, pthread_mutex_t *b)
{
	pthread_mutex_lock(a);
	pthread_mutex_lock(b);
	pthread_mutex_unlock(b);
	pthread_mutex_unlock(a);
}

static void *forth(void *unused)
{
	both(first, second);
	pthread_barrier_wait(&turn);
	return unused;
}

static void *back(void *unused)
{
	pthread_barrier_wait(&turn);
	both(second, first);
	return unused;
}

int main(void)
{
	pthread_t threads[2];

	pthread_barrier_init(&turn, NULL, 2);
	pthread_create(&threads[0], NULL, forth, NULL);
	pthread_create(&threads[1], NULL, back, NULL);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	return 0;
}
