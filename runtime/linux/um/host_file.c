// SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only
/*
 * The host's side (host_file.h): compiled against libc, as arch/um/os-Linux is.
 *
 * The mapping is shared, so what was stored is in the file, however the process ends.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_file.h"

static int file = -1;
static int full;
static char path[PATH_MAX]; /* there is one command line, and no room on a kernel's stack */

static void give_up(const char *name, const char *why)
{
	fprintf(stderr, "underlock: the recording %s cannot be written: %s\n", name, why);
	exit(2);
}

/* Into `path`; whether there is a %p in it. */
static int make_path(const char *pattern, int attempt)
{
	const char *pid = strstr(pattern, "%p");
	char number[16] = "";
	int length;

	if (attempt > 1)
		snprintf(number, sizeof(number), ".%d", attempt);
	length = pid ? snprintf(path, sizeof(path), "%.*s%d%s%s", (int)(pid - pattern), pattern, getpid(), pid + 2, number) :
		       snprintf(path, sizeof(path), "%s", pattern);
	if (length <= 0 || length >= (int)sizeof(path))
		give_up(pattern, length ? "its name is too long" : "no name is given: underlock=FILE");
	return pid != NULL;
}

static int open_new(const char *pattern)
{
	struct stat old;
	int attempt, opened;

	for (attempt = 1; attempt < 10000; attempt++) {
		int has_pid = make_path(pattern, attempt);

		/* One that is there may be in use by another kernel, which would end if it was made shorter. */
		if (!has_pid && !lstat(path, &old)) {
			if (!S_ISREG(old.st_mode))
				give_up(path, "it is there already, and is no file");
			unlink(path);
		}
		opened = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (opened >= 0 || errno != EEXIST || !has_pid)
			break;
	}
	if (opened < 0)
		give_up(path, strerror(errno));
	return opened;
}

/* The space is taken at once: a store to a page that the disk has no room for is a SIGBUS. */
static int allocate(unsigned long from, unsigned long to)
{
	int error;

	do {
		error = posix_fallocate(file, (off_t)from, (off_t)(to - from));
	} while (error == EINTR);
	return error;
}

char *underlock_host_map(const char *pattern, unsigned long size, unsigned long first)
{
	void *memory;
	int error;

	full = 0;
	file = open_new(pattern);
	error = allocate(0, first);
	if (error)
		give_up(path, strerror(error));
	memory = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (memory == MAP_FAILED)
		give_up(path, strerror(errno));
	/* The processes of the kernel's user space are clones of this one, and need none of it. */
	madvise(memory, size, MADV_DONTFORK);
	return memory;
}

static void say_full(int error)
{
	static char text[PATH_MAX + 256];
	int length = snprintf(text, sizeof(text), "underlock: %s: the recording cannot grow: %s; the kernel goes on, what it does "
			      "from here on is not recorded\n", path, strerror(error));

	if (write(STDERR_FILENO, text, (size_t)length) < 0)
		return; /* nobody listens */
}

int underlock_host_grow(unsigned long from, unsigned long to)
{
	const int saved = errno; /* the interrupted's */
	int error;

	if (__atomic_load_n(&full, __ATOMIC_RELAXED))
		return ENOSPC;
	error = allocate(from, to);
	if (error && !__atomic_exchange_n(&full, 1, __ATOMIC_RELAXED))
		say_full(error);
	errno = saved;
	return error;
}
