/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * AB-BA with a join between: the second thread is started when the first is gone (the fixed twin), or is started before
 * and merely happens to come later.
 *
 * model: posix
 * broken: order:inversion assumed; locks accounts journal; functions accounts_then_journal journal_then_accounts
 */
#include "pair.h"

#include <unistd.h>

static void *first(void *unused)
{
	accounts_then_journal();
	return unused;
}

static void *second(void *unused)
{
#ifndef FIXED
	usleep(50 * 1000); /* "The other one will be through by then." */
#endif
	journal_then_accounts();
	return unused;
}

int main(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, first, NULL);
#ifdef FIXED
	pthread_join(a, NULL);
	pthread_create(&b, NULL, second, NULL);
#else
	pthread_create(&b, NULL, second, NULL);
	pthread_join(a, NULL);
#endif
	pthread_join(b, NULL);
	return 0;
}
