/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/* Definitions to bytes (encode.h). */
#include "encode.h"
#include "shared.h"

void underlock_sink_byte(struct underlock_sink *s, uint8_t byte)
{
	if (s->at)
		s->at[s->size] = byte;
	s->size++;
}

void underlock_sink_varint(struct underlock_sink *s, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		underlock_sink_byte(s, (uint8_t)(value | 0x80));
	underlock_sink_byte(s, (uint8_t)value);
}

void underlock_sink_svarint(struct underlock_sink *s, int64_t value)
{
	underlock_sink_varint(s, ((uint64_t)value << 1) ^ (value < 0 ? ~0ull : 0));
}

void underlock_sink_u64(struct underlock_sink *s, uint64_t value)
{
	unsigned at;

	for (at = 0; at < 8; at++)
		underlock_sink_byte(s, (uint8_t)(value >> (8 * at)));
}

void underlock_sink_bytes(struct underlock_sink *s, const void *bytes, size_t size)
{
	size_t at;

	underlock_sink_varint(s, size);
	for (at = 0; at < size; at++)
		underlock_sink_byte(s, ((const uint8_t *)bytes)[at]);
}

void underlock_sink_string(struct underlock_sink *s, const char *text)
{
	size_t size = 0;

	while (text && size < UNDERLOCK_STRING_LIMIT && text[size])
		size++;
	underlock_sink_bytes(s, text, size);
}

/* The longest: a site, with its five strings. */
#define SITE_MAX (2 + UNDERLOCK_VARINT32_MAX + 4 * UNDERLOCK_VARINT32_MAX + 3 + \
		  5 * (UNDERLOCK_VARINT32_MAX + UNDERLOCK_STRING_LIMIT))
#define PLACE_MAX (2 + 4 * UNDERLOCK_VARINT32_MAX + 8 + UNDERLOCK_FRAMES_MAX * UNDERLOCK_VARINT64_MAX)
UNDERLOCK_STATIC_ASSERT(UNDERLOCK_HELD_LIMIT * UNDERLOCK_HELD_RECORD_MAX < UNDERLOCK_CHUNK_SIZE / 2,
			"a full held set leaves half of a chunk to what happens");
UNDERLOCK_STATIC_ASSERT(SITE_MAX <= UNDERLOCK_ROOM_MAX, "lower UNDERLOCK_STRING_LIMIT");
UNDERLOCK_STATIC_ASSERT(PLACE_MAX <= UNDERLOCK_ROOM_MAX, "a fresh chunk takes the deepest stack");

int underlock_define_here(struct underlock_context *c, enum underlock_definition what,
			  void (*payload)(struct underlock_sink *s, const void *from), const void *from)
{
	struct underlock_sink sink = { 0, 0 };
	size_t size;

	payload(&sink, from);
	size = sink.size;
	if (size > UNDERLOCK_ROOM_MAX - 2 - UNDERLOCK_VARINT32_MAX ||
	    !(sink.at = underlock_room(c, 2 + UNDERLOCK_VARINT32_MAX + size)))
		return 0;
	sink.size = 0;
	underlock_sink_byte(&sink, UNDERLOCK_RECORD_DEFINE);
	underlock_sink_byte(&sink, (uint8_t)what);
	underlock_sink_varint(&sink, size);
	payload(&sink, from);
	underlock_publish(c, sink.at + sink.size);
	return 1;
}

int underlock_define(struct underlock_context *c, enum underlock_definition what,
		     void (*payload)(struct underlock_sink *s, const void *from), const void *from)
{
	struct underlock_context *definer;
	int done;

	if (!underlock_shared)
		return underlock_define_here(c, what, payload, from);
	definer = underlock_definer_lock();
	if (!definer)
		return 0;
	done = underlock_define_here(definer, what, payload, from);
	underlock_definer_unlock();
	return done;
}
