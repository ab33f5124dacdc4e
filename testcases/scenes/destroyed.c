/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * "Because we lock the mutex after that, we know that no one else has it": and then it is destroyed, locked. The fixed
 * twin joins the worker, and takes nothing.
 *
 * https://github.com/Cogmasters/concord/issues/106
 *
 * model: posix
 * broken: self:freed-held observed; held pool.lock; locks pool.lock
 */
#include <pthread.h>
#include <stdlib.h>

struct pool {
	pthread_mutex_t lock;
	pthread_t worker;
	int jobs;
};

static void *work(void *argument)
{
	struct pool *pool = argument;

	pthread_mutex_lock(&pool->lock);
	pool->jobs--;
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static struct pool *pool_create(void)
{
	struct pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		abort();
	pthread_mutex_init(&pool->lock, NULL);
	pool->jobs = 1;
	pthread_create(&pool->worker, NULL, work, pool);
	return pool;
}

static void pool_free(struct pool *pool)
{
	pthread_join(pool->worker, NULL);
#ifndef FIXED
	pthread_mutex_lock(&pool->lock);
#endif
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

int main(void)
{
	pool_free(pool_create());
	pool_free(pool_create());
	return 0;
}
