/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/* The definition of a place, when its context meets it first (place.h). */
#include "place.h"
#include "encode.h"
#include "shared.h"

struct definition {
	const uint64_t *frames;
	uint32_t number, site, count;
};

static void put_place(struct underlock_sink *s, const void *from)
{
	const struct definition *place = from;
	uint32_t at;

	underlock_sink_varint(s, place->number);
	underlock_sink_varint(s, place->site);
	underlock_sink_varint(s, place->count);
	for (at = 0; at < place->count; at++) {
		if (at)
			underlock_sink_svarint(s, (int64_t)(place->frames[at] - place->frames[at - 1]));
		else
			underlock_sink_u64(s, place->frames[0]);
	}
}

int underlock_place_write(struct underlock_context *c, uint32_t number, uint32_t site, const uint64_t *frames,
			  uint32_t count)
{
	struct definition place = { frames, number, site, count };

	return underlock_define_here(c, UNDERLOCK_DEFINE_PLACE, put_place, &place);
}

static uint32_t own_place(struct underlock_context *c, uint32_t site, uint32_t count)
{
	if (!underlock_place_write(c, c->last_place + 1, site, c->frames, count))
		return 0;
	return ++c->last_place;
}

uint32_t underlock_place_define(struct underlock_context *c, uint32_t site, uint32_t count, uint64_t hash)
{
	struct underlock_place *bucket = c->places[(hash >> 32) & (UNDERLOCK_PLACE_BUCKETS - 1)];
	uint32_t number;

	if (count)
		underlock_walk_frames(c);
	underlock_port_new_stack(c, count);
	number = underlock_shared ? underlock_shared_place(c, site, count, hash) : own_place(c, site, count);

	if (!number)
		return 0;
	bucket[1] = bucket[0];
	bucket[0].hash = hash;
	bucket[0].number = number;
	return number;
}
