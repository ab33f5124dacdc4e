/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * AB-BA: two threads take two locks in opposite orders. A barrier keeps them apart in this run, so that it ends; a
 * barrier of luck. The fixed twin has one order.
 *
 * model: posix
 * broken: order:inversion assumed; locks accounts journal; functions accounts_then_journal journal_then_accounts
 */
#include "pair.h"

static pthread_barrier_t turn;

static void *first(void *unused)
{
	accounts_then_journal();
	pthread_barrier_wait(&turn);
	return unused;
}

static void *second(void *unused)
{
	pthread_barrier_wait(&turn);
#ifdef FIXED
	accounts_then_journal();
#else
	journal_then_accounts();
#endif
	return unused;
}

int main(void)
{
	pthread_barrier_init(&turn, NULL, 2);
	run_both(first, second);
	return 0;
}
