/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * AB-BA where one side is done before there is any other thread: the fixed twin. The broken one starts the thread first.
 *
 * model: posix
 * broken: order:inversion assumed; locks accounts journal; functions accounts_then_journal journal_then_accounts
 */
#include "pair.h"

static pthread_barrier_t ready;

static void *serve(void *unused)
{
	pthread_barrier_wait(&ready);
	accounts_then_journal();
	return unused;
}

int main(void)
{
	pthread_t thread;

	pthread_barrier_init(&ready, NULL, 2);
#ifdef FIXED
	journal_then_accounts();
	pthread_create(&thread, NULL, serve, NULL);
#else
	pthread_create(&thread, NULL, serve, NULL);
	journal_then_accounts();
#endif
	pthread_barrier_wait(&ready);
	pthread_join(thread, NULL);
	return 0;
}
