/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * The first lock is tried for, the second one waited for, in both orders: a lock got by trying is held like any other,
 * and others wait for it. "A thread doing (try L1, L2) and another doing (L2, L1) is a problem." The fixed twin tries
 * for the second one.
 *
 * https://github.com/bitcoin/bitcoin/pull/9674
 *
 * model: posix
 * broken: order:inversion assumed; locks accounts journal; functions post flush
 */
#include "pair.h"
#include "turns.h"

static void change(pthread_mutex_t *first, pthread_mutex_t *second)
{
#ifdef FIXED
	pthread_mutex_lock(first);
	if (pthread_mutex_trylock(second) == 0) {
#else
	if (pthread_mutex_trylock(first))
		return;
	if (pthread_mutex_lock(second) == 0) {
#endif
		entries++;
		pthread_mutex_unlock(second);
	}
	pthread_mutex_unlock(first);
}

static void post(void)
{
	change(&accounts, &journal);
}

static void flush(void)
{
	change(&journal, &accounts);
}

int main(void)
{
	return PLAY({ 0, post }, { 1, flush });
}
