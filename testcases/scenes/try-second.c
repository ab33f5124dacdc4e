/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Against the order, but the second lock is only tried for: who tries never waits, so no cycle of waiting closes. The
 * broken twin waits.
 *
 * model: posix
 * broken: order:inversion assumed; locks accounts journal; functions accounts_then_journal flush
 */
#include "pair.h"
#include "turns.h"

static void flush(void)
{
	pthread_mutex_lock(&journal);
#ifdef FIXED
	if (pthread_mutex_trylock(&accounts) == 0) {
#else
	if (pthread_mutex_lock(&accounts) == 0) {
#endif
		entries = 0;
		pthread_mutex_unlock(&accounts);
	}
	pthread_mutex_unlock(&journal);
}

int main(void)
{
	return PLAY({ 0, accounts_then_journal }, { 1, flush });
}
