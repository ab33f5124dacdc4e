/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/* The hook ABI (underlock/hooks.h), and the query of underlock/underlock.h: what instrumented code calls. */
#include "underlock/underlock.h"
#include "distinct.h"
#include "encode.h"
#include "held.h"
#include "living.h"
#include "owner.h"
#include "place.h"
#include "waiting.h"

#define EXPORT __attribute__((visibility("default")))

/* What the few hooks on the way of every acquisition share: as one piece, so that little is looked at twice. */
#define HOT static inline __attribute__((always_inline))

/* The hook's own frame: the first step of every stack, and the depth at which a wait began. */
#define HOOK_FRAME ((uintptr_t)__builtin_frame_address(0))

static inline uint64_t address(const void *lock)
{
	return (uint64_t)(uintptr_t)lock;
}

/*
 * Whether a distinct recording leaves this record out, as one whose like it has. If not, what the context holds is
 * written before it. `where` is the record's place or site.
 */
static int is_known(struct underlock_context *c, enum underlock_record_kind kind, uint32_t where, uint64_t lock)
{
	if (!underlock_distinct_new(c, kind, where, lock, 1))
		return 1;
	underlock_distinct_snapshot(c, lock);
	return 0;
}

static inline uint64_t named(const struct underlock_context *c, uint64_t lock)
{
	return underlock_is_distinct(c) ? underlock_distinct_lock(lock) : lock;
}

/*
 * In all records the room comes before the clock: a chunk that has to be changed in between would begin after a time
 * read earlier. `place` 0 is one that could not be defined, or an acquisition that began while nothing was recorded.
 */
HOT void write_held(struct underlock_context *c, enum underlock_record_kind kind, uint64_t lock, uint32_t place, int at_once)
{
	uint8_t *p;

	if (underlock_is_distinct(c) && place && is_known(c, kind, place, lock))
		return;
	p = place ? underlock_room(c, UNDERLOCK_TIMED_MAX) : 0;
	if (underlock_unlikely(!p)) {
		underlock_count_lost(c);
		return;
	}
	p = underlock_put_timed(c, p, kind, at_once ? underlock_port_ticks_release() : underlock_port_ticks_acquire());
	p = underlock_put_lock(c, p, named(c, lock));
	p = underlock_put_varint(p, place);
	underlock_publish(c, p);
}

HOT void record_held(struct underlock_context *c, enum underlock_record_kind kind, struct underlock_site *site,
			       uint64_t lock, uint32_t place, uintptr_t frame)
{
	const int at_once = kind == UNDERLOCK_RECORD_ACQUIRED && underlock_owner_is(c, lock, site->mode);

	if (!at_once) /* else it was noted when this context took it last, and has not died since */
		underlock_living_note(c, lock);
	if (underlock_unlikely(!place))
		place = underlock_place_take(c, site, frame);
	write_held(c, kind, lock, place, at_once);
	if (kind == UNDERLOCK_RECORD_ACQUIRED)
		underlock_hold(c, lock, site, place);
}

/* What a distinct recording makes of a record that has no stack. True: it is not to be written. */
static int distinct_at_site(struct underlock_context *c, enum underlock_record_kind kind, uint32_t number, uint64_t lock)
{
	switch (kind) {
	case UNDERLOCK_RECORD_RELEASED:
		/* Of releases, only those that go wrong say anything. */
		return underlock_is_held(c, lock) || is_known(c, kind, number, lock);
	case UNDERLOCK_RECORD_PHASE_END:
		c->phases -= c->phases > 0;
		underlock_distinct_snapshot(c, 0);
		return 0;
	case UNDERLOCK_RECORD_NAME:
		underlock_distinct_name(c, lock, number);
		return 1;
	case UNDERLOCK_RECORD_DESTROY:
		/* Of ends, only that of a lock which is held says anything. */
		if (underlock_is_held(c, lock) && !is_known(c, kind, number, lock))
			return 0;
		underlock_distinct_birth(c, lock, 0);
		return 1;
	default:
		underlock_distinct_birth(c, lock, number);
		return 1;
	}
}

HOT void record_at_site(struct underlock_context *c, enum underlock_record_kind kind,
				  struct underlock_site *site, uint64_t lock)
{
	uint32_t number = underlock_site_number(c, site);
	uint8_t *p;

	if (kind == UNDERLOCK_RECORD_INIT || kind == UNDERLOCK_RECORD_NAME)
		underlock_living_note(c, lock);
	else if (kind == UNDERLOCK_RECORD_DESTROY)
		underlock_living_remove(lock);
	if (kind == UNDERLOCK_RECORD_INIT || kind == UNDERLOCK_RECORD_DESTROY)
		underlock_owner_forget(lock);
	if (underlock_is_distinct(c) && number && distinct_at_site(c, kind, number, lock))
		return;
	p = number ? underlock_room(c, UNDERLOCK_TIMED_MAX) : 0;
	if (underlock_unlikely(!p)) {
		underlock_count_lost(c);
		return;
	}
	p = underlock_put_timed(c, p, kind, underlock_port_ticks_release());
	if (kind != UNDERLOCK_RECORD_PHASE_END)
		p = underlock_put_lock(c, p, named(c, lock));
	p = underlock_put_varint(p, number);
	underlock_publish(c, p);
}

static int distinct_event(struct underlock_context *c, enum underlock_record_kind kind, uint32_t place)
{
	if (kind == UNDERLOCK_RECORD_EVENT)
		return is_known(c, kind, place, 0);
	c->phases++;
	underlock_distinct_snapshot(c, 0);
	return 0;
}

static inline void record_event(struct underlock_context *c, enum underlock_record_kind kind, struct underlock_site *site,
				uintptr_t frame, uint32_t count, const uint64_t *objects)
{
	uint32_t place = underlock_place_take(c, site, frame);
	uint8_t *p;
	uint32_t at;

	underlock_wait_passed(c, frame, 0);
	if (underlock_is_distinct(c) && place && distinct_event(c, kind, place))
		return;
	p = place ? underlock_room(c, UNDERLOCK_TIMED_MAX) : 0;
	if (underlock_unlikely(!p)) {
		underlock_count_lost(c);
		return;
	}
	p = underlock_put_timed(c, p, kind, underlock_port_ticks_acquire());
	p = underlock_put_varint(p, place);
	if (kind == UNDERLOCK_RECORD_EVENT) {
		p = underlock_put_varint(p, count);
		for (at = 0; at < count; at++)
			p = underlock_put_varint(p, objects[at]);
	}
	underlock_publish(c, p);
}

void underlock_wait_unwind(struct underlock_context *c, uint32_t keep)
{
	while (c->wait_count > keep) {
		const struct underlock_wait wait = c->waits[--c->wait_count];

		if (wait.site)
			record_held(c, UNDERLOCK_RECORD_ACQUIRED, wait.site, wait.lock, wait.place, HOOK_FRAME);
	}
	underlock_wait_show(c);
}

/* It may never get the lock. Then a distinct recording has to say what it holds, unless its like was said before. */
static inline void snapshot_before_wait(struct underlock_context *c, uint64_t lock, uint32_t place)
{
	if (underlock_is_distinct(c) && place && underlock_distinct_new(c, UNDERLOCK_RECORD_ACQUIRED, place, lock, 0))
		underlock_distinct_snapshot(c, lock);
}

/* What is rare in begin(), behind one look at `c->unusual`: a pause, outside of the guard; and a distinct recording. */
static __attribute__((__noinline__)) void begin_unusually(struct underlock_context *c, struct underlock_site *site, uint64_t lock,
						      uint32_t place)
{
#if UNDERLOCK_PAUSES
	if (underlock_pauses) {
		underlock_leave(c);
		underlock_port_pause(c, site, lock);
		underlock_enter(c);
	}
#else
	(void)site;
#endif
	snapshot_before_wait(c, lock, place);
}

EXPORT uint32_t __underlock_v1_begin(struct underlock_site *site, const void *lock)
{
	struct underlock_context *c = underlock_port_context();
	uint32_t place;

	if (underlock_unlikely(!underlock_enter(c)))
		return 0;
	place = underlock_place_take(c, site, HOOK_FRAME);
	if (underlock_unlikely(c->unusual))
		begin_unusually(c, site, address(lock), place);
	underlock_wait_begin(c, address(lock), 0, place, HOOK_FRAME);
	underlock_leave(c);
	return place;
}

EXPORT uint32_t __underlock_v1_try(struct underlock_site *site, const void *lock)
{
	struct underlock_context *c = underlock_port_context();
	uint32_t place;

	(void)lock;
	if (underlock_unlikely(!underlock_enter(c)))
		return 0;
	place = underlock_place_take(c, site, HOOK_FRAME);
	underlock_wait_passed(c, HOOK_FRAME, 0);
	underlock_leave(c);
	return place;
}

EXPORT void __underlock_v1_acquired(struct underlock_site *site, const void *lock, uint32_t place)
{
	struct underlock_context *c = underlock_port_context();

	if (underlock_unlikely(!underlock_enter_to_record(c)))
		return;
	underlock_wait_end(c, address(lock), place);
	record_held(c, UNDERLOCK_RECORD_ACQUIRED, site, address(lock), place, HOOK_FRAME);
	underlock_leave(c);
}

EXPORT void __underlock_v1_failed(struct underlock_site *site, const void *lock, uint32_t place)
{
	struct underlock_context *c = underlock_port_context();

	if (underlock_unlikely(!underlock_enter_to_record(c)))
		return;
	underlock_wait_end(c, address(lock), place);
	record_held(c, UNDERLOCK_RECORD_FAILED, site, address(lock), place, HOOK_FRAME);
	underlock_leave(c);
}

EXPORT void __underlock_v1_awaited(struct underlock_site *site, const void *object, uint32_t place)
{
	struct underlock_context *c = underlock_port_context();

	if (underlock_unlikely(!underlock_enter_to_record(c)))
		return;
	underlock_wait_end(c, address(object), place);
	underlock_living_note(c, address(object));
	if (underlock_unlikely(!place))
		place = underlock_place_take(c, site, HOOK_FRAME);
	write_held(c, UNDERLOCK_RECORD_ACQUIRED, address(object), place, 0);
	underlock_leave(c);
}

EXPORT void __underlock_v1_signal(struct underlock_site *site, const void *object)
{
	struct underlock_context *c = underlock_port_context();

	if (underlock_unlikely(!underlock_enter_to_record(c)))
		return;
	underlock_wait_passed(c, HOOK_FRAME, 0);
	underlock_living_note(c, address(object));
	write_held(c, UNDERLOCK_RECORD_ACQUIRED, address(object), underlock_place_take(c, site, HOOK_FRAME), 1);
	underlock_leave(c);
}

EXPORT void __underlock_v1_release(struct underlock_site *site, const void *lock)
{
	struct underlock_context *c = underlock_port_context();

	if (underlock_unlikely(!underlock_enter_to_record(c)))
		return;
	underlock_wait_left(c, address(lock), HOOK_FRAME);
	record_at_site(c, UNDERLOCK_RECORD_RELEASED, site, address(lock));
	if (underlock_unlikely(!underlock_drop(c, address(lock))))
		underlock_owner_forget(address(lock));
	underlock_leave(c);
}

/* The note of waiting carries a place whose site is a WAIT: it waits for a signal first, and for the lock then. */
EXPORT uint32_t __underlock_v1_wait(struct underlock_site *site, const void *lock)
{
	struct underlock_context *c = underlock_port_context();
	uint32_t place;

	if (underlock_unlikely(!underlock_enter_to_record(c)))
		return 0;
	place = underlock_place_take(c, site, HOOK_FRAME);
	underlock_wait_left(c, address(lock), HOOK_FRAME);
	record_at_site(c, UNDERLOCK_RECORD_RELEASED, site, address(lock));
	if (underlock_unlikely(!underlock_drop(c, address(lock))))
		underlock_owner_forget(address(lock));
	snapshot_before_wait(c, address(lock), place);
	underlock_wait_begin(c, address(lock), site, place, HOOK_FRAME);
	underlock_leave(c);
	return place;
}

EXPORT void __underlock_v1_init(struct underlock_site *site, const void *lock)
{
	struct underlock_context *c = underlock_port_context();

	if (underlock_unlikely(!underlock_enter_to_record(c)))
		return;
	underlock_wait_passed(c, HOOK_FRAME, 0);
	record_at_site(c, UNDERLOCK_RECORD_INIT, site, address(lock));
	underlock_leave(c);
}

EXPORT void __underlock_v1_destroy(struct underlock_site *site, const void *lock)
{
	struct underlock_context *c = underlock_port_context();

	if (underlock_unlikely(!underlock_enter_to_record(c)))
		return;
	underlock_wait_passed(c, HOOK_FRAME, 0);
	record_at_site(c, UNDERLOCK_RECORD_DESTROY, site, address(lock));
	underlock_leave(c);
}

#if UNDERLOCK_LIVING
/* What lies there next is another lock, so nobody holds it. */
static void die(struct underlock_context *c, struct underlock_site *site, uint64_t lock)
{
	uint32_t at;

	record_at_site(c, UNDERLOCK_RECORD_DESTROY, site, lock);
	for (at = c->held_count; at-- > 0;) {
		if (c->held[at].lock == lock)
			underlock_drop(c, lock);
	}
}

EXPORT void __underlock_v1_free(struct underlock_site *site, const void *memory, uint64_t size)
{
	const uint64_t start = address(memory);
	struct underlock_context *c;
	uint64_t end, lock;

	if (!memory)
		return;
	if (size >= UNDERLOCK_SIZE_OF_NEW)
		size = underlock_port_block_size(memory, size);
	if (size >= UNDERLOCK_SIZE_NONE)
		return;
	end = start + size < start ? ~0ull : start + size;
	lock = underlock_living_next(start, end);
	if (underlock_likely(lock == end))
		return;
	c = underlock_port_context();
	if (underlock_unlikely(!underlock_enter_to_record(c)))
		return;
	for (; lock != end; lock = underlock_living_next(lock + 4, end))
		die(c, site, lock);
	underlock_leave(c);
}
#endif

EXPORT void __underlock_v1_name(struct underlock_site *site, const void *lock)
{
	struct underlock_context *c = underlock_port_context();

	if (underlock_unlikely(!underlock_enter_to_record(c)))
		return;
	record_at_site(c, UNDERLOCK_RECORD_NAME, site, address(lock));
	underlock_leave(c);
}

EXPORT void __underlock_v1_event(struct underlock_site *site, uint32_t count, uint64_t object0, uint64_t object1,
				 uint64_t object2, uint64_t object3)
{
	struct underlock_context *c = underlock_port_context();
	uint64_t objects[UNDERLOCK_OBJECTS] = { object0, object1, object2, object3 };

	if (underlock_unlikely(!underlock_enter_to_record(c)))
		return;
	if (count > UNDERLOCK_OBJECTS)
		count = UNDERLOCK_OBJECTS;
	record_event(c, UNDERLOCK_RECORD_EVENT, site, HOOK_FRAME, count, objects);
	underlock_leave(c);
}

EXPORT void __underlock_v1_phase_begin(struct underlock_site *site)
{
	struct underlock_context *c = underlock_port_context();

	if (underlock_unlikely(!underlock_enter_to_record(c)))
		return;
	record_event(c, UNDERLOCK_RECORD_PHASE_BEGIN, site, HOOK_FRAME, 0, 0);
	underlock_leave(c);
}

struct title {
	uint32_t count;
	const char *parts[UNDERLOCK_TITLE_PARTS];
};

/* The parts with a dot between them, as one string that is cut like any other. */
static void put_title(struct underlock_sink *s, const void *from)
{
	const struct title *title = from;
	char text[UNDERLOCK_STRING_LIMIT];
	size_t size = 0, at;
	uint32_t part;

	for (part = 0; part < title->count; part++) {
		const char *p = title->parts[part];

		if (part && size < sizeof(text))
			text[size++] = '.';
		for (at = 0; p && p[at] && size < sizeof(text); at++)
			text[size++] = p[at];
	}
	underlock_sink_bytes(s, text, size);
}

EXPORT void __underlock_v1_phase_titled(struct underlock_site *site, uint32_t count, const char *part0, const char *part1)
{
	struct underlock_context *c = underlock_port_context();
	const struct title title = { count < UNDERLOCK_TITLE_PARTS ? count : UNDERLOCK_TITLE_PARTS, { part0, part1 } };

	if (underlock_unlikely(!underlock_enter_to_record(c)))
		return;
	if (!underlock_define_here(c, UNDERLOCK_DEFINE_TITLE, put_title, &title))
		underlock_count_lost(c);
	record_event(c, UNDERLOCK_RECORD_PHASE_BEGIN, site, HOOK_FRAME, 0, 0);
	underlock_leave(c);
}

EXPORT void __underlock_v1_phase_end(struct underlock_site *site)
{
	struct underlock_context *c = underlock_port_context();

	if (underlock_unlikely(!underlock_enter_to_record(c)))
		return;
	record_at_site(c, UNDERLOCK_RECORD_PHASE_END, site, 0);
	underlock_leave(c);
}

/* Inside the guard the held set may be half changed: a handler that asks then gets no answer. */
EXPORT enum underlock_answer underlock_holds(const void *lock)
{
	struct underlock_context *c = underlock_port_context();
	enum underlock_answer answer = UNDERLOCK_NOT_HELD;
	uint32_t at;

	if (!underlock_enter(c))
		return UNDERLOCK_UNKNOWN;
	for (at = 0; at < c->held_count && answer != UNDERLOCK_HELD; at++) {
		if (c->held[at].lock == address(lock))
			answer = c->held[at].mode == UNDERLOCK_MODE_SHARED ? UNDERLOCK_HELD_SHARED : UNDERLOCK_HELD;
	}
	if (answer == UNDERLOCK_NOT_HELD && c->held_missed)
		answer = UNDERLOCK_UNKNOWN;
	/* In a handler during such a wait it is not held; where the wait was cancelled it is. */
	for (at = 0; at < c->wait_count && answer == UNDERLOCK_NOT_HELD; at++) {
		if (c->waits[at].site && c->waits[at].lock == address(lock))
			answer = UNDERLOCK_UNKNOWN;
	}
	underlock_leave(c);
	return answer;
}
