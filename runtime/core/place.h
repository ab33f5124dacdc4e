/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * Places: a context's numbers for its pairs of site and stack.
 *
 * Each context has a table of its own, so that the threads share nothing here: a stack seen by eight threads is defined
 * eight times, a few dozen bytes each, and no acquisition waits for another CPU's cache line. The table forgets (two
 * entries a bucket, the older goes): what comes back is defined again, under a new number, since a hold or a note of
 * waiting may still carry the old one.
 */
#ifndef UNDERLOCK_CORE_PLACE_H
#define UNDERLOCK_CORE_PLACE_H

#include "site.h"
#include "stack.h"

/* Writes the definition of place `number` into this context's chunk. 0 when there is no room. */
int underlock_place_write(struct underlock_context *c, uint32_t number, uint32_t site, const uint64_t *frames,
			  uint32_t count);

/* On a miss: numbers and defines the pair of `site` and the stack that was taken last, or none (`count` 0). 0 when there is
 * no room. */
uint32_t underlock_place_define(struct underlock_context *c, uint32_t site, uint32_t count, uint64_t hash);

static inline uint32_t underlock_place_find(struct underlock_context *c, uint32_t site, uint32_t count, uint64_t hash)
{
	const struct underlock_place *bucket;

	hash += !hash; /* 0 says "empty" */
	bucket = c->places[(hash >> 32) & (UNDERLOCK_PLACE_BUCKETS - 1)];
	if (underlock_likely(bucket[0].hash == hash))
		return (uint32_t)bucket[0].number;
	if (underlock_likely(bucket[1].hash == hash))
		return (uint32_t)bucket[1].number;
	return underlock_place_define(c, site, count, hash);
}

/* The number for this site, called as the stack above `frame` says; 0 when there was no room to define it. */
static inline uint32_t underlock_place_take(struct underlock_context *c, struct underlock_site *site, uintptr_t frame)
{
	uint32_t number = underlock_site_number(c, site);
	uint64_t hash;

	if (underlock_unlikely(!number))
		return 0;
	hash = underlock_mix(underlock_walk(c, frame), number);
	return underlock_place_find(c, number, c->walk_count, hash);
}

#endif
