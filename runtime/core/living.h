/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * The living set: where in this process locks lie that were used and have not died. When memory is given back, it tells
 * which locks die with it; and for the millions of blocks without a lock, that there is nothing to record.
 *
 * One bit for each four bytes of address space, in regions that come to be with their first lock. An acquisition reads
 * its bit, and writes only when it is the lock's first: so threads share these lines, and seldom wait for them. A bit too
 * many (of a lock that plain code destroyed) makes a record that says nothing; one too few would let two locks pass for
 * one. A port whose memory cannot be followed (a kernel's, for now) has UNDERLOCK_LIVING 0, and none of this.
 */
#ifndef UNDERLOCK_CORE_LIVING_H
#define UNDERLOCK_CORE_LIVING_H

#include "guard.h"

#if UNDERLOCK_LIVING

#define UNDERLOCK_REGION_BITS 28u		   /* 256 MiB */
#define UNDERLOCK_REGIONS (1u << (47u - UNDERLOCK_REGION_BITS)) /* user space, of x86-64 with four-level page tables */
#define UNDERLOCK_LIVING_CELLS (1u << (UNDERLOCK_REGION_BITS - 8u))
#define UNDERLOCK_LIVING_PAGES (UNDERLOCK_LIVING_CELLS / 512u) /* pages of cells */

struct underlock_region {
	uint64_t pages[UNDERLOCK_LIVING_PAGES / 64u]; /* which pages of `cells` ever had a bit set: the others are not read */
	uint64_t cells[UNDERLOCK_LIVING_CELLS];	      /* 64 times four bytes each */
};

extern struct underlock_region *underlock_living[UNDERLOCK_REGIONS]; /* NULL: no lock was seen there */

void underlock_living_add(struct underlock_context *c, uint64_t lock);

/* A lock is used. Inside the guard. */
static inline void underlock_living_note(struct underlock_context *c, uint64_t lock)
{
	const struct underlock_region *region;
	uint64_t at = lock >> UNDERLOCK_REGION_BITS;

	if (underlock_unlikely(at >= UNDERLOCK_REGIONS))
		return;
	region = __atomic_load_n(&underlock_living[at], __ATOMIC_ACQUIRE);
	if (underlock_likely(region) &&
	    underlock_likely(__atomic_load_n(&region->cells[(lock >> 8) & (UNDERLOCK_LIVING_CELLS - 1)], __ATOMIC_RELAXED) >>
				     ((lock >> 2) & 63) & 1))
		return;
	underlock_living_add(c, lock);
}

/* A lock dies. */
void underlock_living_remove(uint64_t lock);

/* The first living lock in [start, end); `end`: there is none. */
uint64_t underlock_living_next(uint64_t start, uint64_t end);

#else

static inline void underlock_living_note(struct underlock_context *c, uint64_t lock)
{
	(void)c;
	(void)lock;
}

static inline void underlock_living_remove(uint64_t lock)
{
	(void)lock;
}

#endif
#endif
