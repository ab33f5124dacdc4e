/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * Taking the stack: return addresses along the chain of frame pointers, and their hash.
 *
 * Every step is bounded: it goes up, stays aligned, and stays on the stack that the port vouches for. So a caller
 * without frame pointers ends the walk early, or adds a false frame, and never makes it read what is not there. Symbols
 * are the analyzer's business.
 *
 * Two stacks that a context takes one after the other mostly have all but a few inner frames in common. So the last one
 * is remembered, as it lies in memory, and hashed from the outermost frame inwards. The next walk looks whether what it
 * remembers still lies there, all of it: these reads do not wait for each other, as those along a chain do, and nothing
 * has to be hashed again. Then it walks only up to where the two meet. What comes out is what a walk of the whole stack
 * finds, since the frames that were not walked were compared word by word.
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

/* The part of a walk that is not the same as last time (stack.c). `c->walk_top` and `c->walk_count` are what is left. */
void underlock_walk_on(struct underlock_context *c, uintptr_t frame);

/* Both words of a frame at once, where the machine can. */
typedef uintptr_t underlock_frame_words
	__attribute__((vector_size(2 * sizeof(uintptr_t)), aligned(sizeof(uintptr_t)), may_alias));

/* What of the outermost `left` of the remembered frames, of which the innermost lay at `at`, does not lie there any more, as
 * bits: 0 is nothing. */
UNDERLOCK_READS_STACKS static inline uintptr_t underlock_walk_differs(const struct underlock_context *c, uint32_t left,
								      uintptr_t at)
{
	underlock_frame_words differs = { 0, 0 };

	while (left-- > 0) {
		differs |= *(const underlock_frame_words *)at ^ *(const underlock_frame_words *)&c->walk[left];
		at = c->walk[left].next;
	}
	/* Behind the outermost one lay a frame that returns nowhere. */
	if (c->walk_ends)
		differs[1] |= ((const uintptr_t *)at)[1];
	return differs[0] | differs[1];
}

/*
 * Remembers the stack above `frame`, the frame address of the hook (__builtin_frame_address(0)): `walk_count` frames,
 * of which the innermost returns into the site's function. Returns their hash.
 */
UNDERLOCK_READS_STACKS static inline uint64_t underlock_walk(struct underlock_context *c, uintptr_t frame)
{
	const uint32_t count = c->walk_count;

	/*
	 * From the same depth as last time, as in a loop. The innermost frame was written a moment ago, a word at a time: to
	 * read it in one piece would wait until it is in memory.
	 */
	if (underlock_likely(c->walk_top == frame && c->stack_generation == underlock_stack_generation)) {
		const struct underlock_frame *top = &c->walk[count - 1];

		if (underlock_likely(((const uintptr_t *)frame)[1] == top->pc && ((const uintptr_t *)frame)[0] == top->next &&
				     !underlock_walk_differs(c, count - 1, top->next)))
			return c->walk_hash[count];
	}
	underlock_walk_on(c, frame);
	return c->walk_hash[c->walk_count];
}

/* Into c->frames, the innermost first, what underlock_walk() remembers. */
void underlock_walk_frames(struct underlock_context *c);

#endif
