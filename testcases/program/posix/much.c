/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* much N: locks N times, and says that it did. much fork N: a child does, whose files must not grow. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

int main(int argc, char **argv)
{
	int forks = argc > 2 && !strcmp(argv[1], "fork");
	struct rlimit small = { 8192, 8192 };
	int status = 0;

	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
	if (forks && fork()) {
		wait(&status);
		return WEXITSTATUS(status);
	}
	if (forks)
		setrlimit(RLIMIT_FSIZE, &small);
	for (long count = atol(argv[argc - 1]); count > 0; count--) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
	}
	puts("done");
	return 0;
}
