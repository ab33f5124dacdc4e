/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A-B-C-A: no two of the three threads take the same two locks, and all three together can hang. The fixed twin has one
 * order for all three.
 *
 * https://github.com/google/sanitizers/issues/1258
 *
 * model: posix
 * broken: order:inversion assumed; locks accounts journal archive; functions post file restore
 */
#include "pair.h"
#include "turns.h"

static pthread_mutex_t archive = PTHREAD_MUTEX_INITIALIZER;

static void both(pthread_mutex_t *first, pthread_mutex_t *second)
{
	pthread_mutex_lock(first);
	pthread_mutex_lock(second);
	entries++;
	pthread_mutex_unlock(second);
	pthread_mutex_unlock(first);
}

static void post(void)
{
	both(&accounts, &journal);
}

static void file(void)
{
	both(&journal, &archive);
}

static void restore(void)
{
#ifdef FIXED
	both(&accounts, &archive);
#else
	both(&archive, &accounts);
#endif
}

int main(void)
{
	return PLAY({ 0, post }, { 1, file }, { 2, restore });
}
