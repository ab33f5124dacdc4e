/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * The ring: the oldest sealed chunk is used again, so that a recording of any length keeps its newest part.
 *
 * The unit is the chunk and the order that of sealing, which is that of each context's records too: what is lost of a
 * context is always its beginning. Chunks that are open are never taken, so a context that does little keeps its one
 * chunk for ever, and a ring with more contexts than chunks grows beyond its limit rather than lose what is newest.
 */
#include "chunk.h"
#include "shared.h"

int underlock_ring_may_grow(void)
{
	return __atomic_fetch_add(&underlock_shared->ring_used, 1, __ATOMIC_RELAXED) < underlock_shared->ring_limit;
}

/*
 * A reader may look at any moment, and a kill come: the magic goes first, and from then on the two times that say up to
 * when records are gone are never both wrong. In the order of the list, so that what is left of a context is its end.
 */
static void give_up(struct underlock_chunk_header *chunk)
{
	__atomic_store_n(&chunk->magic, UNDERLOCK_CHUNK_RECYCLED, __ATOMIC_RELEASE);
	underlock_fence();
	if (chunk->ended_ticks > chunk->dropped_until)
		chunk->dropped_until = chunk->ended_ticks;
	underlock_fence();
}

static void clear(struct underlock_chunk_header *chunk)
{
	const uint64_t until = chunk->dropped_until;
	struct underlock_chunk_header clean;

	__builtin_memset(chunk + 1, 0, UNDERLOCK_CHUNK_SIZE - sizeof(*chunk));
	__builtin_memset(&clean, 0, sizeof(clean));
	clean.magic = UNDERLOCK_CHUNK_RECYCLED;
	clean.dropped_until = until;
	*chunk = clean;
}

struct underlock_chunk_header *underlock_ring_take(void)
{
	struct underlock_shared *s = underlock_shared;
	struct underlock_chunk_header *chunk = 0;

	if (!underlock_try_hard(&s->ring_locked))
		return 0;
	if (s->ring_count) {
		chunk = s->ring[s->ring_first];
		s->ring_first = (s->ring_first + 1) & (UNDERLOCK_RING_CHUNKS_MAX - 1);
		s->ring_count--;
		give_up(chunk);
	}
	underlock_unlock(&s->ring_locked);
	if (chunk)
		clear(chunk);
	return chunk;
}

void underlock_ring_keep(struct underlock_chunk_header *chunk)
{
	struct underlock_shared *s = underlock_shared;

	/* Definitions stay. So does a chunk for which there is no room in the list: it is merely not used again. */
	if (chunk->kind == UNDERLOCK_CONTEXT_DEFINITIONS || !underlock_try_hard(&s->ring_locked))
		return;
	if (s->ring_count < UNDERLOCK_RING_CHUNKS_MAX) {
		s->ring[(s->ring_first + s->ring_count) & (UNDERLOCK_RING_CHUNKS_MAX - 1)] = chunk;
		s->ring_count++;
	}
	underlock_unlock(&s->ring_locked);
}
