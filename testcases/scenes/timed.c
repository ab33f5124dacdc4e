/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A lock waited for until a time on a clock that one names: has it when that returns zero, and not when it timed out.
 * ThreadSanitizer did not know pthread_mutex_clocklock() for long, and called the release wrong. In the broken twin it
 * is: the result is ignored, another thread's lock is given back, and that thread gives back what nobody holds.
 *
 * https://github.com/llvm/llvm-project/issues/62623
 *
 * model: posix
 * broken: self:foreign-release observed; held none; locks cache
 * broken: self:unheld-release observed; held none; locks cache
 */
#define _GNU_SOURCE /* pthread_mutex_clocklock */
#include "turns.h"

#include <time.h>

static pthread_mutex_t cache = PTHREAD_MUTEX_INITIALIZER;
static int pages;

static void lookup(void)
{
	struct timespec soon;
	int error;

	clock_gettime(CLOCK_MONOTONIC, &soon);
	error = pthread_mutex_clocklock(&cache, CLOCK_MONOTONIC, &soon);
#ifdef FIXED
	if (error)
		return;
#else
	(void)error;
#endif
	pages++;
	pthread_mutex_unlock(&cache);
}

static void begin_resize(void)
{
	pthread_mutex_lock(&cache);
	pages = 0;
}

static void end_resize(void)
{
	pthread_mutex_unlock(&cache);
}

int main(void)
{
	return PLAY({ 0, lookup }, { 1, begin_resize }, { 0, lookup }, { 1, end_resize }, { 0, lookup });
}
