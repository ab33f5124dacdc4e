/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Reports of ThreadSanitizer, into the trace of the thread that came to them (tsan/report.h). That it runs at all is said
 * first, in a forked child's trace too: an analyzer then keeps what reports will ask for.
 */
#include "../tsan/report.h"
#include "process.h"
#include "distinct.h"
#include "encode.h"

#define EXPORT __attribute__((visibility("default")))
#define REPORTS_MAX 1000u /* of a process, a forked child begins anew; more of them are counted as lost */

static int present;

struct timed_report {
	uint64_t ticks;
	int distinct;
	const struct underlock_tsan_report *report;
};

static void put_stack(struct underlock_sink *s, const struct underlock_tsan_stack *stack)
{
	uint32_t at;

	underlock_sink_varint(s, stack->count);
	for (at = 0; at < stack->count; at++) {
		if (at)
			underlock_sink_svarint(s, (int64_t)(stack->frames[at] - stack->frames[at - 1]));
		else
			underlock_sink_u64(s, stack->frames[0]);
	}
}

static void put_held(struct underlock_sink *s, const struct underlock_tsan_report *r, uint32_t access)
{
	uint32_t at, count = r->accesses[access].held_count;

	underlock_sink_varint(s, r->accesses[access].held_known ? count + 1 : 0);
	for (at = 0; r->accesses[access].held_known && at < count; at++) {
		underlock_sink_varint(s, r->accesses[access].held[at].lock);
		underlock_sink_byte(s, (uint8_t)r->accesses[access].held[at].shared);
	}
}

static void put_report(struct underlock_sink *s, const void *from)
{
	const struct timed_report *timed = from;
	const struct underlock_tsan_report *r = timed->report;
	uint32_t at;

	underlock_sink_u64(s, timed->ticks);
	underlock_sink_string(s, r ? r->what : "");
	if (!r)
		return;
	underlock_sink_varint(s, r->access_count);
	for (at = 0; at < r->access_count; at++) {
		underlock_sink_varint(s, r->accesses[at].thread);
		underlock_sink_u64(s, r->accesses[at].address);
		underlock_sink_varint(s, r->accesses[at].size);
		underlock_sink_byte(s, r->accesses[at].flags);
		put_held(s, r, at);
		put_stack(s, &r->accesses[at].stack);
	}
	underlock_sink_varint(s, r->lock_count);
	for (at = 0; at < r->lock_count; at++) {
		underlock_sink_u64(s, timed->distinct ? underlock_distinct_lock(r->locks[at].lock) : r->locks[at].lock);
		put_stack(s, &r->locks[at].stack);
	}
	underlock_sink_varint(s, r->place_count);
	for (at = 0; at < r->place_count; at++) {
		underlock_sink_varint(s, r->places[at].thread);
		put_stack(s, &r->places[at].stack);
	}
	underlock_sink_string(s, r->memory);
	underlock_sink_u64(s, r->memory_start);
	underlock_sink_varint(s, r->memory_size);
	put_stack(s, &r->memory_stack);
}

static void record(struct underlock_context *c, const struct underlock_tsan_report *report)
{
	struct timed_report timed = { underlock_port_ticks_acquire(), underlock_is_distinct(c), report };

	if (!underlock_define_here(c, UNDERLOCK_DEFINE_TSAN, put_report, &timed))
		underlock_count_lost(c);
}

void underlock_posix_say_tsan(struct underlock_context *c)
{
	if (!present || !underlock_enter_to_record(c))
		return;
	record(c, 0);
	underlock_leave(c);
}

EXPORT void __underlock_v1_tsan_report(const struct underlock_tsan_report *report)
{
	struct underlock_context *c = underlock_port_context();

	if (!report) {
		present = 1;
		underlock_posix_say_tsan(c);
		return;
	}
	if (!underlock_enter_to_record(c))
		return;
	if (__atomic_add_fetch(&underlock_posix_process->tsan_reports, 1, __ATOMIC_RELAXED) > REPORTS_MAX) {
		underlock_count_lost(c);
	} else {
		if (underlock_is_distinct(c))
			underlock_distinct_snapshot(c, 0);
		record(c, report);
	}
	underlock_leave(c);
}
