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
#include <pthread.h>

static pthread_mutex_t *round_lock;

#define ROUND_LOCK round_lock
#include "rounds.h"

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
	let(may);
#if defined(FIXED) && !defined(STATIC_INITIALISER)
	pthread_mutex_destroy(&local);
#endif
}

int main(void)
{
	return two_rounds(one_round);
}
