/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A lock on the stack, for one round: made, used, destroyed. The next round's lies at the same address and is taken in
 * the other order. They are two locks, and nothing is wrong. The broken twin has one lock for both rounds.
 *
 * https://github.com/google/sanitizers/issues/1717
 *
 * model: posix
 * broken: order:inversion assumed; locks journal one_round.whole_day; functions post audit
 */
#include "pair.h"

#include <semaphore.h>
#include <stdlib.h>

static pthread_mutex_t *round_lock;
static sem_t may_post, may_audit, done;

static void *post(void *unused)
{
	while (sem_wait(&may_post))
		;
	pthread_mutex_lock(round_lock);
	pthread_mutex_lock(&journal);
	entries++;
	pthread_mutex_unlock(&journal);
	pthread_mutex_unlock(round_lock);
	sem_post(&done);
	return unused;
}

static void *audit(void *unused)
{
	while (sem_wait(&may_audit))
		;
	pthread_mutex_lock(&journal);
	pthread_mutex_lock(round_lock);
	entries++;
	pthread_mutex_unlock(round_lock);
	pthread_mutex_unlock(&journal);
	sem_post(&done);
	return unused;
}

/* Not inlined: so that both calls have the same frame. */
static __attribute__((noinline)) void one_round(sem_t *may)
{
#ifdef FIXED
#ifdef STATIC_INITIALISER
	pthread_mutex_t local = PTHREAD_MUTEX_INITIALIZER;
#else
	pthread_mutex_t local;
#endif

	if (round_lock && round_lock != &local)
		abort(); /* another address would prove nothing */
#ifndef STATIC_INITIALISER
	pthread_mutex_init(&local, NULL);
#endif
	round_lock = &local;
#else
	static pthread_mutex_t whole_day = PTHREAD_MUTEX_INITIALIZER;

	round_lock = &whole_day;
#endif
	sem_post(may);
	while (sem_wait(&done))
		;
#if defined(FIXED) && !defined(STATIC_INITIALISER)
	pthread_mutex_destroy(&local);
#endif
}

int main(void)
{
	pthread_t threads[2];

	sem_init(&may_post, 0, 0);
	sem_init(&may_audit, 0, 0);
	sem_init(&done, 0, 0);
	pthread_create(&threads[0], NULL, post, NULL);
	pthread_create(&threads[1], NULL, audit, NULL);
	one_round(&may_post);
	one_round(&may_audit);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	return 0;
}
