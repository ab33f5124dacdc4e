/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * The guard of a context against what interrupts the core on the same flow of control, a signal handler above all.
 *
 * Only order within one flow matters here, so a compiler fence is all it takes. Whoever finds the guard taken drops its
 * record and counts it; the count is shown in the chunk's header by the one who holds the guard.
 */
#ifndef UNDERLOCK_CORE_GUARD_H
#define UNDERLOCK_CORE_GUARD_H

#include "context.h"

#define underlock_likely(x) __builtin_expect(!!(x), 1)
#define underlock_unlikely(x) __builtin_expect(!!(x), 0)

static inline void underlock_fence(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline int underlock_enter(struct underlock_context *c)
{
	if (underlock_unlikely(!c || c->busy))
		return 0;
	underlock_port_pin();
	c->busy = 1;
	underlock_fence();
	return 1;
}

/* For a hook that makes a record: what it cannot write is lost. */
static inline int underlock_enter_to_record(struct underlock_context *c)
{
	if (underlock_likely(underlock_enter(c)))
		return 1;
	if (c)
		underlock_count_lost(c);
	return 0;
}

/* Between the look at `dropped` and the opening of the guard a handler may have dropped one more: look again. */
static inline void underlock_leave(struct underlock_context *c)
{
	for (;;) {
		if (underlock_unlikely(c->dropped != c->dropped_shown) && c->chunk) {
			c->dropped_shown = c->dropped;
			c->chunk->lost_here = c->dropped_shown - c->chunk->lost;
		}
		underlock_fence();
		c->busy = 0;
		underlock_fence();
		if (underlock_likely(c->dropped == c->dropped_shown || !c->chunk))
			break;
		c->busy = 1;
		underlock_fence();
	}
	underlock_port_unpin();
}

#endif
