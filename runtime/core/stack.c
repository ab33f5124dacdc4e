/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/* Walking the part of a stack that is not remembered (stack.h). */
#include "stack.h"

uint32_t underlock_stack_generation;

static inline void pop(struct underlock_context *c)
{
	c->walk_top = c->walk[--c->walk_count].next;
}

/* Forgets what has been left since, and what has changed. All that stays was compared just now. */
UNDERLOCK_READS_STACKS static void keep_what_is_there(struct underlock_context *c, uintptr_t frame)
{
	uintptr_t at;
	uint32_t good;

	while (c->walk_count) {
		const struct underlock_frame *top = &c->walk[c->walk_count - 1];

		if (c->walk_top >= frame && ((const uintptr_t *)c->walk_top)[0] == top->next &&
		    ((const uintptr_t *)c->walk_top)[1] == top->pc)
			break;
		pop(c);
	}
	if (!underlock_walk_differs(c, c->walk_count, c->walk_top))
		return;
	/* Somewhere further out: from the outermost frame inwards, up to the first that is another one. */
	if (c->walk_ends && ((const uintptr_t *)c->walk[0].next)[1]) {
		c->walk_count = 0;
		return;
	}
	for (good = 0; good < c->walk_count; good++) {
		at = good + 1 < c->walk_count ? c->walk[good + 1].next : c->walk_top;
		if (((const uintptr_t *)at)[0] != c->walk[good].next || ((const uintptr_t *)at)[1] != c->walk[good].pc)
			break;
	}
	if (good < c->walk_count)
		c->walk_top = c->walk[good].next;
	c->walk_count = good;
}

enum meeting { MET, ENDED, CUT };

/* From `frame` outwards to a frame that is remembered, or to the end; the new ones into `steps`, `taken` of them. */
UNDERLOCK_READS_STACKS static enum meeting walk_to_meeting(struct underlock_context *c, uintptr_t frame,
							   struct underlock_frame *steps, uint32_t *taken)
{
	/* The highest place that a frame can be; without bounds, none but the hook's own. */
	const uintptr_t last = c->stack_high >= 16 ? c->stack_high - 16 : 0;
	uintptr_t at = frame;

	for (*taken = 0;; (*taken)++) {
		const uintptr_t *words = (const uintptr_t *)at;

		while (c->walk_count && c->walk_top < at)
			pop(c);
		if (c->walk_count && c->walk_top == at)
			return MET;
		if (*taken && *taken >= underlock_frame_limit)
			return CUT;
		c->walk_ends = !words[1];
		if (!words[1])
			return ENDED; /* the outermost one: nothing to return to */
		steps[*taken].next = words[0];
		steps[*taken].pc = words[1];
		if (words[0] <= at || words[0] > last || (words[0] & (sizeof(uintptr_t) - 1))) {
			++*taken;
			return ENDED;
		}
		at = words[0];
	}
}

void underlock_walk_on(struct underlock_context *c, uintptr_t frame)
{
	struct underlock_frame steps[UNDERLOCK_FRAMES_MAX];
	const uint8_t was_cut = c->walk_cut;
	const uint8_t ended = c->walk_ends;
	enum meeting meeting;
	uint32_t taken, total;
	const uint32_t generation = __atomic_load_n(&underlock_stack_generation, __ATOMIC_ACQUIRE);

	/* What is remembered of another stack may not be there any more: not one word of it is looked at. */
	if (underlock_unlikely(frame < c->stack_low || frame >= c->stack_high || c->stack_generation != generation)) {
		c->stack_generation = generation;
		c->stack_low = c->stack_high = 0;
		underlock_port_stack(c, frame);
		c->walk_count = 0;
		c->walk_top = 0;
		c->walk_ends = 0;
	}
	keep_what_is_there(c, frame);
	meeting = walk_to_meeting(c, frame, steps, &taken);
	if (meeting == MET) {
		c->walk_ends = ended;
		total = c->walk_count + taken;
		/* Both stacks have to begin at the same frame, as far as they are not deeper than is kept. */
		if (total > underlock_frame_limit || (was_cut && total != underlock_frame_limit)) {
			c->walk_count = 0;
			meeting = walk_to_meeting(c, frame, steps, &taken);
		}
	}
	if (meeting != MET) {
		c->walk_count = 0;
		c->walk_cut = meeting == CUT;
		if (meeting == CUT)
			c->walk_ends = 0;
	}
	while (taken-- > 0) {
		c->walk[c->walk_count] = steps[taken];
		c->walk_hash[c->walk_count + 1] = underlock_mix(c->walk_hash[c->walk_count], steps[taken].pc);
		c->walk_count++;
	}
	c->walk_top = c->walk_count ? frame : 0;
}

void underlock_walk_frames(struct underlock_context *c)
{
	uint32_t at;

	for (at = 0; at < c->walk_count; at++)
		c->frames[at] = c->walk[c->walk_count - 1 - at].pc;
}
