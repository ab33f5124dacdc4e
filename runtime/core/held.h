/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * The held set of a context: an array, newest last. People release what they took last, and hold few locks at a time, so
 * a scan from the end beats any table. All of this inside the guard.
 */
#ifndef UNDERLOCK_CORE_HELD_H
#define UNDERLOCK_CORE_HELD_H

#include "guard.h"

static inline void underlock_hold(struct underlock_context *c, uint64_t lock, const struct underlock_site *site,
				  uint32_t place)
{
	struct underlock_held *held;

	if (underlock_unlikely(c->held_count == UNDERLOCK_HELD_LIMIT)) {
		c->held_missed++;
		return;
	}
	held = &c->held[c->held_count++];
	held->lock = lock;
	held->site = site;
	held->place = place;
	held->mode = site->mode;
}

/* True as well when the lock may be among those that found no room. */
static inline int underlock_is_held(const struct underlock_context *c, uint64_t lock)
{
	uint32_t at;

	for (at = c->held_count; at-- > 0;) {
		if (c->held[at].lock == lock)
			return 1;
	}
	return c->held_missed > 0;
}

/* Ends the newest hold of this lock. False when it is not there; then it may be among those that found no room. */
static inline int underlock_drop(struct underlock_context *c, uint64_t lock)
{
	uint32_t at = c->held_count;

	while (at-- > 0) {
		if (c->held[at].lock != lock)
			continue;
		for (c->held_count--; at < c->held_count; at++)
			c->held[at] = c->held[at + 1];
		return 1;
	}
	if (c->held_missed)
		c->held_missed--;
	return 0;
}

#endif
