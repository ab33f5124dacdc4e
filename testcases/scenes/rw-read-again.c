/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A reader calls a function that reads as well. With a writer waiting between the two, each waits for the other: one
 * lock is enough, no order is broken, and ThreadSanitizer says nothing. The fixed twin's inner function relies on its
 * caller's lock.
 *
 * https://github.com/arangodb/arangodb/pull/14129
 *
 * model: posix
 * broken: self:recursion assumed; stack length print_all; held table
 */
#define _GNU_SOURCE /* PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP */
#include "turns.h"

static pthread_rwlock_t table = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static int rows;

static int length(void)
{
	int result;

#ifndef FIXED
	pthread_rwlock_rdlock(&table);
#endif
	result = rows;
#ifndef FIXED
	pthread_rwlock_unlock(&table);
#endif
	return result;
}

static void print_all(void)
{
	int printed = 0;

	pthread_rwlock_rdlock(&table);
	while (printed < length())
		printed++;
	pthread_rwlock_unlock(&table);
}

static void insert(void)
{
	pthread_rwlock_wrlock(&table);
	rows++;
	pthread_rwlock_unlock(&table);
}

int main(void)
{
	return PLAY({ 0, insert }, { 1, print_all }, { 0, insert });
}
