/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Each thread has a queue of its own, with a lock, and takes that and the device's lock in both orders. The classes
 * make a cycle, and so do the instances; but each cycle is of one thread's making. In the broken twin one thread
 * empties the other one's queue.
 *
 * https://github.com/KhronosGroup/Vulkan-ValidationLayers/pull/6900
 *
 * model: posix
 * broken: order:inversion assumed; locks device queue.lock; functions submit retire
 */
#include "turns.h"

struct queue {
	pthread_mutex_t lock;
	int pending;
};

static pthread_mutex_t device = PTHREAD_MUTEX_INITIALIZER;
static struct queue queues[2] = { { PTHREAD_MUTEX_INITIALIZER, 0 }, { PTHREAD_MUTEX_INITIALIZER, 0 } };

static void submit(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	pthread_mutex_lock(&device);
	queue->pending++;
	pthread_mutex_unlock(&device);
	pthread_mutex_unlock(&queue->lock);
}

static void retire(struct queue *queue)
{
	pthread_mutex_lock(&device);
	pthread_mutex_lock(&queue->lock);
	queue->pending = 0;
	pthread_mutex_unlock(&queue->lock);
	pthread_mutex_unlock(&device);
}

static void one(void)
{
	submit(&queues[0]);
	retire(&queues[0]);
}

static void other(void)
{
	submit(&queues[1]);
#ifdef FIXED
	retire(&queues[1]);
#else
	retire(&queues[0]);
#endif
}

int main(void)
{
	return PLAY({ 0, one }, { 1, other });
}
