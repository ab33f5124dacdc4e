/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A robust mutex whose owner died holding it. EOWNERDEAD tells the next one so, and that the lock is its own now: its
 * release is right, as ThreadSanitizer once did not know. What is wrong is the thread that ends and still holds the lock.
 *
 * https://github.com/sysrepo/sysrepo/issues/2560
 *
 * model: posix
 * broken: self:held-at-exit observed; stack dies; held table; locks table
 */
#include "turns.h"

#include <errno.h>

static pthread_mutex_t table;
static int rows;

static void insert(void)
{
	if (pthread_mutex_lock(&table) == EOWNERDEAD)
		pthread_mutex_consistent(&table);
	rows++;
	pthread_mutex_unlock(&table);
}

static void *dies(void *unused)
{
	pthread_mutex_lock(&table);
#ifdef FIXED
	pthread_mutex_unlock(&table);
#endif
	return unused;
}

int main(void)
{
	pthread_mutexattr_t robust;
	pthread_t thread;

	pthread_mutexattr_init(&robust);
	pthread_mutexattr_setrobust(&robust, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&table, &robust);
	pthread_create(&thread, NULL, dies, NULL);
	pthread_join(thread, NULL);
	return PLAY({ 0, insert });
}
