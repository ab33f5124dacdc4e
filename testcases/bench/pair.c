// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What one uncontended pair of lock and unlock costs: the same loop is built plain, with ThreadSanitizer and with Underlock,
// and prints nanoseconds a pair. Each thread has a lock of its own, so nothing but the tool's cost is measured.
//
//     pair THREADS PAIRS DEPTH      DEPTH calls lie between the thread's start and the lock
//
// Four locks a thread are taken in turn under an outer call chain, as code under test does, so that no tool is measured on
// a single cached address.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LocksPerThread = 4 };

struct worker {
	pthread_mutex_t locks[LocksPerThread];
	pthread_t thread;
	long pairs;
	int depth;
	double nanoseconds;
	long counted;
	char padding[128];
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void loop(struct worker *w)
{
	for (long i = 0; i < w->pairs; i++) {
		pthread_mutex_t *lock = &w->locks[i % LocksPerThread];

		pthread_mutex_lock(lock);
		w->counted++;
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
	double start = now();

	descend(w, w->depth);
	w->nanoseconds = now() - start;
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: pair THREADS PAIRS DEPTH\n");
		return 2;
	}
	int threads = atoi(argv[1]);
	struct worker *workers = calloc(threads, sizeof(*workers));
	double total = 0;

	for (int i = 0; i < threads; i++) {
		workers[i].pairs = atol(argv[2]);
		workers[i].depth = atoi(argv[3]);
		for (int l = 0; l < LocksPerThread; l++)
			pthread_mutex_init(&workers[i].locks[l], NULL);
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		total += workers[i].nanoseconds / workers[i].pairs;
	}
	printf("%.2f\n", total / threads);
	free(workers);
	return 0;
}
