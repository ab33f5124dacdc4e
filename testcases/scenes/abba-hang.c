/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * AB-BA that happens: both threads hold their first lock when they want their second one. The program hangs for good
 * and is ended from outside; the recording says what waits for what.
 *
 * model: posix
 * hangs: broken
 * broken: order:inversion observed; locks accounts journal; functions forth back
 */
#include "pair.h"

static pthread_barrier_t both_hold_one;

static void *forth(void *unused)
{
	pthread_mutex_lock(&accounts);
#ifndef FIXED
	pthread_barrier_wait(&both_hold_one);
#endif
	pthread_mutex_lock(&journal);
	entries++;
	pthread_mutex_unlock(&journal);
	pthread_mutex_unlock(&accounts);
	return unused;
}

#ifndef FIXED
static void *back(void *unused)
{
	pthread_mutex_lock(&journal);
	pthread_barrier_wait(&both_hold_one);
	pthread_mutex_lock(&accounts);
	entries--;
	pthread_mutex_unlock(&accounts);
	pthread_mutex_unlock(&journal);
	return unused;
}
#else
#define back forth
#endif

int main(void)
{
	pthread_barrier_init(&both_hold_one, NULL, 2);
	run_both(forth, back);
	return 0;
}
