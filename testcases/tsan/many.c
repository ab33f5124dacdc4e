/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Threads that come and go, most of which touch no lock, and a child that has the race: the child's trace has its own
 * report. Threads are all known, with and without a hook.
 */
#include "locks.h"
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 40

static struct spinlock lock, other;
static int total;
static volatile int turn;

static void *idle(void *unused)
{
	return unused;
}

static void *counts(void *unused)
{
	(void)unused;
	spin_lock(&lock);
	total++;
	spin_unlock(&lock);
	return 0;
}

static void *races(void *unused)
{
	(void)unused;
	spin_lock(&other);
	total++;
	spin_unlock(&other);
	turn_set(&turn, 1);
	return 0;
}

static void start_and_join(void *(*function)(void *))
{
	pthread_t threads[THREADS];
	int at;

	for (at = 0; at < THREADS; at++)
		pthread_create(&threads[at], 0, function, 0);
	for (at = 0; at < THREADS; at++)
		pthread_join(threads[at], 0);
}

int main(void)
{
	pthread_t thread;
	int status;
	pid_t child;

	start_and_join(idle);
	start_and_join(counts);
	child = fork();
	if (child == 0) {
		pthread_create(&thread, 0, races, 0);
		turn_wait(&turn, 1);
		counts(0);
		pthread_join(thread, 0);
		return 3;
	}
	waitpid(child, &status, 0);
	return WEXITSTATUS(status) == 3 && total == THREADS ? 0 : 9;
}
