/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Who reads takes both locks shared, who writes one of them keeps the other shared, in the other order. A reader that
 * waits for the second lock waits for a reader, that is, not at all; ThreadSanitizer reports it all the same. It
 * becomes true in the broken twin, where a third thread writes that second lock.
 *
 * https://github.com/google/sanitizers/issues/1862
 *
 * model: posix
 * broken: order:inversion assumed; locks routes rules; functions forward learn
 */
#define _GNU_SOURCE /* PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP */
#include "turns.h"

static pthread_rwlock_t routes = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_rwlock_t rules = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static int changes;

static void forward(void)
{
	pthread_rwlock_rdlock(&routes);
	pthread_rwlock_rdlock(&rules);
	pthread_rwlock_unlock(&rules);
	pthread_rwlock_unlock(&routes);
}

static void learn(void)
{
	pthread_rwlock_rdlock(&rules);
	pthread_rwlock_wrlock(&routes);
	changes++;
	pthread_rwlock_unlock(&routes);
	pthread_rwlock_unlock(&rules);
}

static void configure(void)
{
#ifndef FIXED
	pthread_rwlock_wrlock(&rules);
	changes++;
	pthread_rwlock_unlock(&rules);
#endif
}

int main(void)
{
	return PLAY({ 0, forward }, { 1, learn }, { 2, configure });
}
