/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Two locks, taken in one order or the other, for the scenes about lock order in a program. */
#ifndef UNDERLOCK_SCENES_PAIR_H
#define UNDERLOCK_SCENES_PAIR_H

#include <pthread.h>

static pthread_mutex_t accounts = PTHREAD_MUTEX_INITIALIZER, journal = PTHREAD_MUTEX_INITIALIZER;
static int entries;

static void accounts_then_journal(void)
{
	pthread_mutex_lock(&accounts);
	pthread_mutex_lock(&journal);
	entries++;
	pthread_mutex_unlock(&journal);
	pthread_mutex_unlock(&accounts);
}

static void journal_then_accounts(void)
{
	pthread_mutex_lock(&journal);
	pthread_mutex_lock(&accounts);
	entries--;
	pthread_mutex_unlock(&accounts);
	pthread_mutex_unlock(&journal);
}

#endif
