/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * Who took a lock last: what lets most acquisitions read the clock without waiting.
 *
 * The time of an acquisition must not be before the release of whoever had the lock before. A processor may read its clock
 * long before older instructions are done, so the read waits for them (a fence), and that is the dearest part of an
 * acquisition. But if nobody else has had the lock since this context had it, there is no other release to come before:
 * inside a context time never runs backwards, by whatever it was read.
 *
 * A cell has a lock's whole address and a context's number in one word, and is written by who holds the lock: its line goes
 * where the lock goes. Another lock that falls into the same cell makes both wait, and no more. What is not the plain
 * case says "nobody": shared holds (another reader may release later than this one came), a release by who does not hold
 * the lock, a lock's birth and death. All of this inside the guard.
 */
#ifndef UNDERLOCK_CORE_OWNER_H
#define UNDERLOCK_CORE_OWNER_H

#include "guard.h"

#if UNDERLOCK_LIVING /* else a death may not be seen */

#define UNDERLOCK_OWNER_CELLS 4096u
#define UNDERLOCK_OWNER_BITS 19u /* of contexts; those beyond always wait */
#define UNDERLOCK_OWNER_NO_ADDRESS (~(((1ull << 45) - 1) << 2)) /* bits that no address in a word has */

extern uint64_t underlock_owners[UNDERLOCK_OWNER_CELLS];

static inline uint64_t *underlock_owner_cell(uint64_t lock)
{
	return &underlock_owners[(lock * 0x9e3779b97f4a7c15ull) >> 52];
}

static inline uint64_t underlock_owner_word(uint64_t lock, uint32_t context)
{
	return (lock >> 2) << UNDERLOCK_OWNER_BITS | context;
}

/* It is not known any more who had this lock. */
static inline void underlock_owner_forget(uint64_t lock)
{
	uint64_t *cell = underlock_owner_cell(lock);
	const uint64_t there = __atomic_load_n(cell, __ATOMIC_RELAXED);

	if (there >> UNDERLOCK_OWNER_BITS == (lock & ~UNDERLOCK_OWNER_NO_ADDRESS) >> 2)
		__atomic_store_n(cell, 0, __ATOMIC_RELAXED);
}

/* This context has just taken the lock. Whether it also was the last to have it. */
static inline int underlock_owner_is(struct underlock_context *c, uint64_t lock, uint32_t mode)
{
	uint64_t *cell = underlock_owner_cell(lock);
	const uint64_t mine = underlock_owner_word(lock, c->number);

	if (underlock_unlikely((lock & UNDERLOCK_OWNER_NO_ADDRESS) || c->number >= 1u << UNDERLOCK_OWNER_BITS ||
			       mode != UNDERLOCK_MODE_EXCLUSIVE)) {
		underlock_owner_forget(lock);
		return 0;
	}
	if (underlock_likely(__atomic_load_n(cell, __ATOMIC_RELAXED) == mine))
		return 1;
	__atomic_store_n(cell, mine, __ATOMIC_RELAXED);
	return 0;
}

#else

static inline int underlock_owner_is(struct underlock_context *c, uint64_t lock, uint32_t mode)
{
	(void)c;
	(void)lock;
	(void)mode;
	return 0;
}

static inline void underlock_owner_forget(uint64_t lock)
{
	(void)lock;
}

#endif
#endif
