/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * AB-BA that happens: both threads hold their first lock when they want their second one. The program hangs for good
 * and is ended from outside; the recording says what waits for what.
 *
 * model: posix
 * hangs: broken
 * broken: order:inversion observed; locks accounts journal; functions accounts_then_journal journal_then_accounts
 */
#include <pthread.h>

static pthread_mutex_t accounts = PTHREAD_MUTEX_INITIALIZER, journal = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both_hold_one;

static void *accounts_then_journal(void *unused)
{
	pthread_mutex_lock(&accounts);
#ifndef FIXED
	pthread_barrier_wait(&both_hold_one);
#endif
	pthread_mutex_lock(&journal);
	pthread_mutex_unlock(&journal);
	pthread_mutex_unlock(&accounts);
	return unused;
}

#ifndef FIXED
static void *journal_then_accounts(void *unused)
{
	pthread_mutex_lock(&journal);
	pthread_barrier_wait(&both_hold_one);
	pthread_mutex_lock(&accounts);
	pthread_mutex_unlock(&accounts);
	pthread_mutex_unlock(&journal);
	return unused;
}
#else
#define journal_then_accounts accounts_then_journal
#endif

int main(void)
{
	pthread_t a, b;

	pthread_barrier_init(&both_hold_one, NULL, 2);
	pthread_create(&a, NULL, accounts_then_journal, NULL);
	pthread_create(&b, NULL, journal_then_accounts, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	return 0;
}
