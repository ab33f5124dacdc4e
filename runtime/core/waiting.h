/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * What a context waits for, noted in the header of its open chunk while it waits: a record of each attempt
 * would cost bytes for every acquisition that never blocks.
 *
 * A handler that runs while its flow waits may wait for something itself: notes stack. All of this inside the guard.
 *
 * A wait may end without its hook: by cancellation, an exception, a jump. A condition variable's has its lock again then,
 * before anything is unwound, and code that knows this releases it: underlock_wait_unwind() records that it is held.
 */
#ifndef UNDERLOCK_CORE_WAITING_H
#define UNDERLOCK_CORE_WAITING_H

#include "distinct.h"

/* Puts the newest note, or none, into the chunk's header. The lock is cleared first and stored last. */
static inline void underlock_wait_show(struct underlock_context *c)
{
	struct underlock_chunk_header *chunk = c->chunk;
	const struct underlock_wait *wait;

	if (underlock_unlikely(!chunk))
		return;
	__atomic_store_n(&chunk->waiting_lock, 0, __ATOMIC_RELAXED);
	underlock_fence();
	if (!c->wait_count) {
		chunk->waiting_place = 0;
		chunk->waiting_since = 0;
		return;
	}
	wait = &c->waits[c->wait_count - 1];
	chunk->waiting_place = wait->place;
	chunk->waiting_since = wait->since;
	underlock_fence();
	__atomic_store_n(&chunk->waiting_lock, underlock_is_distinct(c) ? underlock_distinct_lock(wait->lock) : wait->lock,
			 __ATOMIC_RELAXED);
}

/* hooks.c: drops all notes but the oldest `keep`. Their waits are over, and not by their hooks. */
void underlock_wait_unwind(struct underlock_context *c, uint32_t keep);

/* A lock is about to be released: if it was waited with, that wait is over. */
static inline void underlock_wait_left(struct underlock_context *c, uint64_t lock)
{
	uint32_t at = c->wait_count;

	while (underlock_unlikely(at-- > 0)) {
		if (c->waits[at].lock == lock && c->waits[at].site)
			underlock_wait_unwind(c, at);
	}
}

/* `frame` is the hook's: a note made no deeper in the same stack was left by an exception or a jump, and is dropped. */
static inline void underlock_wait_begin(struct underlock_context *c, uint64_t lock, struct underlock_site *site,
					uint32_t place, uintptr_t frame)
{
	struct underlock_wait *wait;

	while (underlock_unlikely(c->wait_count)) {
		wait = &c->waits[c->wait_count - 1];
		if (wait->frame > frame || wait->frame < c->stack_low || frame >= c->stack_high)
			break;
		underlock_wait_unwind(c, c->wait_count - 1u);
	}
	if (underlock_unlikely(c->wait_count == UNDERLOCK_WAITS_MAX))
		return;
	wait = &c->waits[c->wait_count++];
	wait->lock = lock;
	wait->site = site;
	wait->since = underlock_port_ticks_release();
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

#endif
