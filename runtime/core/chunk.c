/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/* Chunks: how one ends and the next begins, so that a kill between any two instructions leaves a trace that reads. */
#include "chunk.h"
#include "encode.h"
#include "shared.h"
#include "waiting.h"

UNDERLOCK_STATIC_ASSERT((UNDERLOCK_CHUNK_SIZE & (UNDERLOCK_CHUNK_SIZE - 1)) == 0 && UNDERLOCK_CHUNK_SIZE >= 4096,
			"trace.h says so");
UNDERLOCK_STATIC_ASSERT(UNDERLOCK_CHUNK_FIRST == UNDERLOCK_CHUNK_SIZE ||
				UNDERLOCK_CHUNK_SIZE - UNDERLOCK_CHUNK_FIRST >= UNDERLOCK_ROOM_MAX,
			"what grows has room for any record");

/* The checksum over `words` zero words, unread: to read what was never written takes memory too. */
static uint64_t checksum_zeros(uint64_t sum, uint32_t words)
{
	const uint64_t zero = 0;
	uint64_t factor = underlock_checksum_more(1, &zero, 8);

	for (; words; words >>= 1, factor *= factor) {
		if (words & 1)
			sum *= factor;
	}
	return sum;
}

/*
 * The checksum is that of the chunk as it will be once sealed, made from a copy of the header: while it is being
 * computed the chunk is still open in every respect, and `state` turns last.
 */
void underlock_chunk_seal(struct underlock_context *c)
{
	struct underlock_chunk_header *chunk = c->chunk;
	struct underlock_chunk_header sealed;
	uint32_t touched = c->at <= (uint8_t *)chunk + UNDERLOCK_CHUNK_FIRST ? UNDERLOCK_CHUNK_FIRST : UNDERLOCK_CHUNK_SIZE;
	uint64_t sum;

	__atomic_store_n(&chunk->waiting_lock, 0, __ATOMIC_RELAXED);
	underlock_fence();
	chunk->waiting_since = 0;
	chunk->waiting_place = 0;
	c->dropped_shown = c->dropped;
	chunk->lost_here = c->dropped_shown - chunk->lost;
	chunk->ended_ticks = c->last_ticks;

	sealed = *chunk;
	sealed.state = UNDERLOCK_CHUNK_SEALED;
	sealed.checksum = 0;
	sum = underlock_checksum(&sealed, sizeof(sealed));
	sum = underlock_checksum_more(sum, chunk + 1, touched - sizeof(sealed));
	chunk->checksum = checksum_zeros(sum, (UNDERLOCK_CHUNK_SIZE - touched) / 8);
	underlock_fence();
	__atomic_store_n(&chunk->state, UNDERLOCK_CHUNK_SEALED, __ATOMIC_RELEASE);
	underlock_port_chunk_done(chunk);
	c->chunk = 0;
	c->at = c->end = 0;
}

/* What the context holds, so that the chunk can be read without those before it. A hold whose place could not be
 * defined is left out. */
static void begin_with_held(struct underlock_context *c)
{
	uint8_t *p = c->at;
	uint32_t at;

	for (at = 0; at < c->held_count; at++) {
		if (!c->held[at].place)
			continue;
		*p++ = UNDERLOCK_RECORD_HELD;
		p = underlock_put_lock(c, p, c->held[at].lock);
		p = underlock_put_varint(p, c->held[at].place);
	}
	underlock_publish(c, p);
}

/* Whether the open chunk has had only its first part so far, and now has all of it. */
static int grow(struct underlock_context *c)
{
	if (UNDERLOCK_CHUNK_FIRST == UNDERLOCK_CHUNK_SIZE || !c->chunk ||
	    c->end != (uint8_t *)c->chunk + UNDERLOCK_CHUNK_FIRST || !underlock_port_chunk_more(c->chunk))
		return 0;
	c->end = (uint8_t *)c->chunk + UNDERLOCK_CHUNK_SIZE;
	return 1;
}

uint8_t *underlock_chunk_roll(struct underlock_context *c)
{
	struct underlock_chunk_header *chunk;
	uint64_t now;

	if (grow(c))
		return c->at;
	chunk = underlock_port_chunk_new();
	if (!chunk) {
		/* The old one stays open, to show what is lost from here on; smaller records must not slip in either. */
		c->end = c->at;
		return 0;
	}
	if (c->chunk)
		underlock_chunk_seal(c);
	now = underlock_port_ticks_release();
	if (now > c->last_ticks)
		c->last_ticks = now;
	c->dropped_shown = c->dropped;
	chunk->context = c->number;
	chunk->sequence = c->sequence++;
	chunk->kind = c->kind;
	chunk->os_id = c->os_id;
	chunk->start_ticks = c->last_ticks;
	chunk->lost = c->dropped_shown;
	chunk->state = UNDERLOCK_CHUNK_OPEN;
	underlock_fence();
	/* Last: until here the chunk is still a free one to a reader, which goes by the magic number. */
	__atomic_store_n(&chunk->magic, UNDERLOCK_CHUNK_MAGIC, __ATOMIC_RELEASE);

	__builtin_memset(c->lock_slots, 0, sizeof(c->lock_slots));
	c->chunk = chunk;
	c->at = (uint8_t *)(chunk + 1);
	/* What is shared is written by whoever comes, and a chunk that is used again is there as a whole. */
	c->end = (uint8_t *)chunk +
		 (chunk->sequence || underlock_shared ? UNDERLOCK_CHUNK_SIZE : UNDERLOCK_CHUNK_FIRST);
	if (!c->distinct)
		begin_with_held(c);
	if (underlock_shared)
		underlock_introduce(c);
	underlock_wait_show(c);
	return c->at;
}
