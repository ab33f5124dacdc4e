// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What one uncontended pair of lock and unlock costs. The same loop is built for each peer; every thread has locks of
// its own, so nothing but the tool's cost is measured.
//
//     pair THREADS PAIRS DEPTH      PAIRS each thread; DEPTH calls lie between the thread's start and the lock
//
// Prints two numbers, both nanoseconds a pair and the mean over the threads: processor time, then wall-clock time. The
// first stays what it is when there are more threads than processors; the second has the waiting for one in it.
//
// Four locks a thread are taken in turn under an outer call chain, as code under test does, so that no tool is measured
// on a single cached address. With TRACEPOINTS, a tracepoint of LTTng-UST stands beside each operation, in the section.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifdef TRACEPOINTS
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "pair-lttng.h"
#define trace(event, lock) lttng_ust_tracepoint(underlock_bench, event, lock)
#else
#define trace(event, lock) ((void)0)
#endif

enum { LocksPerThread = 4 };

struct worker {
	pthread_mutex_t locks[LocksPerThread];
	pthread_t thread;
	long pairs;
	int depth;
	double processor, wall;
	long counted;
	char padding[128];
};

static pthread_barrier_t all_there;

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void loop(struct worker *w)
{
	for (long i = 0; i < w->pairs; i++) {
		pthread_mutex_t *lock = &w->locks[i % LocksPerThread];

		pthread_mutex_lock(lock);
		trace(acquired, lock);
		w->counted++;
		trace(released, lock);
		pthread_mutex_unlock(lock);
	}
}

static __attribute__((noinline)) void descend(struct worker *w, int depth)
{
	if (depth > 0) {
		descend(w, depth - 1);
		__asm__ volatile(""); // keeps the call from becoming a jump in the plain build as well
		return;
	}
	loop(w);
}

static void *work(void *argument)
{
	struct worker *w = argument;
	double processor, wall;

	pthread_barrier_wait(&all_there);
	wall = now(CLOCK_MONOTONIC);
	processor = now(CLOCK_THREAD_CPUTIME_ID);
	descend(w, w->depth);
	w->processor = now(CLOCK_THREAD_CPUTIME_ID) - processor;
	w->wall = now(CLOCK_MONOTONIC) - wall;
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = argc == 4 ? atoi(argv[1]) : 0;
	long pairs = argc == 4 ? atol(argv[2]) : 0;
	double processor = 0, wall = 0;

	if (threads < 1 || pairs < 1 || atoi(argv[3]) < 0) {
		fprintf(stderr, "usage: pair THREADS PAIRS DEPTH\n");
		return 2;
	}
	struct worker *workers = calloc(threads, sizeof(*workers));

	pthread_barrier_init(&all_there, NULL, threads);
	for (int i = 0; i < threads; i++) {
		workers[i].pairs = pairs;
		workers[i].depth = atoi(argv[3]);
		for (int l = 0; l < LocksPerThread; l++)
			pthread_mutex_init(&workers[i].locks[l], NULL);
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i])) {
			fprintf(stderr, "pair: thread %d of %d cannot be started\n", i + 1, threads);
			return 1;
		}
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		processor += workers[i].processor / pairs;
		wall += workers[i].wall / pairs;
	}
	printf("%.2f %.2f\n", processor / threads, wall / threads);
	free(workers);
	return 0;
}
