/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Threads that are made to wait until they can deadlock (pause.h). Who is paused holds locks and is about to ask for
 * one more; once each of some paused threads wants what the next one holds, all of these go on, and wait for each
 * other. It is the locks themselves that are compared, so whoever meets so has met for good; and a pause is never long.
 */
#define _GNU_SOURCE
#include "pause.h"
#include "shared.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAUSED_MAX 64u         /* threads at a time; more of them are not paused */
#define PATIENCE 8u            /* pauses of an item for nothing; from then on it rests as long as it has paused */
#define MILLISECOND 1000000ull /* of nanoseconds */
#define WRITER_FIRST (50 * MILLISECOND) /* for a writer to begin to wait, before a reader asks */
#define LOOK_AGAIN (2 * MILLISECOND)    /* who is held back */

enum state { FREE = 0, WAITING = 1, MET = 2, MET_READER = 3 };

struct paused {
	uint32_t state; /* others wait on it (futex) */
	uint32_t item, context, mode;
	uint64_t lock, deadline;
	uint32_t held_count;
	struct {
		uint64_t lock;
		uint32_t mode;
	} held[UNDERLOCK_HELD_LIMIT];
};

/* Reads as zeros in the child of a fork, where nobody is paused. */
static struct pausing {
	uint32_t locked;
	uint32_t in_vain[UNDERLOCK_PAUSE_ITEMS];
	uint64_t rests_until[UNDERLOCK_PAUSE_ITEMS];
	struct paused paused[PAUSED_MAX];
} *pausing;

static struct underlock_pause_plan plan;
static char log_path[PATH_MAX];

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Until another thread changes the word, or for so long. No place where a thread is cancelled. */
static void sleep_on(uint32_t *word, uint32_t value, uint64_t nanoseconds)
{
	const struct timespec time = {(time_t)(nanoseconds / 1000000000u), (long)(nanoseconds % 1000000000u)};

	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, &time, 0, 0);
}

static void sleep_for(uint64_t nanoseconds)
{
	const uint64_t end = now() + nanoseconds;
	uint32_t nobody = 0;
	uint64_t at;

	while ((at = now()) < end)
		sleep_on(&nobody, 0, end - at);
}

static void say(uint32_t item, const char *what)
{
	char line[64];
	int size = snprintf(line, sizeof(line), "%d %d %u %s\n", (int)getpid(), (int)gettid(), item, what);
	int file = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

	if (file < 0)
		return;
	if (write(file, line, (size_t)size) < 0)
		item = 0; /* the recording tells the outcome all the same */
	close(file);
}

/* ---- Who blocks whom. All of this with `pausing` locked. ---- */

static int waits(const struct paused *p)
{
	return p->state == WAITING;
}

static struct paused *writer_of(uint64_t lock, const struct paused *except, const struct paused *other)
{
	struct paused *p;

	for (p = pausing->paused; p < pausing->paused + PAUSED_MAX; p++) {
		if (p != except && p != other && waits(p) && p->lock == lock && p->mode != UNDERLOCK_MODE_SHARED)
			return p;
	}
	return 0;
}

/*
 * Whether `holder` keeps `w` from its lock. A reader does that to a reader when a writer waits between them, which is
 * in
 * `*writer` then. Who holds a lock and asks for it again, not as a reader, needs nobody else for whatever comes of it.
 */
static int blocks(const struct paused *w, const struct paused *holder, struct paused **writer)
{
	uint32_t at;

	for (at = 0; at < holder->held_count; at++) {
		if (holder->held[at].lock != w->lock)
			continue;
		if (w->mode != UNDERLOCK_MODE_SHARED || holder->held[at].mode != UNDERLOCK_MODE_SHARED)
			return w != holder;
		*writer = writer_of(w->lock, w, holder);
		return *writer != 0;
	}
	return 0;
}

/*
 * The shortest way from `first` back to itself, each thread waiting for the next one: their number, and they are in
 * `members`. Breadth first.
 */
static uint32_t find_cycle(struct paused *first, struct paused *members[PAUSED_MAX])
{
	struct paused *queue[PAUSED_MAX], *from[PAUSED_MAX] = {0}, *p, *writer;
	uint32_t head = 0, tail = 0, count = 0;

	for (queue[tail++] = first; head < tail; head++) {
		for (p = pausing->paused; p < pausing->paused + PAUSED_MAX; p++) {
			if (!waits(p) || !blocks(queue[head], p, &writer))
				continue;
			if (p == first) {
				for (p = queue[head]; p != first; p = from[p - pausing->paused])
					members[count++] = p;
				members[count++] = first;
				return count;
			}
			if (!from[p - pausing->paused]) {
				from[p - pausing->paused] = queue[head];
				queue[tail++] = p;
			}
		}
	}
	return 0;
}

static void let_go(struct paused *p, enum state how)
{
	uint32_t waiting = WAITING;

	if (!__atomic_compare_exchange_n(&p->state, &waiting, how, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return; /* by a hair: it has waited long enough */
	say(p->item, "met");
	syscall(SYS_futex, &p->state, FUTEX_WAKE_PRIVATE, INT_MAX, 0, 0, 0);
}

/* Lets the members go; where they are readers, the writers between them first. members[i] is what members[i + 1] waits
 * for. */
static void let_all_go(struct paused *const members[], uint32_t count)
{
	struct paused *writers[PAUSED_MAX];
	uint32_t at, writer_count = 0;

	for (at = 0; at < count; at++) {
		struct paused *writer = 0;

		if (blocks(members[at], members[at ? at - 1 : count - 1], &writer) && writer)
			writers[writer_count++] = writer;
	}
	for (at = 0; at < writer_count; at++)
		let_go(writers[at], MET);
	for (at = 0; at < count; at++)
		let_go(members[at], writer_count ? MET_READER : MET);
}

static void look_for_cycles(void)
{
	struct paused *members[PAUSED_MAX], *p;
	uint32_t count;

	for (p = pausing->paused; p < pausing->paused + PAUSED_MAX; p++) {
		if (waits(p) && (count = find_cycle(p, members)))
			let_all_go(members, count);
	}
}

/* ---- One thread ---- */

/* A slot for this thread, which a handler may have interrupted in a pause; NULL then, and when there is none. */
static struct paused *slot_for(const struct underlock_context *c, uint64_t time)
{
	struct paused *p, *free = 0;

	for (p = pausing->paused; p < pausing->paused + PAUSED_MAX; p++) {
		if (p->state == FREE ||
		    (waits(p) && time > p->deadline + 1000 * MILLISECOND)) /* its thread is no more */
			free = p;
		else if (p->context == c->number)
			return 0;
	}
	return free;
}

static void fill(struct paused *p, const struct underlock_context *c, const struct underlock_site *site, uint64_t lock)
{
	uint32_t at;

	p->context = c->number;
	p->mode = site->mode;
	p->lock = lock;
	p->held_count = c->held_count;
	for (at = 0; at < c->held_count; at++) {
		p->held[at].lock = c->held[at].lock;
		p->held[at].mode = c->held[at].mode;
	}
}

/* True when nobody has let this thread go in time. */
static int waits_in_vain(struct paused *p)
{
	uint32_t waiting = WAITING;
	uint64_t time;

	while (__atomic_load_n(&p->state, __ATOMIC_ACQUIRE) == WAITING && (time = now()) < p->deadline)
		sleep_on(&p->state, WAITING, p->deadline - time);
	return __atomic_compare_exchange_n(&p->state, &waiting, FREE, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static void note_in_vain(uint32_t item)
{
	say(item, "alone");
	if (!underlock_try_hard(&pausing->locked))
		return;
	if (++pausing->in_vain[item - 1] > PATIENCE)
		pausing->rests_until[item - 1] = now() + plan.milliseconds * MILLISECOND;
	underlock_unlock(&pausing->locked);
}

static void pause_at(uint32_t item, const struct underlock_context *c, const struct underlock_site *site, uint64_t lock)
{
	const uint64_t time = now();
	struct paused *p;
	uint32_t state;

	if (!underlock_try_hard(&pausing->locked))
		return;
	p = time < pausing->rests_until[item - 1] ? 0 : slot_for(c, time);
	if (p) {
		fill(p, c, site, lock);
		p->item = item;
		p->deadline = time + plan.milliseconds * MILLISECOND;
		__atomic_store_n(&p->state, WAITING, __ATOMIC_RELEASE);
		say(item, "arrived");
		look_for_cycles();
	}
	underlock_unlock(&pausing->locked);
	if (!p)
		return;
	if (waits_in_vain(p)) {
		note_in_vain(item);
		return;
	}
	state = __atomic_exchange_n(&p->state, FREE, __ATOMIC_ACQ_REL);
	if (state == MET_READER)
		sleep_for(WRITER_FIRST);
}

static int all_others_wait(void)
{
	uint32_t count = 0, at;

	for (at = 0; at < PAUSED_MAX; at++)
		count += __atomic_load_n(&pausing->paused[at].state, __ATOMIC_ACQUIRE) == WAITING;
	return count + 1 >= plan.threads;
}

static void hold_back(uint32_t item)
{
	const uint64_t end = now() + plan.milliseconds * MILLISECOND;

	say(item, "back");
	while (!all_others_wait()) {
		if (now() >= end) {
			note_in_vain(item);
			return;
		}
		sleep_for(LOOK_AGAIN);
	}
	say(item, "onward");
}

void underlock_port_pause(struct underlock_context *c, const struct underlock_site *site, uint64_t lock)
{
	const uint32_t item = underlock_posix_planned(&plan, c, site);
	int saved = errno, cancel;

	if (!item)
		return;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	if (plan.items[item - 1].kind != UNDERLOCK_PAUSE_BACK)
		pause_at(item, c, site, lock);
	else if (now() >= __atomic_load_n(&pausing->rests_until[item - 1], __ATOMIC_RELAXED))
		hold_back(item);
	pthread_setcancelstate(cancel, 0);
	errno = saved;
}

void underlock_posix_plan_pauses(const char *path)
{
	underlock_posix_read_plan(path, &plan);
	if (snprintf(log_path, sizeof(log_path), "%s.log", path) >= (int)sizeof(log_path)) {
		underlock_posix_say("underlock: pause=%s: the path is too long", path);
		_exit(2);
	}
	pausing = underlock_posix_map_wiped_on_fork(sizeof(*pausing));
	if (!pausing) {
		underlock_posix_say("underlock: cannot pause threads: no memory for it: %s", strerror(errno));
		_exit(2);
	}
	underlock_pauses = 1;
}
