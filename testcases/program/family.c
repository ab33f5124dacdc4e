/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A program of several processes. `family` locks A then B, forks a child that does so too, and executes itself as
 * `family again`, which locks nothing wrong either; `family bad` locks in both orders from two threads, and
 * `family hang` waits for nothing.
 */
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

static void *forth(void *unused)
{
	pthread_mutex_lock(&a);
	pthread_mutex_lock(&b);
	pthread_mutex_unlock(&b);
	pthread_mutex_unlock(&a);
	return unused;
}

static void *back(void *unused)
{
	pthread_mutex_lock(&b);
	pthread_mutex_lock(&a);
	pthread_mutex_unlock(&a);
	pthread_mutex_unlock(&b);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	forth(NULL);
	if (argc == 1) {
		if (fork() == 0) {
			forth(NULL);
			return 0;
		}
		wait(NULL);
		execl(argv[0], argv[0], "again", (char *)NULL);
	}
	if (!strcmp(argv[1], "hang"))
		pause();
	pthread_create(&thread, NULL, strcmp(argv[1], "bad") ? forth : back, NULL);
	forth(NULL);
	pthread_join(thread, NULL);
	return 5;
}
