/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A mutex that checks for errors says EDEADLK instead of hanging; nobody looks. The inner function has not got the lock
 * and gives it back, and the outer one works on without it.
 *
 * model: posix
 * broken: self:relock observed; stack count_change insert; held table; locks table
 * broken: self:unheld-release observed; held none; locks table
 */
#define _GNU_SOURCE /* PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP */
#include "turns.h"

static pthread_mutex_t table = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static int rows, changes;

static void count_change(void)
{
#ifndef FIXED
	pthread_mutex_lock(&table);
#endif
	changes++;
#ifndef FIXED
	pthread_mutex_unlock(&table);
#endif
}

static void insert(void)
{
	pthread_mutex_lock(&table);
	count_change();
	rows++;
	pthread_mutex_unlock(&table);
}

int main(void)
{
	return PLAY({ 0, insert }, { 1, insert });
}
