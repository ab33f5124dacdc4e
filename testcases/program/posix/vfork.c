/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Children that borrow their parent's memory, and lock in it: by vfork(), and by clone() with a stack of their own. One
 * executes another program, one fails to and ends, and leaves to its parent to unlock what it has locked. `vfork killed`
 * is killed at its end; in `vfork exits` a child calls exit(), which ends what its parent has registered for its own end.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static char stack[65536] __attribute__((aligned(16)));

static void pair(void)
{
	pthread_mutex_lock(&first);
	pthread_mutex_unlock(&first);
}

static int cloned(void *unused)
{
	(void)unused;
	pair();
	execl("/bin/true", "true", (char *)NULL);
	_exit(1);
}

static int exits(void *unused)
{
	(void)unused;
	exit(0);
}

static void reap(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child || status)
		exit(3);
}

#pragma clang diagnostic ignored "-Wdeprecated-declarations"
int main(int argc, char **argv)
{
	pid_t child = vfork();

	if (!child) {
		pair();
		execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	reap(child);
	child = vfork();
	if (!child) {
		execl("/no/such/file", "file", (char *)NULL);
		pthread_mutex_lock(&second);
		_exit(0);
	}
	reap(child);
	pthread_mutex_unlock(&second);
	reap(clone(cloned, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, NULL));
	if (argc > 1 && !strcmp(argv[1], "exits"))
		reap(clone(exits, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, NULL));
	pair();
	if (argc > 1 && !strcmp(argv[1], "killed"))
		raise(SIGKILL);
	return 0;
}
