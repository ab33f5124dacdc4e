/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * exec HOW [PATH]: holds a lock while another thread waits with one and a third one locks on, tries to execute a file that
 * is not there, then, by the function HOW, itself as `exec end ...`. `exec back HOW` fails to, and ends; `exec killed HOW`
 * is killed instead.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

extern char **environ;
static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER, waited = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t begun;

static void *wait_on(void *unused)
{
	pthread_mutex_lock(&waited);
	pthread_barrier_wait(&begun);
	for (;;)
		pthread_cond_wait(&never, &waited);
	return unused;
}

static void *lock_on(void *unused)
{
	pthread_barrier_wait(&begun);
	for (;;) {
		pthread_mutex_lock(&waited);
		pthread_mutex_unlock(&waited);
		usleep(100);
	}
	return unused;
}

static void execute(const char *how, const char *path)
{
	char *const argv[] = { (char *)path, "end", "of", "it", NULL };

	if (!strcmp(how, "execve"))
		execve(path, argv, environ);
	else if (!strcmp(how, "execv"))
		execv(path, argv);
	else if (!strcmp(how, "execvp"))
		execvp(path, argv);
	else if (!strcmp(how, "execvpe"))
		execvpe(path, argv, environ);
	else if (!strcmp(how, "execl"))
		execl(path, path, "end", "of", "it", (char *)NULL);
	else if (!strcmp(how, "execle"))
		execle(path, path, "end", "of", "it", (char *)NULL, environ);
	else if (!strcmp(how, "execlp"))
		execlp(path, path, "end", "of", "it", (char *)NULL);
	else if (!strcmp(how, "fexecve"))
		fexecve(open(path, O_RDONLY | O_CLOEXEC), argv, environ);
	else if (!strcmp(how, "execveat"))
		execveat(AT_FDCWD, path, argv, environ, 0);
}

int main(int argc, char **argv)
{
	pthread_t waiter, locker;

	pthread_mutex_lock(&held);
	pthread_mutex_unlock(&held);
	if (!strcmp(argv[1], "end"))
		return argc == 4 && !strcmp(argv[3], "it") ? 7 : 3;
	pthread_barrier_init(&begun, NULL, 3);
	pthread_create(&waiter, NULL, wait_on, NULL);
	pthread_create(&locker, NULL, lock_on, NULL);
	pthread_barrier_wait(&begun);
	pthread_mutex_lock(&held);
	execute(argv[argc - 1], "/no/such/file");
	pthread_mutex_unlock(&held);
	if (!strcmp(argv[1], "back"))
		return 0;
	if (!strcmp(argv[1], "killed"))
		raise(SIGKILL);
	pthread_mutex_lock(&held);
	execute(argv[1], argv[0]);
	return 4;
}
