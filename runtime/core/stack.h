/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * Taking the stack: return addresses along the chain of frame pointers, hashed on the way.
 *
 * Every step is bounded: it goes up, stays aligned, and stays on the stack that the port vouches for. So a caller
 * without frame pointers ends the walk early, or adds a false frame, and never makes it read what is not there. Each
 * address costs a load and a multiplication; symbols are the analyzer's business.
 */
#ifndef UNDERLOCK_CORE_STACK_H
#define UNDERLOCK_CORE_STACK_H

#include "guard.h"

/* Reads other functions' frames: to a sanitizer that looks like going astray. */
#ifdef __clang__
#define UNDERLOCK_READS_STACKS __attribute__((no_sanitize("address", "memory", "thread")))
#else
#define UNDERLOCK_READS_STACKS __attribute__((no_sanitize_address))
#endif

/* A round of FxHash with the bits spread wider: one dependent multiplication an address. */
static inline uint64_t underlock_mix(uint64_t hash, uint64_t value)
{
	return (((hash << 29) | (hash >> 35)) ^ value) * 0x9e3779b97f4a7c15ull;
}

/*
 * From `frame`, the frame address of the hook (__builtin_frame_address(0)), into c->frames. Returns how many; the first
 * is the return address into the site's function. `hash` comes in as a seed.
 */
UNDERLOCK_READS_STACKS static inline uint32_t underlock_walk(struct underlock_context *c, uintptr_t frame, uint64_t *hash)
{
	const uintptr_t *at = (const uintptr_t *)frame;
	uint32_t limit = underlock_frame_limit;
	uint32_t count = 0;
	uint64_t mixed = *hash;
	uintptr_t last;

	if (underlock_unlikely(frame < c->stack_low || frame >= c->stack_high)) {
		c->stack_low = c->stack_high = 0;
		underlock_port_stack(c, frame);
	}
	/* The highest place that a frame can be; without bounds, none but the hook's own. */
	last = c->stack_high >= 16 ? c->stack_high - 16 : 0;
	do {
		uintptr_t next = at[0];

		if (underlock_unlikely(!at[1]))
			break; /* the outermost one: nothing to return to */
		c->frames[count++] = at[1];
		mixed = underlock_mix(mixed, at[1]);
		if (next <= (uintptr_t)at || next > last || (next & (sizeof(uintptr_t) - 1)))
			break;
		at = (const uintptr_t *)next;
	} while (count < limit);
	*hash = mixed;
	return count;
}

#endif
