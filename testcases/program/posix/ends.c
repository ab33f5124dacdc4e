/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* How threads end: `ends HOW`, one function each. */
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t begun;
static pthread_key_t key;

static void unlock_after_lock(void)
{
	pthread_mutex_lock(&other);
	pthread_mutex_unlock(&other);
}

static void unlock(void *lock)
{
	pthread_mutex_unlock(lock);
}

/* Cancelled while it waits; the handler releases what the wait has taken again. */
static void *handled(void *unused)
{
	pthread_mutex_lock(&mutex);
	pthread_cleanup_push(unlock, &mutex);
	pthread_barrier_wait(&begun);
	for (;;)
		pthread_cond_wait(&never, &mutex);
	pthread_cleanup_pop(1);
	return unused;
}

/* … and nobody releases it. */
static void *unhandled(void *unused)
{
	pthread_mutex_lock(&mutex);
	pthread_barrier_wait(&begun);
	for (;;)
		pthread_cond_wait(&never, &mutex);
	return unused;
}

static void *forever(void *unused)
{
	pthread_barrier_wait(&begun);
	for (;;)
		pause();
	return unused;
}

static void *join_it(void *thread)
{
	pthread_barrier_wait(&begun);
	pthread_join(*(pthread_t *)thread, NULL);
	return NULL;
}

__attribute__((noinline)) static void leave(void)
{
	pthread_exit(NULL);
}

static void *exits(void *unused)
{
	pthread_mutex_lock(&other);
	leave();
	return unused;
}

/* In each round that the C library makes, the last one included. */
static void destroy(void *value)
{
	pthread_mutex_lock(&other);
	pthread_mutex_unlock(&other);
	pthread_setspecific(key, value);
}

static void *with_key(void *unused)
{
	pthread_setspecific(key, &key);
	return unused;
}

static int locks(void *unused)
{
	(void)unused;
	unlock_after_lock();
	return 0;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	pthread_t thread, joined;

	unlock_after_lock();
	pthread_barrier_init(&begun, NULL, !strcmp(how, "join") ? 3 : 2);
	if (!strcmp(how, "handled") || !strcmp(how, "unhandled")) {
		pthread_create(&thread, NULL, !strcmp(how, "handled") ? handled : unhandled, NULL);
		pthread_barrier_wait(&begun);
		/* Once this has the mutex, the other one waits. */
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
		pthread_cancel(thread);
	} else if (!strcmp(how, "join")) {
		pthread_create(&joined, NULL, forever, NULL);
		pthread_create(&thread, NULL, join_it, &joined);
		pthread_barrier_wait(&begun);
		pthread_cancel(thread);
		pthread_join(thread, NULL);
		pthread_cancel(joined);
		thread = joined;
	} else if (!strcmp(how, "unborn")) {
		pthread_attr_t huge;

		pthread_attr_init(&huge);
		pthread_attr_setstacksize(&huge, (size_t)1 << 46);
		return !pthread_create(&thread, &huge, exits, NULL);
	} else if (!strcmp(how, "c11")) {
		thrd_t c11;

		thrd_create(&c11, locks, NULL);
		thrd_join(c11, NULL);
		pthread_create(&thread, NULL, with_key, NULL);
		return pthread_timedjoin_np(thread, NULL, &(struct timespec){ 4000000000, 0 }) ||
		       pthread_create(&thread, NULL, with_key, NULL) ||
		       pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &(struct timespec){ 4000000000, 0 });
	} else if (!strcmp(how, "exit")) {
		pthread_create(&thread, NULL, exits, NULL);
	} else if (!strcmp(how, "destructors")) {
		pthread_key_create(&key, destroy);
		pthread_create(&thread, NULL, with_key, NULL);
	} else {
		return 2;
	}
	pthread_join(thread, NULL);
	return 0;
}
