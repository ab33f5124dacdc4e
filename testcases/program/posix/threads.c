/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* threads churn N: N threads, one after the other. threads alive N: N threads at a time. Each locks once. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t all;
static int wait_for_all;

static void *work(void *unused)
{
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
	if (wait_for_all)
		pthread_barrier_wait(&all);
	return unused;
}

int main(int argc, char **argv)
{
	unsigned count = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
	pthread_t *threads = calloc(count, sizeof(*threads));
	pthread_attr_t small;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	wait_for_all = !strcmp(argv[1], "alive");
	pthread_barrier_init(&all, NULL, count + 1);
	for (unsigned i = 0; i < count; i++) {
		if (pthread_create(&threads[i], &small, work, NULL)) {
			perror("pthread_create");
			return 3;
		}
		if (!wait_for_all)
			pthread_join(threads[i], NULL);
	}
	if (wait_for_all) {
		pthread_barrier_wait(&all);
		for (unsigned i = 0; i < count; i++)
			pthread_join(threads[i], NULL);
	}
	return 0;
}
