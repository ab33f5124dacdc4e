/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A lock taken by the thread that begins a request, and given back by the one that ends it. A mutex belongs to the
 * thread that took it. The fixed twin marks the request as busy under the lock, and nobody holds it meanwhile.
 *
 * https://github.com/sysrepo/sysrepo/issues/2739
 *
 * model: posix
 * broken: self:foreign-release observed; held none; locks request.lock
 */
#include "turns.h"

static struct request {
	pthread_mutex_t lock;
	pthread_cond_t idle;
	int busy, answers;
} request = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0 };

static void begin(void)
{
	pthread_mutex_lock(&request.lock);
#ifdef FIXED
	while (request.busy)
		pthread_cond_wait(&request.idle, &request.lock);
	request.busy = 1;
	pthread_mutex_unlock(&request.lock);
#endif
}

static void end(void)
{
#ifdef FIXED
	pthread_mutex_lock(&request.lock);
	request.busy = 0;
	pthread_cond_signal(&request.idle);
#endif
	request.answers++;
	pthread_mutex_unlock(&request.lock);
}

/* Or it would end while it still seems to hold the lock. */
static void leave(void)
{
}

int main(void)
{
	return PLAY({ 0, begin }, { 1, end }, { 0, begin }, { 1, end }, { 0, leave });
}
