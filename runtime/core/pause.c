/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/* Flows that are made to wait until they can deadlock (pause.h). */
#include "pause.h"

#if UNDERLOCK_PAUSES
#include "shared.h"

#define PATIENCE 8u	       /* pauses of an item for nothing; from then on it rests as long as it has paused */
#define MILLISECOND 1000000ull /* of nanoseconds */
#define WRITER_FIRST (50 * MILLISECOND) /* for a writer to begin to wait, before a reader asks */
#define LOOK_AGAIN (2 * MILLISECOND)	/* who is held back */
#define GONE (1000 * MILLISECOND)	/* so long after its deadline, a flow is no more */

enum state { FREE = 0, WAITING = 1, MET = 2, MET_READER = 3 };

static struct underlock_pausing *pausing;
static const struct underlock_pause_plan *plan;

#define FOR_EACH_PAUSED(p) for (p = pausing->paused; p < pausing->paused + UNDERLOCK_PAUSED_MAX; p++)

static uint64_t now(void)
{
	return underlock_port_nanoseconds();
}

static void sleep_for(uint64_t nanoseconds)
{
	const uint64_t end = now() + nanoseconds;
	uint32_t nobody = 0;
	uint64_t at;

	while ((at = now()) < end)
		underlock_port_sleep(&nobody, 0, end - at);
}

static uint32_t state_of(const struct underlock_paused *p)
{
	return __atomic_load_n(&p->state, __ATOMIC_ACQUIRE);
}

/* ---- Who blocks whom. All of this with `pausing` locked. ---- */

static int waits(const struct underlock_paused *p)
{
	return state_of(p) == WAITING;
}

static struct underlock_paused *writer_of(uint64_t lock, const struct underlock_paused *except,
					  const struct underlock_paused *other)
{
	struct underlock_paused *p;

	FOR_EACH_PAUSED(p) {
		if (p != except && p != other && waits(p) && p->lock == lock && p->mode != UNDERLOCK_MODE_SHARED)
			return p;
	}
	return 0;
}

static int ends_what_is_wanted(const struct underlock_paused *w, const struct underlock_paused *other)
{
	const struct underlock_pause_item *item = &plan->items[other->item - 1];

	return item->kind == UNDERLOCK_PAUSE_ENDING && item->ends == w->item;
}

/*
 * Whether `holder` keeps `w` from what it wants. A reader does that to a reader when a writer waits between them, which
 * is in `*writer` then. Who holds a lock and asks for it again, not as a reader, needs nobody else for whatever comes of
 * it.
 */
static int blocks(const struct underlock_paused *w, const struct underlock_paused *holder,
		  struct underlock_paused **writer)
{
	uint32_t at;

	if (ends_what_is_wanted(w, holder))
		return 1;
	for (at = 0; at < holder->held_count; at++) {
		if (holder->held[at].lock != w->lock)
			continue;
		if (w->mode != UNDERLOCK_MODE_SHARED || holder->held[at].mode != UNDERLOCK_MODE_SHARED)
			return w != holder;
		*writer = writer_of(w->lock, w, holder);
		return *writer != 0;
	}
	return 0;
}

/*
 * The shortest way from `first` back to itself, each flow waiting for the next one: their number, and they are in
 * pausing->members. Breadth first.
 */
static uint32_t find_cycle(struct underlock_paused *first)
{
	struct underlock_paused **queue = pausing->queue, **from = pausing->from, *p, *writer;
	uint32_t head = 0, tail = 0, count = 0;

	__builtin_memset(from, 0, sizeof(pausing->from));
	for (queue[tail++] = first; head < tail; head++) {
		FOR_EACH_PAUSED(p) {
			if (!waits(p) || !blocks(queue[head], p, &writer))
				continue;
			if (p == first) {
				for (p = queue[head]; p != first; p = from[p - pausing->paused])
					pausing->members[count++] = p;
				pausing->members[count++] = first;
				return count;
			}
			if (!from[p - pausing->paused]) {
				from[p - pausing->paused] = queue[head];
				queue[tail++] = p;
			}
		}
	}
	return 0;
}

/* Whether somebody who is paused has it. */
static int is_had(uint64_t lock)
{
	struct underlock_paused *p;
	uint32_t at;

	FOR_EACH_PAUSED(p) {
		for (at = 0; waits(p) && at < p->held_count; at++) {
			if (p->held[at].lock == lock)
				return 1;
		}
	}
	return 0;
}

static void let_go(struct underlock_paused *p, enum state how)
{
	uint32_t waiting = WAITING;

	/* Or it has waited long enough by a hair, and goes on by itself now. */
	if (__atomic_compare_exchange_n(&p->state, &waiting, how, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		underlock_port_wake(&p->state);
}

/* Lets the members go; where they are readers, the writers between them first. Each is what the one behind it waits for. */
static void let_all_go(uint32_t count)
{
	struct underlock_paused **members = pausing->members;
	uint32_t at, writer_count = 0;

	for (at = 0; at < count; at++) {
		struct underlock_paused *writer = 0;

		if (blocks(members[at], members[at ? at - 1 : count - 1], &writer) && writer)
			pausing->writers[writer_count++] = writer;
	}
	for (at = 0; at < writer_count; at++)
		let_go(pausing->writers[at], MET);
	for (at = 0; at < count; at++)
		let_go(members[at], writer_count ? MET_READER : MET);
}

static void look_for_cycles(void)
{
	struct underlock_paused *p;
	uint32_t count;

	FOR_EACH_PAUSED(p) {
		if (waits(p) && (count = find_cycle(p)))
			let_all_go(count);
	}
}

/* ---- One flow ---- */

/* A slot for this flow, which a handler may have interrupted in a pause; NULL then, and when there is none. */
static struct underlock_paused *slot_for(const struct underlock_context *c, uint32_t item, uint64_t time)
{
	struct underlock_paused *p, *free = 0;
	uint32_t there = 0;

	FOR_EACH_PAUSED(p) {
		const uint32_t state = state_of(p);

		if (state == FREE || (state == WAITING && time > __atomic_load_n(&p->deadline, __ATOMIC_RELAXED) + GONE))
			free = p;
		else if (p->context == c->number)
			return 0;
		else
			there += state == WAITING && p->item == item;
	}
	return plan->each && there >= plan->each ? 0 : free;
}

static void fill(struct underlock_paused *p, uint32_t item, const struct underlock_context *c,
		 const struct underlock_site *site, uint64_t lock)
{
	uint32_t at;

	p->item = item;
	p->context = c->number;
	p->mode = site->mode;
	p->lock = lock;
	p->held_count = c->held_count;
	for (at = 0; at < c->held_count; at++) {
		p->held[at].lock = c->held[at].lock;
		p->held[at].mode = c->held[at].mode;
	}
}

/* True when nobody has let this flow go in time. */
static int waits_in_vain(struct underlock_paused *p, uint64_t deadline)
{
	uint32_t waiting = WAITING;
	uint64_t time;

	while (waits(p) && (time = now()) < deadline)
		underlock_port_sleep(&p->state, WAITING, deadline - time);
	return __atomic_compare_exchange_n(&p->state, &waiting, FREE, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static void note_in_vain(uint32_t item)
{
	underlock_port_pause_news(item, UNDERLOCK_PAUSE_ALONE);
	if (!underlock_try_hard(&pausing->locked))
		return;
	if (++pausing->in_vain[item - 1] > PATIENCE)
		__atomic_store_n(&pausing->rests_until[item - 1], now() + plan->milliseconds * MILLISECOND,
				 __ATOMIC_RELAXED);
	underlock_unlock(&pausing->locked);
}

static int rests(uint32_t item, uint64_t time)
{
	return time < __atomic_load_n(&pausing->rests_until[item - 1], __ATOMIC_RELAXED);
}

static void pause_at(uint32_t item, const struct underlock_context *c, const struct underlock_site *site, uint64_t lock)
{
	const uint64_t time = now(), deadline = time + plan->milliseconds * MILLISECOND;
	struct underlock_paused *p;
	uint32_t state;

	if (!underlock_try_hard(&pausing->locked))
		return;
	p = plan->items[item - 1].kind == UNDERLOCK_PAUSE_DRAINING && !is_had(lock) ? 0 : slot_for(c, item, time);
	if (p) {
		fill(p, item, c, site, lock);
		__atomic_store_n(&p->deadline, deadline, __ATOMIC_RELAXED);
		__atomic_store_n(&p->state, WAITING, __ATOMIC_RELEASE);
		look_for_cycles();
	}
	underlock_unlock(&pausing->locked);
	if (!p)
		return;
	underlock_port_pause_news(item, UNDERLOCK_PAUSE_ARRIVED);
	if (waits_in_vain(p, deadline)) {
		note_in_vain(item);
		return;
	}
	state = __atomic_exchange_n(&p->state, FREE, __ATOMIC_ACQ_REL);
	underlock_port_pause_news(item, UNDERLOCK_PAUSE_MET);
	if (state == MET_READER)
		sleep_for(WRITER_FIRST);
}

static int all_others_wait(void)
{
	struct underlock_paused *p;
	uint32_t count = 0;

	FOR_EACH_PAUSED(p)
		count += waits(p);
	return count + 1 >= plan->flows;
}

static void hold_back(uint32_t item)
{
	const uint64_t end = now() + plan->milliseconds * MILLISECOND;

	underlock_port_pause_news(item, UNDERLOCK_PAUSE_HELD_BACK);
	while (!all_others_wait()) {
		if (now() >= end) {
			note_in_vain(item);
			return;
		}
		sleep_for(LOOK_AGAIN);
	}
	underlock_port_pause_news(item, UNDERLOCK_PAUSE_ONWARD);
}

void underlock_pause(uint32_t item, const struct underlock_context *c, const struct underlock_site *site, uint64_t lock)
{
	if (rests(item, now()))
		return;
	if (plan->items[item - 1].kind == UNDERLOCK_PAUSE_BACK)
		hold_back(item);
	else
		pause_at(item, c, site, lock);
}

void underlock_pause_start(const struct underlock_pause_plan *the_plan, struct underlock_pausing *memory)
{
	plan = the_plan;
	pausing = memory;
}

#endif
