/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * Records to bytes, as trace.h says. Each function writes at `p` and returns the place behind; the caller has asked for
 * room. What the numbers of trace.h allow at most is checked here, beside the code that writes it.
 */
#ifndef UNDERLOCK_CORE_ENCODE_H
#define UNDERLOCK_CORE_ENCODE_H

#include "chunk.h"

#define UNDERLOCK_VARINT32_MAX 5u
#define UNDERLOCK_VARINT64_MAX 10u
#define UNDERLOCK_LOCK_MAX 9u

/* kind, dt, and the longest tail: an event's place, count and objects. One size for all timed records keeps the check
 * a constant, and lets a context that ran out of space stop at a record of any kind. */
#define UNDERLOCK_TIMED_MAX 64u
UNDERLOCK_STATIC_ASSERT(1 + UNDERLOCK_VARINT64_MAX + UNDERLOCK_VARINT32_MAX + 1 +
				UNDERLOCK_OBJECTS * UNDERLOCK_VARINT64_MAX <= UNDERLOCK_TIMED_MAX, "an event fits");
UNDERLOCK_STATIC_ASSERT(1 + UNDERLOCK_VARINT64_MAX + UNDERLOCK_LOCK_MAX + UNDERLOCK_VARINT32_MAX <= UNDERLOCK_TIMED_MAX,
			"an acquisition fits");
UNDERLOCK_STATIC_ASSERT(1 + UNDERLOCK_LOCK_MAX + UNDERLOCK_VARINT32_MAX == UNDERLOCK_HELD_RECORD_MAX, "chunk.h says so");
UNDERLOCK_STATIC_ASSERT(UNDERLOCK_LOCK_SLOTS == 128, "a slot is seven bits: the eighth says that an address follows");

static inline uint8_t *underlock_put_varint(uint8_t *p, uint64_t value)
{
	while (underlock_unlikely(value >= 0x80)) {
		*p++ = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	*p++ = (uint8_t)value;
	return p;
}

/* Little-endian, whatever the machine is: compilers make one store of it where they can. */
static inline uint8_t *underlock_put_u64(uint8_t *p, uint64_t value)
{
	unsigned at;

	for (at = 0; at < 8; at++)
		p[at] = (uint8_t)(value >> (8 * at));
	return p + 8;
}

static inline uint8_t *underlock_put_lock(struct underlock_context *c, uint8_t *p, uint64_t lock)
{
	/* The multiplier of Fibonacci hashing; its top seven bits are the slot. */
	uint32_t slot = (uint32_t)((lock * 0x9e3779b97f4a7c15ull) >> 57);

	if (underlock_likely(c->lock_slots[slot] == lock && lock)) {
		*p = (uint8_t)slot;
		return p + 1;
	}
	c->lock_slots[slot] = lock;
	*p = (uint8_t)(0x80 | slot);
	return underlock_put_u64(p + 1, lock);
}

static inline uint8_t *underlock_put_timed(struct underlock_context *c, uint8_t *p, enum underlock_record_kind kind,
					   uint64_t ticks)
{
	uint64_t passed = ticks > c->last_ticks ? ticks - c->last_ticks : 0;

	c->last_ticks += passed;
	*p = (uint8_t)(kind | underlock_port_state());
	return underlock_put_varint(p + 1, passed);
}

/*
 * Definitions: rare, of any length, so written twice: once without memory behind it, to learn the size.
 */
struct underlock_sink {
	uint8_t *at; /* NULL: only count */
	size_t size;
};

void underlock_sink_byte(struct underlock_sink *s, uint8_t byte);
void underlock_sink_varint(struct underlock_sink *s, uint64_t value);
void underlock_sink_svarint(struct underlock_sink *s, int64_t value);
void underlock_sink_u64(struct underlock_sink *s, uint64_t value);
void underlock_sink_bytes(struct underlock_sink *s, const void *bytes, size_t size);
void underlock_sink_string(struct underlock_sink *s, const char *text); /* cut at UNDERLOCK_STRING_LIMIT */

/* Writes one DEFINE: of the run, to where its definitions are; of the context, here, in its chunk. 0 when there was no room for it (for the caller to count, with the record that needs it). */
int underlock_define(struct underlock_context *c, enum underlock_definition what,
		     void (*payload)(struct underlock_sink *s, const void *from), const void *from);
int underlock_define_here(struct underlock_context *c, enum underlock_definition what,
			  void (*payload)(struct underlock_sink *s, const void *from), const void *from);

#endif
