/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A lock in a block of the heap that nobody destroys: malloc() makes it, free() ends it, and the next block lies at the
 * same address. There it is taken in the other order. They are two locks, and nothing is wrong. The broken twin has one
 * block for both rounds.
 *
 * model: posix
 * broken: order:inversion assumed; locks journal batch.lock; functions post audit
 */
#include <pthread.h>

struct batch {
	long size;
	pthread_mutex_t lock;
};

static struct batch *batch;

#define ROUND_LOCK (&batch->lock)
#include "rounds.h"

static void one_round(sem_t *may)
{
	static struct batch *last;

#ifndef FIXED
	if (!last)
#endif
		batch = malloc(sizeof(*batch));
	if (!batch || (last && batch != last))
		abort(); /* another address would prove nothing */
#ifndef FIXED
	if (!last)
#endif
		batch->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	last = batch;
	let(may);
#ifdef FIXED
	free(batch);
#endif
}

int main(void)
{
	return two_rounds(one_round);
}
