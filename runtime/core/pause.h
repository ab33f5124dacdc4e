/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * Pausing flows at the places of a finding, to make happen what it assumes (`underlock confirm`; the idea is that of
 * Joshi, Park, Sen, Naik, "A randomized dynamic program analysis technique for detecting real deadlocks", PLDI 2009).
 *
 * Who is paused holds locks and is about to ask for one more, or for what is no lock; once each of some paused flows
 * wants what the next one holds, all of these go on, and wait for each other. It is the locks themselves that are
 * compared, so whoever meets so has met for good; and a pause is never long.
 *
 * The plan is one line, so that it can stand on a kernel's command line: numbers and items with commas between.
 *     MILLISECONDS  how long a flow is paused at most
 *     FLOWS         of the cycle
 *     EACH          so many are paused at one item at a time; 0: any number
 *     w:SITE:SITE   wanting: a flow at the first site that holds what it took at the second one is in place
 *     d:SITE:SITE   draining: the same, of who waits for references: it is paused only where who has one is, since
 *                   nobody gets one any more by then, and most often nobody has
 *     r:SITE        writing: as wanting, whatever it holds: its wait for a lock makes later readers wait
 *     e:SITE:N      ending: as writing; and until it goes on, what is waited for at item N does not come
 *     b:SITE        back: who comes here waits until all flows of the cycle but one are in place
 * A SITE is LINE.HASH: its line, and 16 hex digits of 64-bit FNV-1a over its column (4 bytes, the lowest first), its
 * function, its file, as they stand in its record, each with a NUL behind. So a plan fits every build that has the place.
 */
#ifndef UNDERLOCK_CORE_PAUSE_H
#define UNDERLOCK_CORE_PAUSE_H

#include "context.h"

#if UNDERLOCK_PAUSES

#define UNDERLOCK_PAUSE_ITEMS 64u
#define UNDERLOCK_PAUSED_MAX 64u /* flows at a time; more of them are not paused */

enum underlock_pause_kind {
	UNDERLOCK_PAUSE_WANTING = 1,
	UNDERLOCK_PAUSE_DRAINING = 2,
	UNDERLOCK_PAUSE_WRITING = 3,
	UNDERLOCK_PAUSE_ENDING = 4,
	UNDERLOCK_PAUSE_BACK = 5,
};

struct underlock_pause_site {
	uint32_t line;
	uint64_t hash;
};

struct underlock_pause_item {
	enum underlock_pause_kind kind;
	uint32_t ends; /* ENDING: another item, counted from 1 */
	struct underlock_pause_site at;
	struct underlock_pause_site held; /* WANTING, DRAINING */
};

struct underlock_pause_plan {
	uint32_t milliseconds, flows, each, count;
	struct underlock_pause_item items[UNDERLOCK_PAUSE_ITEMS];
};

/* The words of the log, in the order of enum underlock_pause_news. */
#define UNDERLOCK_PAUSE_WORDS {"arrived", "alone", "met", "back", "onward"}
enum underlock_pause_news {
	UNDERLOCK_PAUSE_ARRIVED, /* it is paused */
	UNDERLOCK_PAUSE_ALONE,	 /* nobody came in time */
	UNDERLOCK_PAUSE_MET,	 /* it goes on, all being in place */
	UNDERLOCK_PAUSE_HELD_BACK,
	UNDERLOCK_PAUSE_ONWARD,	 /* … and not any more, all others being in place */
};

struct underlock_paused {
	uint32_t state; /* its flow sleeps on it */
	uint32_t item, context, mode;
	uint64_t lock, deadline;
	uint32_t held_count;
	struct {
		uint64_t lock;
		uint32_t mode;
	} held[UNDERLOCK_HELD_LIMIT];
};

/* Zeroed memory. A port whose process can be copied sees to it that it reads as zeros there: nobody is paused there. */
struct underlock_pausing {
	uint32_t locked;
	uint32_t in_vain[UNDERLOCK_PAUSE_ITEMS];
	uint64_t rests_until[UNDERLOCK_PAUSE_ITEMS];
	struct underlock_paused paused[UNDERLOCK_PAUSED_MAX];

	/* Scratch of the search for cycles: too much for a kernel's stack. */
	struct underlock_paused *queue[UNDERLOCK_PAUSED_MAX], *from[UNDERLOCK_PAUSED_MAX];
	struct underlock_paused *members[UNDERLOCK_PAUSED_MAX], *writers[UNDERLOCK_PAUSED_MAX];
};

/* pause_plan.c. NULL when the text was understood, else where it was not. A newline may end it. */
const char *underlock_pause_read(struct underlock_pause_plan *plan, const char *text);

/* The item that fits what the context is about to do, counted from 1; 0: none. */
uint32_t underlock_pause_item(const struct underlock_pause_plan *plan, const struct underlock_context *c,
			      const struct underlock_site *site);

/* Before the first underlock_pause(). Both stay. */
void underlock_pause_start(const struct underlock_pause_plan *plan, struct underlock_pausing *memory);

/* The work of underlock_port_pause(): the flow is at the item, and may sleep. */
void underlock_pause(uint32_t item, const struct underlock_context *c, const struct underlock_site *site, uint64_t lock);

/* What a port gives for it. */
uint64_t underlock_port_nanoseconds(void); /* of a clock that never stands still */
/* Sleeps until another flow has changed the word, or for so long, or less. */
void underlock_port_sleep(uint32_t *word, uint32_t value, uint64_t nanoseconds);
void underlock_port_wake(uint32_t *word);
/* For the log. Called where a flow may sleep, and with nothing locked. */
void underlock_port_pause_news(uint32_t item, enum underlock_pause_news news);

#endif
#endif
