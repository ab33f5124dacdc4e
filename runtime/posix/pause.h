/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Pausing threads at the places of a finding, to make happen what it assumes (`underlock confirm`; the idea is that of
 * Joshi, Park, Sen, Naik, "A randomized dynamic program analysis technique for detecting real deadlocks", PLDI 2009).
 *
 * The plan, UNDERLOCK=…,pause=FILE, is text: a line for each item, its fields separated by tabs. A site is four fields,
 * its line, column, function and file, as they stand in its record; so a plan fits every build that has these places.
 *     milliseconds  N     how long a thread is paused at most
 *     threads       N     of the cycle: so many have to be in place
 *     wanting   SITE SITE a thread at the first site, holding a lock that it took at the second one, is in place
 *     writing   SITE      the same, whatever it holds: its wait for a lock makes later readers wait
 *     back      SITE      who comes here waits until all threads of the cycle but one are in place
 *
 * Each process writes what happens to FILE.log, a line each: its id, the thread's, which item it is about (counted from
 * 1, settings not counted), and a word: arrived, alone (nobody came in time), met (let go, all being in place), back,
 * onward.
 */
#ifndef UNDERLOCK_POSIX_PAUSE_H
#define UNDERLOCK_POSIX_PAUSE_H

#include "process.h"

#define UNDERLOCK_PAUSE_ITEMS 64u

enum underlock_pause_kind {
	UNDERLOCK_PAUSE_WANTING = 1,
	UNDERLOCK_PAUSE_WRITING = 2,
	UNDERLOCK_PAUSE_BACK = 3,
};

struct underlock_pause_site {
	uint32_t line, column;
	const char *function, *file;
};

struct underlock_pause_item {
	enum underlock_pause_kind kind;
	struct underlock_pause_site at;
	struct underlock_pause_site held; /* WANTING */
};

struct underlock_pause_plan {
	uint32_t milliseconds, threads, count;
	struct underlock_pause_item items[UNDERLOCK_PAUSE_ITEMS];
};

/* pause_plan.c. A file that is none ends the program, and it is said. */
void underlock_posix_read_plan(const char *path, struct underlock_pause_plan *plan);

/* The item that fits what the context is about to do, counted from 1; 0: none. */
uint32_t underlock_posix_planned(const struct underlock_pause_plan *plan, const struct underlock_context *c,
				 const struct underlock_site *site);

#endif
