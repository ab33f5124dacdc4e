/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * AB-BA under a gate lock: who holds the gate is alone with the two locks, so their order does not matter. The broken
 * twin has a gate for each: two instances of a lock keep nobody apart.
 *
 * model: posix
 * broken: order:inversion assumed; locks accounts journal; functions accounts_then_journal journal_then_accounts
 */
#include "pair.h"

static pthread_barrier_t turn;
static pthread_mutex_t gates[2] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER };

static pthread_mutex_t *gate_of(int who)
{
#ifdef FIXED
	(void)who;
	return &gates[0];
#else
	return &gates[who];
#endif
}

static void *first(void *unused)
{
	pthread_mutex_lock(gate_of(0));
	accounts_then_journal();
	pthread_mutex_unlock(gate_of(0));
	pthread_barrier_wait(&turn);
	return unused;
}

static void *second(void *unused)
{
	pthread_barrier_wait(&turn);
	pthread_mutex_lock(gate_of(1));
	journal_then_accounts();
	pthread_mutex_unlock(gate_of(1));
	return unused;
}

int main(void)
{
	pthread_barrier_init(&turn, NULL, 2);
	run_both(first, second);
	return 0;
}
