/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * Room for records: the open chunk of a context, and the next one when it is full.
 *
 *     p = underlock_room(c, most);  write at p;  underlock_publish(c, behind the record)
 *
 * `most` is what the record can need, so that none straddles chunks. Bytes behind the published ones stay zero. All of
 * this inside the guard.
 */
#ifndef UNDERLOCK_CORE_CHUNK_H
#define UNDERLOCK_CORE_CHUNK_H

#include "guard.h"

/* The most that one record may ask for: a fresh chunk has it, behind a full held set. */
#define UNDERLOCK_HELD_RECORD_MAX 15u
#define UNDERLOCK_ROOM_MAX                                                                     \
	(UNDERLOCK_CHUNK_SIZE - (uint32_t)sizeof(struct underlock_chunk_header) -              \
	 UNDERLOCK_HELD_LIMIT * UNDERLOCK_HELD_RECORD_MAX)

/* Goes on in a new chunk; NULL when there is none, and then the context writes nothing more until there is. */
uint8_t *underlock_chunk_roll(struct underlock_context *c);

/* Ends the open chunk for good. */
void underlock_chunk_seal(struct underlock_context *c);

static inline uint8_t *underlock_room(struct underlock_context *c, size_t most)
{
	if (underlock_likely((size_t)(c->end - c->at) >= most))
		return c->at;
	return underlock_chunk_roll(c);
}

static inline void underlock_publish(struct underlock_context *c, uint8_t *end)
{
	c->at = end;
	underlock_fence();
	c->chunk->used = (uint32_t)(end - (uint8_t *)(c->chunk + 1));
}

#endif
