/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * What the contexts of a run share when it keeps less than everything: its definitions, above all.
 *
 * Where records are dropped or never written, definitions must not go with them: they are written once for the run, by a
 * context of their own, in chunks that stay. That bounds what is kept by the code that ran (sites, distinct stacks) and
 * not by the number of threads or by time. Price: a stack that a context meets first costs a look into a table that
 * all share, and one that the run meets first takes a lock. Recording everything has no such memory, and none of this.
 *
 * The memory is the port's: zeroed, and zeroed again in a copy of the process.
 */
#ifndef UNDERLOCK_CORE_SHARED_H
#define UNDERLOCK_CORE_SHARED_H

#include "place.h"

#define UNDERLOCK_SHARED_PLACES (1u << 17) /* more distinct places than these are defined again and again */
#define UNDERLOCK_RING_CHUNKS_MAX (1u << 16)
#define UNDERLOCK_SEEN (1u << 19)	    /* distinct records of a run */
#define UNDERLOCK_BIRTHS (1u << 17)

/* A kind of record that was seen: in which context first, in which other one next; or of how many instances. */
struct underlock_seen {
	uint64_t hash; /* 0: empty */
	uint32_t first;
	uint32_t second;
};

/* The newest lock that was born at an address of this slot. */
struct underlock_birth {
	uint64_t lock;	  /* 0: none */
	uint32_t count;	  /* of births in this slot: what tells one lock at an address from the next */
	uint32_t site;	  /* 0: it is not known where, or it died */
	uint32_t context;
};

struct underlock_shared {
	enum underlock_recording_mode mode;

	uint32_t definitions_locked;
	uint32_t last_place;
	struct underlock_context definer;
	struct underlock_place places[UNDERLOCK_SHARED_PLACES];

	uint32_t ring_locked;
	uint32_t ring_limit;	    /* chunks; 0: not a ring */
	uint32_t ring_used;	    /* chunks that were made */
	uint32_t ring_first, ring_count; /* of `ring`: sealed chunks, the oldest first */
	struct underlock_chunk_header *ring[UNDERLOCK_RING_CHUNKS_MAX];

	uint32_t births_locked;
	struct underlock_seen seen[UNDERLOCK_SEEN];
	struct underlock_birth births[UNDERLOCK_BIRTHS];
};

/* NULL: everything is recorded. Set by the port before its first context, and in a copy of the process again. */
extern struct underlock_shared *underlock_shared;

/*
 * A lock for what is rare. A holder that was preempted makes others wait: they yield, and give up in the end (0). Never
 * taken twice by one flow: a handler on top of a holder finds its context busy before it comes here.
 */
int underlock_try_hard(uint32_t *locked);
static inline void underlock_unlock(uint32_t *locked)
{
	__atomic_store_n(locked, 0, __ATOMIC_RELEASE);
}

/* The context that writes the run's definitions, locked; NULL when it cannot be had. */
struct underlock_context *underlock_definer_lock(void);
void underlock_definer_unlock(void);

/* The run's number of a place; 0 when there was no room to define it. `c->frames` has the stack. */
uint32_t underlock_shared_place(struct underlock_context *c, uint32_t site, uint32_t count, uint64_t hash);

/* ring.c. What a port's chunk_new() and chunk_done() ask in a ring: the oldest sealed chunk, made ready to be used again,
 * or NULL when there is none (yet); and keeping one that was sealed. `may_grow`: the ring has not reached its limit. */
int underlock_ring_may_grow(void);
struct underlock_chunk_header *underlock_ring_take(void);
void underlock_ring_keep(struct underlock_chunk_header *chunk);

#endif
