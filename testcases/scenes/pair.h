/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Two threads and two locks, taken in one order or the other, for the scenes about lock order in a program. */
#ifndef UNDERLOCK_SCENES_PAIR_H
#define UNDERLOCK_SCENES_PAIR_H

#include <pthread.h>

/* Two threads, started together, and waited for. */
static __attribute__((unused)) void run_both(void *(*a)(void *), void *(*b)(void *))
{
	pthread_t threads[2];

	pthread_create(&threads[0], NULL, a, NULL);
	pthread_create(&threads[1], NULL, b, NULL);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
}

static pthread_mutex_t accounts = PTHREAD_MUTEX_INITIALIZER, journal = PTHREAD_MUTEX_INITIALIZER;
static int entries;

static __attribute__((unused)) void accounts_then_journal(void)
{
	pthread_mutex_lock(&accounts);
	pthread_mutex_lock(&journal);
	entries++;
	pthread_mutex_unlock(&journal);
	pthread_mutex_unlock(&accounts);
}

static __attribute__((unused)) void journal_then_accounts(void)
{
	pthread_mutex_lock(&journal);
	pthread_mutex_lock(&accounts);
	entries--;
	pthread_mutex_unlock(&accounts);
	pthread_mutex_unlock(&journal);
}

#endif
