/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * The trace file of this process: its header, and chunks as shared mappings of it. What is in a mapping outlives the
 * process, however it ends. Space is allocated before it is mapped: a store into a mapping of a full disk is a SIGBUS.
 */
#define _GNU_SOURCE
#include "process.h"
#include "shared.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Of the chunk that this thread was given last. */
static __thread uint64_t chunk_offset __attribute__((tls_model("initial-exec")));

static struct {
	int fd;
	dev_t device; /* with `inode`: what `fd` was. Programs close descriptors that are not theirs, and open others */
	ino_t inode;
	uint64_t next; /* offset of the next chunk */
	uint32_t full; /* no more space; said once */
	char path[PATH_MAX + 32];
} trace;

/* The pattern with %p replaced, as an absolute path: the program may change its directory before it forks. Whether there is
 * a %p in it; -1: it is too long. */
static int make_path(const char *pattern, int is_child)
{
	static char start[PATH_MAX]; /* directory of the first process, which a relative pattern is relative to */
	size_t size;
	int has_pid = 0;

	if (!is_child && (pattern[0] == '/' || !getcwd(start, sizeof(start))))
		start[0] = 0;
	size = (size_t)snprintf(trace.path, PATH_MAX, "%s%s", start, start[0] ? "/" : "");
	for (; *pattern && size < PATH_MAX - 12; pattern++) {
		if (pattern[0] == '%' && pattern[1] == 'p') {
			size += (size_t)sprintf(trace.path + size, "%d", (int)getpid());
			has_pid = 1;
			pattern++;
		} else {
			trace.path[size++] = *pattern;
		}
	}
	trace.path[size] = 0;
	return *pattern ? -1 : has_pid;
}

/*
 * With %p, each process has a file of its own, and so has each program that a process executes one after the other: what
 * is there already stays, and the next one is PATH.2, PATH.3 and so on.
 *
 * A pattern without %p names one file for the first process, and what an earlier run left there is overwritten; its
 * children (forked, or programs that it starts with the same environment) add their process id. Those that are running
 * at the same time are told by the lock on the file.
 */
static int open_next(int attempt, size_t size)
{
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

	if (attempt > 1)
		sprintf(trace.path + size, ".%d", attempt);
	trace.fd = open(trace.path, flags, 0666);
	return trace.fd >= 0 || errno != EEXIST || attempt > 9999;
}

static int open_locked(int attempt, size_t size)
{
	if (attempt)
		sprintf(trace.path + size, ".%d", (int)getpid());
	trace.fd = open(trace.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
	if (trace.fd < 0 || flock(trace.fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK || attempt)
		return 1;
	close(trace.fd);
	trace.fd = -1;
	return 0;
}

static int open_file(const char *pattern, int is_child)
{
	int has_pid = make_path(pattern, is_child);
	size_t size = strlen(trace.path);
	int attempt = has_pid || is_child;

	if (has_pid < 0) {
		errno = ENAMETOOLONG;
		return trace.fd = -1;
	}
	while (!(has_pid ? open_next(attempt, size) : open_locked(attempt, size)))
		attempt++;
	if (trace.fd >= 0) {
		/* Out of the way of programs that expect the lowest numbers to be free. */
		int high = fcntl(trace.fd, F_DUPFD_CLOEXEC, 200);

		if (high >= 0) {
			close(trace.fd);
			trace.fd = high;
		}
	}
	return trace.fd;
}

static void read_command(char *text, size_t size)
{
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, text, size - 1);
	ssize_t at;

	for (at = 0; at + 1 < got; at++) {
		if (!text[at])
			text[at] = ' ';
	}
	if (got <= 0) /* no descriptor is left, or /proc is not mounted */
		snprintf(text, size, "%s", program_invocation_name);
	if (fd >= 0)
		close(fd);
}

static int write_header(void)
{
	static struct underlock_file_header header;
	struct timespec now;

	memset(&header, 0, sizeof(header));
	clock_gettime(CLOCK_REALTIME, &now);
	header.platform = UNDERLOCK_PLATFORM_POSIX;
	header.machine = EM_X86_64;
	header.process = (uint64_t)getpid();
	header.start_time = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	read_command(header.program, sizeof(header.program));
	underlock_finish_file_header(&header, underlock_port_ticks_acquire());
	errno = posix_fallocate(trace.fd, 0, sizeof(header));
	return errno || pwrite(trace.fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header) ? -1 : 0;
}

/* Over the limit on file sizes, the kernel would send SIGXFSZ before it answers. */
static int fits_limit(uint64_t size)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) || limit.rlim_cur == RLIM_INFINITY || size <= limit.rlim_cur;
}

int underlock_posix_open_trace(const char *pattern, int is_child)
{
	struct stat status;

	if (is_child && trace.fd >= 0)
		close(trace.fd);
	trace.next = UNDERLOCK_HEADER_SIZE;
	trace.full = 0;
	errno = 0;
	if (open_file(pattern, is_child) >= 0 && fstat(trace.fd, &status) == 0) {
		trace.device = status.st_dev;
		trace.inode = status.st_ino;
		if (!S_ISREG(status.st_mode))
			errno = EINVAL;
		else if (!fits_limit(UNDERLOCK_HEADER_SIZE + UNDERLOCK_CHUNK_SIZE))
			errno = EFBIG;
		else if (ftruncate(trace.fd, 0) == 0 && write_header() == 0)
			return 0;
	}
	underlock_posix_say("underlock: %s: cannot write the trace: %s; set UNDERLOCK=trace=PATH to a file that can be written",
			    trace.path, errno == EINVAL ? "not a regular file" : strerror(errno));
	if (trace.fd >= 0)
		close(trace.fd);
	trace.fd = -1;
	return -1;
}

/* The descriptor, if it still is the trace's; else the trace opened anew; else -1. */
static int checked_fd(void)
{
	struct stat status;
	int fd = __atomic_load_n(&trace.fd, __ATOMIC_RELAXED);

	if (fstat(fd, &status) == 0 && status.st_dev == trace.device && status.st_ino == trace.inode)
		return fd;
	fd = open(trace.path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) || status.st_dev != trace.device || status.st_ino != trace.inode) {
		if (fd >= 0)
			close(fd);
		errno = EBADF;
		return -1;
	}
	__atomic_store_n(&trace.fd, fd, __ATOMIC_RELAXED);
	return fd;
}

/* Space on the disk: a store into a mapping without it would be a SIGBUS. */
static int allocate(int fd, uint64_t offset, uint64_t size)
{
	do {
		errno = posix_fallocate(fd, (off_t)offset, (off_t)size);
	} while (errno == EINTR);
	return errno;
}

/* A context's first chunk begins with one page, since many threads record little; and with its last, to be in the file whole. */
static int allocate_chunk(int fd, uint64_t offset)
{
	const struct underlock_context *c = underlock_posix_current;

	if ((c && c->chunk) || underlock_shared)
		return allocate(fd, offset, UNDERLOCK_CHUNK_SIZE);
	return allocate(fd, offset + UNDERLOCK_CHUNK_SIZE - UNDERLOCK_CHUNK_FIRST, UNDERLOCK_CHUNK_FIRST) ||
	       allocate(fd, offset, UNDERLOCK_CHUNK_FIRST);
}

static void *map_chunk(uint64_t offset)
{
	int fd = checked_fd();
	void *chunk;

	if (fd < 0)
		return 0;
	if (!fits_limit(offset + UNDERLOCK_CHUNK_SIZE)) {
		errno = EFBIG;
		return 0;
	}
	if (allocate_chunk(fd, offset))
		return 0;
	chunk = mmap(0, UNDERLOCK_CHUNK_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
	if (chunk == MAP_FAILED)
		return 0;
	chunk_offset = offset;
	if (madvise(chunk, UNDERLOCK_CHUNK_SIZE, MADV_DONTFORK)) {
		underlock_posix_give_back(chunk, UNDERLOCK_CHUNK_SIZE);
		return 0;
	}
	return chunk;
}

/* A ring's chunks stay mapped: they are used again. A full disk ends its growth, not the recording. */
static int is_ring(void)
{
	return underlock_shared && underlock_shared->mode == UNDERLOCK_RECORDING_RING;
}

/* There is no more space: said once, with errno as the reason. */
static void say_full(void)
{
	if (!__atomic_exchange_n(&trace.full, 1, __ATOMIC_RELAXED))
		underlock_posix_say("underlock: %s: the trace cannot grow: %s; %s", trace.path, strerror(errno),
				    trace.next > UNDERLOCK_HEADER_SIZE + UNDERLOCK_CHUNK_SIZE || underlock_generation ?
					    "the program goes on, what it does from here on is not recorded" :
					    "set UNDERLOCK=trace=PATH to where there is room; the program was not run");
}

void *underlock_port_chunk_new(void)
{
	int saved = errno, cancel;
	void *chunk;

	if (is_ring() && !underlock_ring_may_grow() && (chunk = underlock_ring_take()))
		return chunk;
	if (__atomic_load_n(&trace.full, __ATOMIC_RELAXED))
		return 0;
	/* Opening a file again is a place where a thread is cancelled; a hook is none. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	chunk = map_chunk(__atomic_fetch_add(&trace.next, UNDERLOCK_CHUNK_SIZE, __ATOMIC_RELAXED));
	if (!chunk)
		say_full();
	pthread_setcancelstate(cancel, 0);
	errno = saved;
	return chunk;
}

void underlock_port_yield(void)
{
	sched_yield();
}

int underlock_port_chunk_more(void *chunk)
{
	const uint32_t rest = UNDERLOCK_CHUNK_SIZE - UNDERLOCK_CHUNK_FIRST;
	int saved = errno, cancel;
	int fd = -1, good;

	(void)chunk; /* is the one that this thread was given last */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	if (!__atomic_load_n(&trace.full, __ATOMIC_RELAXED))
		fd = checked_fd();
	good = fd >= 0 && !allocate(fd, chunk_offset + UNDERLOCK_CHUNK_FIRST, rest);
	if (!good)
		say_full();
	pthread_setcancelstate(cancel, 0);
	errno = saved;
	return good;
}

void underlock_port_chunk_done(void *chunk)
{
	if (is_ring())
		underlock_ring_keep(chunk);
	else
		underlock_posix_give_back(chunk, UNDERLOCK_CHUNK_SIZE);
}
