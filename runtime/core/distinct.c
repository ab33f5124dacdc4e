/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/* What was seen, and which locks were born (distinct.h). */
#include "distinct.h"
#include "encode.h"

#define PROBES 16u
#define INSTANCES_MAX 8u
#define BORN_MAX (1 + UNDERLOCK_LOCK_MAX + 2 * UNDERLOCK_VARINT32_MAX)
#define ADDRESS_MASK ((1ull << UNDERLOCK_ADDRESS_BITS) - 1)

/* ---- Births ---- */

static struct underlock_birth *birth_slot(uint64_t lock)
{
	return &underlock_shared->births[((lock >> 3) * 0x9e3779b97f4a7c15ull) >> 47 & (UNDERLOCK_BIRTHS - 1)];
}

/* A torn read, of a birth that another context is just noting, can only be of a lock that is not this one. */
uint64_t underlock_distinct_lock(uint64_t lock)
{
	const struct underlock_birth *birth = birth_slot(lock);

	if (__atomic_load_n(&birth->lock, __ATOMIC_ACQUIRE) != lock)
		return lock & ADDRESS_MASK;
	return (lock & ADDRESS_MASK) | (uint64_t)birth->count << UNDERLOCK_ADDRESS_BITS;
}

void underlock_distinct_birth(struct underlock_context *c, uint64_t lock, uint32_t site)
{
	struct underlock_birth *birth = birth_slot(lock);

	if (!underlock_try_hard(&underlock_shared->births_locked)) {
		underlock_count_lost(c);
		return;
	}
	__atomic_store_n(&birth->lock, 0, __ATOMIC_RELEASE);
	birth->count++;
	birth->site = site;
	birth->context = c->number;
	__atomic_store_n(&birth->lock, lock, __ATOMIC_RELEASE);
	underlock_unlock(&underlock_shared->births_locked);
}

/* Most are there already: locks are handed on again and again. */
void underlock_distinct_name(struct underlock_context *c, uint64_t lock, uint32_t site)
{
	struct underlock_birth *birth = birth_slot(lock);

	if (__atomic_load_n(&birth->lock, __ATOMIC_ACQUIRE) == lock && birth->site)
		return;
	if (!underlock_try_hard(&underlock_shared->births_locked)) {
		underlock_count_lost(c);
		return;
	}
	if (birth->lock != lock || !birth->site) {
		__atomic_store_n(&birth->lock, 0, __ATOMIC_RELEASE);
		birth->site = site;
		birth->context = 0;
		__atomic_store_n(&birth->lock, lock, __ATOMIC_RELEASE);
	}
	underlock_unlock(&underlock_shared->births_locked);
}

/* ---- What was seen ---- */

/* The entry of this hash; NULL when it is not there and, `add`, cannot be added. */
static struct underlock_seen *seen(uint64_t hash, int add)
{
	uint64_t at = hash >> 24;
	uint32_t probe;

	hash += !hash;
	for (probe = 0; probe < PROBES; probe++, at++) {
		struct underlock_seen *entry = &underlock_shared->seen[at & (UNDERLOCK_SEEN - 1)];
		uint64_t there = __atomic_load_n(&entry->hash, __ATOMIC_RELAXED);

		if (!there && !add)
			return 0;
		if (!there && __atomic_compare_exchange_n(&entry->hash, &there, hash, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return entry;
		if (there == hash)
			return entry;
	}
	return 0;
}

/* True when this context is the first or the second one here. */
static int new_context(struct underlock_seen *entry, uint32_t number, int keep)
{
	uint32_t first = __atomic_load_n(&entry->first, __ATOMIC_RELAXED);
	uint32_t nobody = 0;

	if (!first && (!keep || __atomic_compare_exchange_n(&entry->first, &first, number, 0, __ATOMIC_RELAXED,
							    __ATOMIC_RELAXED)))
		return 1;
	if (first == number || __atomic_load_n(&entry->second, __ATOMIC_RELAXED))
		return 0;
	return !keep ||
	       __atomic_compare_exchange_n(&entry->second, &nobody, number, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

int underlock_distinct_new(struct underlock_context *c, enum underlock_record_kind kind, uint32_t where, uint64_t lock,
			   int keep)
{
	/* Forks and joins by their magnitude: a path is looked at again when its context has come to run beside others. */
	const uint64_t moment = (uint64_t)c->phases << 8 | (32u - (uint32_t)__builtin_clz(c->threads | 1));
	uint64_t like = underlock_mix(underlock_mix(kind, where), moment);
	uint64_t instances = lock ? underlock_distinct_lock(lock) : 0;
	struct underlock_seen *kinds, *entry;
	uint32_t at;

	for (at = 0; at < c->held_count; at++) {
		like = underlock_mix(like, (uint64_t)c->held[at].mode << 32 | c->held[at].place);
		instances = underlock_mix(instances, underlock_distinct_lock(c->held[at].lock));
	}
	kinds = seen(like, keep);
	if (!kinds && !keep)
		return 1;
	entry = kinds ? seen(underlock_mix(like, instances), 0) : 0;
	if (!entry && kinds) {
		/* In an entry of a like, `first` counts the instances. */
		if (__atomic_load_n(&kinds->first, __ATOMIC_RELAXED) >= INSTANCES_MAX)
			return 0;
		if (!keep)
			return 1;
		__atomic_fetch_add(&kinds->first, 1, __ATOMIC_RELAXED);
		entry = seen(underlock_mix(like, instances), 1);
	}
	if (!entry) {
		/* No room to remember it: what cannot be told from the known is not recorded, and that is said. */
		underlock_count_lost(c);
		return 0;
	}
	return new_context(entry, c->number, keep);
}

/* ---- Snapshots ---- */

static uint8_t *put_born(struct underlock_context *c, uint8_t *p, uint64_t lock)
{
	const struct underlock_birth *birth = birth_slot(lock);

	if (__atomic_load_n(&birth->lock, __ATOMIC_ACQUIRE) != lock || !birth->site)
		return p;
	*p++ = UNDERLOCK_RECORD_BORN;
	p = underlock_put_lock(c, p, underlock_distinct_lock(lock));
	p = underlock_put_varint(p, birth->site);
	return underlock_put_varint(p, birth->context);
}

void underlock_distinct_snapshot(struct underlock_context *c, uint64_t lock)
{
	const size_t most = 1 + BORN_MAX + c->held_count * (BORN_MAX + UNDERLOCK_HELD_RECORD_MAX) + UNDERLOCK_TIMED_MAX;
	uint8_t *p = underlock_room(c, most);
	uint32_t at;

	if (!p) {
		underlock_count_lost(c);
		return;
	}
	*p++ = UNDERLOCK_RECORD_SNAPSHOT;
	if (lock)
		p = put_born(c, p, lock);
	for (at = 0; at < c->held_count; at++) {
		if (!c->held[at].place)
			continue;
		p = put_born(c, p, c->held[at].lock);
		*p++ = UNDERLOCK_RECORD_HELD;
		p = underlock_put_lock(c, p, underlock_distinct_lock(c->held[at].lock));
		p = underlock_put_varint(p, c->held[at].place);
	}
	underlock_publish(c, p);
}
UNDERLOCK_STATIC_ASSERT(1 + BORN_MAX + UNDERLOCK_HELD_LIMIT * (BORN_MAX + UNDERLOCK_HELD_RECORD_MAX) +
			UNDERLOCK_TIMED_MAX <= UNDERLOCK_ROOM_MAX, "a snapshot fits a chunk");
