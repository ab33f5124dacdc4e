/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/* The run's definitions (shared.h). */
#include "shared.h"
#include "encode.h"

struct underlock_shared *underlock_shared;

#define TRIES 10000u
#define PROBES 16u

int underlock_try_hard(uint32_t *locked)
{
	uint32_t tries;

	for (tries = 0; tries < TRIES; tries++) {
		if (!__atomic_exchange_n(locked, 1, __ATOMIC_ACQUIRE))
			return 1;
		underlock_port_yield();
	}
	return 0;
}

struct underlock_context *underlock_definer_lock(void)
{
	struct underlock_context *d = &underlock_shared->definer;

	if (!underlock_try_hard(&underlock_shared->definitions_locked))
		return 0;
	if (!d->number)
		underlock_context_start(d, UNDERLOCK_CONTEXT_DEFINITIONS, 0);
	return d;
}

void underlock_definer_unlock(void)
{
	underlock_unlock(&underlock_shared->definitions_locked);
}

/*
 * Entries are only ever added, the number before the hash: whoever sees a hash has the number that belongs to it.
 * `*free` is where this hash can be added; NULL when the places where it could be are taken.
 */
static uint32_t find(uint64_t hash, struct underlock_place **free)
{
	uint64_t at = hash >> 24;
	uint32_t probe;

	*free = 0;
	for (probe = 0; probe < PROBES; probe++, at++) {
		struct underlock_place *place = &underlock_shared->places[at & (UNDERLOCK_SHARED_PLACES - 1)];
		uint64_t there = __atomic_load_n(&place->hash, __ATOMIC_ACQUIRE);

		if (there == hash)
			return (uint32_t)place->number;
		if (!there) {
			*free = place;
			return 0;
		}
	}
	return 0;
}

uint32_t underlock_shared_place(struct underlock_context *c, uint32_t site, uint32_t count, uint64_t hash)
{
	struct underlock_place *free;
	uint32_t number = find(hash, &free);
	struct underlock_context *d;

	if (number)
		return number;
	d = underlock_definer_lock();
	if (!d)
		return 0;
	number = find(hash, &free); /* somebody may have been faster */
	if (!number && underlock_place_write(d, underlock_shared->last_place + 1, site, c->frames, count)) {
		number = ++underlock_shared->last_place;
		if (free) {
			free->number = number;
			__atomic_store_n(&free->hash, hash, __ATOMIC_RELEASE);
		}
	}
	underlock_definer_unlock();
	return number;
}
