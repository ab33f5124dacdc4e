/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Two locks taken shared in both orders. Readers do not wait for readers, so without a writer that is fine: the fixed
 * twin. With one, it is not: a writer that waits stops the readers that come after it.
 *
 * model: posix
 * broken: order:inversion assumed; locks routes rules; functions forward reload
 */
#define _GNU_SOURCE /* PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP */
#include "turns.h"

static pthread_rwlock_t routes = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_rwlock_t rules = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static int version;

static void forward(void)
{
	int seen;

	pthread_rwlock_rdlock(&routes);
	pthread_rwlock_rdlock(&rules);
	seen = version;
	(void)seen;
	pthread_rwlock_unlock(&rules);
	pthread_rwlock_unlock(&routes);
}

static void reload(void)
{
	pthread_rwlock_rdlock(&rules);
	pthread_rwlock_rdlock(&routes);
	pthread_rwlock_unlock(&routes);
	pthread_rwlock_unlock(&rules);
}

/* Holds one at a time: it has no part in the order, and makes it matter. */
static void change(void)
{
#ifndef FIXED
	pthread_rwlock_wrlock(&routes);
	version++;
	pthread_rwlock_unlock(&routes);
	pthread_rwlock_wrlock(&rules);
	version++;
	pthread_rwlock_unlock(&rules);
#endif
}

int main(void)
{
	return PLAY({ 0, forward }, { 1, reload }, { 2, change });
}
