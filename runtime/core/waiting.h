/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * What a context waits for, noted in the header of its open chunk while it waits: a record of each attempt
 * would cost bytes for every acquisition that never blocks.
 *
 * A handler that runs while its flow waits may wait for something itself: notes stack. All of this inside the guard.
 *
 * A wait may end without its hook: by cancellation, an exception, a jump. A condition variable's has its lock again then,
 * before anything is unwound, and code that knows this releases it: underlock_wait_unwind() records that it is held.
 * Other notes go when a hook of the same flow shows that their caller has been left, and those made inside of them too.
 */
#ifndef UNDERLOCK_CORE_WAITING_H
#define UNDERLOCK_CORE_WAITING_H

#include "distinct.h"

/*
 * Puts the newest note, or none, into the chunk's header. The lock is cleared first and stored last. One whose place could
 * not be defined is none: nobody could tell what it is that waits.
 */
static inline void underlock_wait_show(struct underlock_context *c)
{
	struct underlock_chunk_header *chunk = c->chunk;
	const struct underlock_wait *wait = c->wait_count ? &c->waits[c->wait_count - 1] : 0;

	if (underlock_unlikely(!chunk))
		return;
	__atomic_store_n(&chunk->waiting_lock, 0, __ATOMIC_RELAXED);
	underlock_fence();
	if (!wait || underlock_unlikely(!wait->place)) {
		chunk->waiting_place = 0;
		chunk->waiting_since = 0;
		return;
	}
	chunk->waiting_place = wait->place;
	chunk->waiting_since = wait->since;
	underlock_fence();
	__atomic_store_n(&chunk->waiting_lock, underlock_is_distinct(c) ? underlock_distinct_lock(wait->lock) : wait->lock,
			 __ATOMIC_RELAXED);
}

/* hooks.c: drops all notes but the oldest `keep`. Their waits are over, and not by their hooks. */
void underlock_wait_unwind(struct underlock_context *c, uint32_t keep);

/* Whether both are on the stack that was walked last. */
static inline int underlock_wait_same_stack(const struct underlock_context *c, uintptr_t one, uintptr_t other)
{
	return one >= c->stack_low && one < c->stack_high && other >= c->stack_low && other < c->stack_high;
}

/*
 * Drops what this hook shows to be over, and what was noted inside of it: a note made less than `reach` bytes further out than
 * the hook's own frame, or deeper. Handlers and interrupts come deeper in a stack, or on another one: while the flow is on
 * its own, nothing on others is under way.
 */
static inline void underlock_wait_passed(struct underlock_context *c, uintptr_t frame, uintptr_t reach)
{
	uint32_t at;

	for (at = 0; underlock_unlikely(at < c->wait_count); at++) {
		const struct underlock_wait *wait = &c->waits[at];

		if (underlock_wait_same_stack(c, wait->frame, frame)
			    ? wait->frame < frame + reach
			    : c->stack_is_own && !wait->site && underlock_wait_same_stack(c, frame, frame)) {
			underlock_wait_unwind(c, at);
			return;
		}
	}
}

/* A lock is about to be released: if it was waited with, that wait is over. */
static inline void underlock_wait_left(struct underlock_context *c, uint64_t lock, uintptr_t frame)
{
	uint32_t at = c->wait_count;

	while (underlock_unlikely(at-- > 0)) {
		if (c->waits[at].lock == lock && c->waits[at].site)
			underlock_wait_unwind(c, at);
	}
	underlock_wait_passed(c, frame, 0);
}

/* `frame` is the hook's: a note made no deeper in the same stack was left by an exception or a jump, and is dropped. */
static inline void underlock_wait_begin(struct underlock_context *c, uint64_t lock, struct underlock_site *site,
					uint32_t place, uintptr_t frame)
{
	struct underlock_wait *wait;

	underlock_wait_passed(c, frame, 1);
	if (underlock_unlikely(c->wait_count == UNDERLOCK_WAITS_MAX))
		return;
	wait = &c->waits[c->wait_count++];
	wait->lock = lock;
	wait->site = site;
	/* A clock read at every acquisition, for those few that wait for ever, would be a sixth of the cost. */
	wait->since = underlock_is_distinct(c) ? underlock_port_ticks_release() : c->last_ticks;
	wait->frame = frame;
	wait->place = place;
	underlock_wait_show(c);
}

/* Ends the note of this acquisition, and those above it, which it outlived. A try has none. */
static inline void underlock_wait_end(struct underlock_context *c, uint64_t lock, uint32_t place)
{
	uint32_t at = c->wait_count;

	while (at-- > 0) {
		if (c->waits[at].place != place || c->waits[at].lock != lock)
			continue;
		c->wait_count = (uint8_t)at;
		underlock_wait_show(c);
		return;
	}
}

/* If the newest note is of waiting for `lock`, that is called `name` from now on. */
static inline void underlock_wait_rename(struct underlock_context *c, uint64_t lock, uint64_t name)
{
	if (!c->wait_count || c->waits[c->wait_count - 1].lock != lock)
		return;
	c->waits[c->wait_count - 1].lock = name;
	underlock_wait_show(c);
}

#endif
