/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/* The life of a context, and the records that a port writes into it (context.h). */
#include "context.h"
#include "encode.h"
#include "held.h"
#include "living.h"
#include "distinct.h"
#include "place.h"
#include "waiting.h"

uint32_t underlock_frame_limit = 32;
int underlock_pauses;
static uint32_t contexts;   /* the last number given */
static uint64_t total_lost; /* of all contexts */

void underlock_count_lost(struct underlock_context *c)
{
	__atomic_fetch_add(&total_lost, 1, __ATOMIC_RELAXED);
	if (c)
		__atomic_fetch_add(&c->dropped, 1, __ATOMIC_RELAXED);
}

void underlock_context_start(struct underlock_context *c, enum underlock_context_kind kind, uint64_t os_id)
{
	underlock_port_pin();
	c->busy = 1;
	underlock_fence();
	c->kind = (uint8_t)kind;
	c->os_id = os_id;
	c->number = __atomic_add_fetch(&contexts, 1, __ATOMIC_RELAXED);
	c->distinct = underlock_shared && underlock_shared->mode == UNDERLOCK_RECORDING_DISTINCT;
	c->unusual = c->distinct || underlock_pauses;
	/* In a distinct recording, a context that never has anything new to say takes no space. */
	if (!c->distinct)
		underlock_chunk_roll(c);
	underlock_leave(c);
}

static void record_value(struct underlock_context *c, enum underlock_record_kind kind, uint8_t what, uint64_t value)
{
	uint8_t *p = underlock_room(c, UNDERLOCK_TIMED_MAX);

	if (!p) {
		underlock_count_lost(c);
		return;
	}
	p = underlock_put_timed(c, p, kind, underlock_port_ticks_acquire());
	if (kind == UNDERLOCK_RECORD_THREAD)
		*p++ = what;
	underlock_publish(c, underlock_put_varint(p, value));
}

void underlock_thread_record(struct underlock_context *c, enum underlock_thread_record what, uint64_t value)
{
	if (!underlock_enter_to_record(c))
		return;
	c->threads += what == UNDERLOCK_THREAD_FORK || what == UNDERLOCK_THREAD_JOIN;
	if (c->distinct && what == UNDERLOCK_THREAD_START && !c->chunk)
		c->start_token = value;
	else
		record_value(c, UNDERLOCK_RECORD_THREAD, (uint8_t)what, value);
	underlock_leave(c);
}

/* The guard stays taken: to a handler that comes now, this context is at an end already. */
static void finish(struct underlock_context *c)
{
	if (c->chunk)
		underlock_chunk_seal(c);
	c->number = 0;
	underlock_port_unpin();
}

void underlock_context_end(struct underlock_context *c)
{
	if (!underlock_enter(c))
		return;
	underlock_wait_unwind(c, 0);
	if (c->distinct && c->held_count)
		underlock_distinct_snapshot(c, 0);
	if (c->chunk)
		record_value(c, UNDERLOCK_RECORD_THREAD, UNDERLOCK_THREAD_END, 0);
	finish(c);
}

void underlock_context_exit(struct underlock_context *c)
{
	if (!underlock_enter(c))
		return;
	if (c->distinct)
		underlock_distinct_snapshot(c, 0);
	record_value(c, UNDERLOCK_RECORD_EXIT, 0, __atomic_load_n(&total_lost, __ATOMIC_RELAXED));
	finish(c);
}

struct image {
	uint64_t start, end, bias;
	const char *path;
	const void *build_id;
	size_t build_id_size;
};

static void put_image(struct underlock_sink *s, const void *from)
{
	const struct image *image = from;

	underlock_sink_u64(s, image->start);
	underlock_sink_u64(s, image->end);
	underlock_sink_u64(s, image->bias);
	underlock_sink_string(s, image->path);
	underlock_sink_bytes(s, image->build_id, image->build_id_size);
}

void underlock_define_image_inside(struct underlock_context *c, uint64_t start, uint64_t end, uint64_t bias,
				   const char *path, const void *build_id, size_t build_id_size)
{
	struct image image = { start, end, bias, path, build_id, build_id_size };

	if (!underlock_define(c, UNDERLOCK_DEFINE_IMAGE, put_image, &image))
		underlock_count_lost(c);
}

void underlock_define_image(struct underlock_context *c, uint64_t start, uint64_t end, uint64_t bias, const char *path,
			    const void *build_id, size_t build_id_size)
{
	if (!underlock_enter_to_record(c))
		return;
	underlock_define_image_inside(c, start, end, bias, path, build_id, build_id_size);
	underlock_leave(c);
}

static void put_name(struct underlock_sink *s, const void *from)
{
	underlock_sink_string(s, from);
}

void underlock_define_name(struct underlock_context *c, const char *name)
{
	size_t at;

	if (!underlock_enter_to_record(c))
		return;
	for (at = 0; at < UNDERLOCK_NAME_MAX - 1 && name[at]; at++)
		c->name[at] = name[at];
	c->name[at] = 0;
	if ((c->chunk || !c->distinct) && !underlock_define_here(c, UNDERLOCK_DEFINE_CONTEXT, put_name, name))
		underlock_count_lost(c);
	underlock_leave(c);
}

void underlock_introduce(struct underlock_context *c)
{
	uint64_t token = c->start_token;

	if (c->name[0])
		underlock_define_here(c, UNDERLOCK_DEFINE_CONTEXT, put_name, c->name);
	c->start_token = 0;
	if (token)
		record_value(c, UNDERLOCK_RECORD_THREAD, UNDERLOCK_THREAD_START, token);
}

static void put_clock(struct underlock_sink *s, const void *from)
{
	const uint64_t *reading = from;

	underlock_sink_u64(s, reading[0]);
	underlock_sink_u64(s, reading[1]);
}

void underlock_define_clock(struct underlock_context *c, uint64_t ticks, uint64_t nanoseconds)
{
	const uint64_t reading[2] = { ticks, nanoseconds };

	if (!underlock_enter_to_record(c))
		return;
	if (!underlock_define(c, UNDERLOCK_DEFINE_CLOCK, put_clock, reading))
		underlock_count_lost(c);
	underlock_leave(c);
}

struct exec {
	uint64_t lost;
	const char *program;
};

static void put_exec(struct underlock_sink *s, const void *from)
{
	const struct exec *exec = from;

	underlock_sink_varint(s, exec->lost);
	underlock_sink_string(s, exec->program);
}

void underlock_define_exec(struct underlock_context *c, const char *program)
{
	const struct exec exec = { __atomic_load_n(&total_lost, __ATOMIC_RELAXED), program };

	if (!underlock_enter_to_record(c))
		return;
	if (!underlock_define_here(c, UNDERLOCK_DEFINE_EXEC, put_exec, &exec))
		underlock_count_lost(c);
	underlock_leave(c);
}

static void put_token(struct underlock_sink *s, const void *from)
{
	underlock_sink_varint(s, *(const uint64_t *)from);
}

void underlock_define_unborn(struct underlock_context *c, uint64_t token)
{
	if (!underlock_enter_to_record(c))
		return;
	if (!underlock_define_here(c, UNDERLOCK_DEFINE_UNBORN, put_token, &token))
		underlock_count_lost(c);
	underlock_leave(c);
}

void underlock_inherit_held(struct underlock_context *c, const struct underlock_held *held, uint32_t count)
{
	uint32_t at;

	if (!underlock_enter_to_record(c))
		return;
	for (at = 0; at < count; at++) {
		/* The id cell is the one part of a site that is written; held.h keeps the rest const. */
		uint32_t site = underlock_site_number(c, (struct underlock_site *)(uintptr_t)held[at].site);
		uint32_t place = site ? underlock_place_find(c, site, 0, site) : 0;
		uint8_t *p = place ? underlock_room(c, UNDERLOCK_TIMED_MAX) : 0;

		if (c->distinct) {
			/* Shown by the snapshots of what happens next. */
		} else if (p) {
			p = underlock_put_timed(c, p, UNDERLOCK_RECORD_ACQUIRED, underlock_port_ticks_acquire());
			p = underlock_put_lock(c, p, held[at].lock);
			underlock_publish(c, underlock_put_varint(p, place));
		} else {
			underlock_count_lost(c);
		}
		underlock_living_note(c, held[at].lock);
		underlock_hold(c, held[at].lock, held[at].site, place);
	}
	underlock_leave(c);
}

void underlock_finish_file_header(struct underlock_file_header *header, uint64_t start_ticks)
{
	header->magic = UNDERLOCK_FILE_MAGIC;
	header->version = UNDERLOCK_TRACE_VERSION;
	header->header_size = UNDERLOCK_HEADER_SIZE;
	header->chunk_size = UNDERLOCK_CHUNK_SIZE;
	header->frame_limit = underlock_frame_limit;
	header->mode = underlock_shared ? underlock_shared->mode : UNDERLOCK_RECORDING_EVERYTHING;
	header->ring_chunks = underlock_shared ? underlock_shared->ring_limit : 0;
	header->start_ticks = start_ticks;
	header->checksum = underlock_checksum(header, __builtin_offsetof(struct underlock_file_header, checksum));
}
