// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes a recording of a given shape for the analyzer to judge: clean, and the same amount of work at every run.
//
//     load THREADS LOCKS DEPTH HELD EVENTS
//
// LOCKS nodes are a tree, eight children each, a lock in every node. A thread takes HELD locks on the way down to a
// node that it picks, the node's own last (fewer near the root), and releases them, until all threads together have
// done EVENTS acquisitions and releases. So order edges grow with LOCKS, as between parents and children in real
// code, and never with the number of events. DEPTH calls lie between the thread's start and the locks; the last
// five have two call sites each, which makes up to 32 different stacks.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { Children = 8, MostHeld = 8, BranchingCalls = 5 };

struct node {
	pthread_mutex_t lock;
	long visits;
};

static struct node *nodes;
static long lock_count, events_each;
static int call_depth, held_count;

static void take_path(long index, int count)
{
	struct node *node = &nodes[index];

	if (count > 1 && index > 0)
		take_path((index - 1) / Children, count - 1);
	pthread_mutex_lock(&node->lock);
	node->visits++;
}

static long release_path(long index, int count)
{
	long released = 0;

	for (;; index = (index - 1) / Children) {
		pthread_mutex_unlock(&nodes[index].lock);
		released++;
		if (index == 0 || --count == 0)
			return released;
	}
}

static __attribute__((noinline)) long descend(long index, int depth, unsigned branches)
{
	long taken;

	if (depth <= 0) {
		take_path(index, held_count);
		return release_path(index, held_count);
	}
	if (depth <= BranchingCalls && branches & 1)
		taken = descend(index, depth - 1, branches >> 1);
	else
		taken = descend(index, depth - 1, branches >> (depth <= BranchingCalls));
	__asm__ volatile(""); // keeps the calls from becoming jumps
	return taken;
}

static void *work(void *number)
{
	unsigned long random = (unsigned long)number * 2654435761u + 1;

	for (long done = 0; done < events_each;) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		done += 2 * descend((random >> 33) % lock_count, call_depth, random >> 24);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	long threads = argc == 6 ? atol(argv[1]) : 0;

	if (threads < 1 || (lock_count = atol(argv[2])) < 1 || (held_count = atoi(argv[4])) < 1 || held_count > MostHeld) {
		fprintf(stderr, "usage: load THREADS LOCKS DEPTH HELD EVENTS, of HELD 1 to %d\n", MostHeld);
		return 2;
	}
	call_depth = atoi(argv[3]);
	events_each = atol(argv[5]) / threads;
	nodes = calloc(lock_count, sizeof(*nodes));
	for (long i = 0; i < lock_count; i++)
		pthread_mutex_init(&nodes[i].lock, NULL);

	pthread_t *started = calloc(threads, sizeof(*started));

	for (long i = 0; i < threads; i++) {
		if (pthread_create(&started[i], NULL, work, (void *)(i + 1))) {
			fprintf(stderr, "load: thread %ld of %ld cannot be started\n", i + 1, threads);
			return 1;
		}
	}
	for (long i = 0; i < threads; i++)
		pthread_join(started[i], NULL);
	return 0;
}
