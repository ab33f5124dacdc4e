/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Pausing threads (core/pause.h), by futexes. The plan is the one line of the file UNDERLOCK=…,pause=FILE.
 *
 * Each process writes what happens to FILE.log, a line each: its id, the thread's, which item it is about (counted from
 * 1), and a word: arrived, alone (nobody came in time), met (let go, all being in place), back, onward.
 */
#define _GNU_SOURCE
#include "pause.h"
#include "process.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PLAN_MAX 8192u /* bytes; 64 items take half of it */

static struct underlock_pause_plan plan;
static char log_path[PATH_MAX];

uint64_t underlock_port_nanoseconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* No place where a thread is cancelled. */
void underlock_port_sleep(uint32_t *word, uint32_t value, uint64_t nanoseconds)
{
	const struct timespec time = {(time_t)(nanoseconds / 1000000000u), (long)(nanoseconds % 1000000000u)};

	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, &time, 0, 0);
}

void underlock_port_wake(uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, 0, 0, 0);
}

void underlock_port_pause_news(uint32_t item, enum underlock_pause_news news)
{
	static const char *const words[] = UNDERLOCK_PAUSE_WORDS;
	char line[64];
	int size = snprintf(line, sizeof(line), "%d %d %u %s\n", (int)getpid(), (int)gettid(), item, words[news]);
	int file = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

	if (file < 0)
		return;
	if (write(file, line, (size_t)size) < 0)
		item = 0; /* the recording tells the outcome all the same */
	close(file);
}

void underlock_port_pause(struct underlock_context *c, const struct underlock_site *site, uint64_t lock)
{
	const uint32_t item = underlock_pause_item(&plan, c, site);
	int saved = errno, cancel;

	if (!item)
		return;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	underlock_pause(item, c, site, lock);
	pthread_setcancelstate(cancel, 0);
	errno = saved;
}

static _Noreturn void fail(const char *path, const char *why)
{
	underlock_posix_say("underlock: pause=%s: %s", path, why);
	_exit(2);
}

/* The file's text, ended by a NUL. */
static void read_plan(const char *path, char text[PLAN_MAX])
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	size_t size = 0;
	ssize_t got;

	if (file < 0)
		fail(path, strerror(errno));
	while ((got = read(file, text + size, PLAN_MAX - size)) > 0)
		size += (size_t)got;
	if (got < 0)
		fail(path, strerror(errno));
	close(file);
	if (size == PLAN_MAX || memchr(text, 0, size))
		fail(path, "this is no plan of pauses; one is written by `underlock confirm`");
	text[size] = 0;
}

void underlock_posix_plan_pauses(const char *path)
{
	char text[PLAN_MAX];
	const char *wrong;
	void *memory;

	read_plan(path, text);
	wrong = underlock_pause_read(&plan, text);
	if (wrong) {
		underlock_posix_say("underlock: pause=%s: byte %d: not a plan of pauses, or one item too many; such a "
				    "file is written by `underlock confirm`",
				    path, (int)(wrong - text) + 1);
		_exit(2);
	}
	if (snprintf(log_path, sizeof(log_path), "%s.log", path) >= (int)sizeof(log_path))
		fail(path, "the path is too long");
	memory = underlock_posix_map_wiped_on_fork(sizeof(struct underlock_pausing));
	if (!memory)
		fail(path, "cannot pause threads: no memory for it");
	underlock_pause_start(&plan, memory);
	underlock_pauses = 1;
}
