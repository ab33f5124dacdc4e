/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * Distinct recording: a record is kept when its like was not seen before.
 *
 * Its like is: the same kind at the same place (site and stack), with locks held that were taken at the same places in
 * the same modes, while the context had forked and joined about as often and was in as many phases. Of a like, up to
 * eight are kept that differ in the lock instances, each from up to two contexts: whether two paths can meet on one
 * instance, in different threads, is what an analysis of lock orders asks. So what is kept is bounded by the code
 * that runs, and a server that does the same all day writes nothing more after its first minutes.
 *
 * What it costs to see less: counts mean kinds, not times; order in time is that of the first of each kind; a lock that
 * comes to life again at an address that 2^17 births have passed since is taken for the same one.
 */
#ifndef UNDERLOCK_CORE_DISTINCT_H
#define UNDERLOCK_CORE_DISTINCT_H

#include "shared.h"

static inline int underlock_is_distinct(const struct underlock_context *c)
{
	return underlock_unlikely(c->distinct);
}

/* Whether a record like this was not kept yet; `keep`: from now on it was. `where` is a place, or a site's number. */
int underlock_distinct_new(struct underlock_context *c, enum underlock_record_kind kind, uint32_t where, uint64_t lock,
			   int keep);

/* Writes what the context holds, and what is known of the birth of these locks and of `lock` (0: none). */
void underlock_distinct_snapshot(struct underlock_context *c, uint64_t lock);

/* The name of a lock instance: its address, and above it the count of births there. */
uint64_t underlock_distinct_lock(uint64_t lock);

/* A lock is handed on by a site that knows its name. */
void underlock_distinct_name(struct underlock_context *c, uint64_t lock, uint32_t site);

/* A lock is born here (`site` 0: dies). */
void underlock_distinct_birth(struct underlock_context *c, uint64_t lock, uint32_t site);

#endif
