/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * One program's trace ends where the process executes another one: the exec functions of the program come through here,
 * and say so in the trace first. When the call comes back after all, that is said too, and the recording goes on.
 *
 * Here runs whoever may call exec: a signal handler, a forked child, a child of vfork(), which has its parent's memory
 * and must leave no mark in its parent's trace. So nothing allocates, and the process is asked for its id. What
 * posix_spawn(), system() and popen() execute is such a child's, inside the C library, and passes by.
 */
#define _GNU_SOURCE
#include "process.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef int execve_function(const char *, char *const *, char *const *);
typedef int fexecve_function(int, char *const *, char *const *);
typedef int execveat_function(int, const char *, char *const *, char *const *, int);
static execve_function *real_execve, *real_execvpe;
static fexecve_function *real_fexecve;
static execveat_function *real_execveat; /* NULL before glibc 2.34: nobody calls it then */

void underlock_posix_find_real_exec(void)
{
	if (real_execve)
		return;
	real_execvpe = (execve_function *)dlsym(RTLD_NEXT, "execvpe");
	real_fexecve = (fexecve_function *)dlsym(RTLD_NEXT, "fexecve");
	real_execveat = (execveat_function *)dlsym(RTLD_NEXT, "execveat");
	real_execve = (execve_function *)dlsym(RTLD_NEXT, "execve");
	underlock_posix_must_find(real_execve && real_execvpe && real_fexecve, "execve, execvpe or fexecve");
}

/* `program` is about to be executed; NULL: that has failed. */
static void mark(const char *program)
{
	struct underlock_process *process = underlock_posix_process;
	struct underlock_context *c;
	int saved = errno;

	if (!process || __atomic_load_n(&process->state, __ATOMIC_ACQUIRE) != UNDERLOCK_PROCESS_RECORDING ||
	    process->id != getpid())
		return;
	c = underlock_port_context();
	if (program)
		underlock_posix_define_clock(c);
	underlock_define_exec(c, program);
	errno = saved;
}

/* The file behind a descriptor, for people. */
static const char *name_of(int fd, char path[PATH_MAX])
{
	char link[32];
	ssize_t size;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, path, PATH_MAX - 1);
	if (size <= 0)
		return "a descriptor";
	path[size] = 0;
	return path;
}

static int failed(int result)
{
	mark(0);
	return result;
}

EXPORT int execve(const char *path, char *const *argv, char *const *environment)
{
	underlock_posix_find_real_exec();
	mark(path);
	return failed(real_execve(path, argv, environment));
}

EXPORT int execvpe(const char *file, char *const *argv, char *const *environment)
{
	underlock_posix_find_real_exec();
	mark(file);
	return failed(real_execvpe(file, argv, environment));
}

EXPORT int fexecve(int fd, char *const *argv, char *const *environment)
{
	char path[PATH_MAX];

	underlock_posix_find_real_exec();
	mark(name_of(fd, path));
	return failed(real_fexecve(fd, argv, environment));
}

EXPORT int execveat(int folder, const char *file, char *const *argv, char *const *environment, int flags)
{
	char path[PATH_MAX];

	underlock_posix_find_real_exec();
	mark((flags & AT_EMPTY_PATH) && !*file ? name_of(folder, path) : file);
	return failed(real_execveat(folder, file, argv, environment, flags));
}

EXPORT int execv(const char *path, char *const *argv)
{
	return execve(path, argv, environ);
}

EXPORT int execvp(const char *file, char *const *argv)
{
	return execvpe(file, argv, environ);
}

/* The list that begins with `first` and ends with NULL: how many there are, and, with `argv`, which. */
static size_t take_list(const char *first, va_list *list, char **argv)
{
	size_t count = 0;
	char *argument;

	for (argument = (char *)first; argument; argument = va_arg(*list, char *)) {
		if (argv)
			argv[count] = argument;
		count++;
	}
	if (argv)
		argv[count] = 0;
	return count;
}

/* On the stack, as long as it may be: the child of a vfork() has no other memory of its own. */
#define TAKE_LIST(first, list, argv)                  \
	va_list list;                                 \
	size_t argv##_count;                          \
	va_start(list, first);                        \
	argv##_count = take_list(first, &list, 0);    \
	va_end(list);                                 \
	char *argv[argv##_count + 1];                 \
	va_start(list, first);                        \
	take_list(first, &list, argv)

EXPORT int execl(const char *path, const char *first, ...)
{
	TAKE_LIST(first, list, argv);
	va_end(list);
	return execve(path, argv, environ);
}

EXPORT int execle(const char *path, const char *first, ...)
{
	TAKE_LIST(first, list, argv);
	char *const *environment = va_arg(list, char *const *);
	va_end(list);
	return execve(path, argv, environment);
}

EXPORT int execlp(const char *file, const char *first, ...)
{
	TAKE_LIST(first, list, argv);
	va_end(list);
	return execvpe(file, argv, environ);
}
