/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A report of ThreadSanitizer on its way into the trace: from the object beside ThreadSanitizer's runtime, which asks for
 * it (report.c), to the port, which writes it (posix/tsan.c). What the fields mean is in underlock/trace.h, DEFINE TSAN.
 */
#ifndef UNDERLOCK_TSAN_REPORT_H
#define UNDERLOCK_TSAN_REPORT_H

#include <stdint.h>

#define UNDERLOCK_TSAN_FRAMES 32u
#define UNDERLOCK_TSAN_PARTS 16u

struct underlock_tsan_stack {
	uint32_t count;
	uint64_t frames[UNDERLOCK_TSAN_FRAMES]; /* return addresses, innermost first */
};

struct underlock_tsan_report {
	const char *what;
	const char *memory;
	uint32_t access_count, lock_count, place_count;
	struct {
		uint64_t thread, address, size;
		uint8_t flags;
		uint8_t held_known;
		uint32_t held_count;
		struct {
			uint32_t lock; /* index into `locks` */
			uint32_t shared;
		} held[UNDERLOCK_TSAN_PARTS];
		struct underlock_tsan_stack stack;
	} accesses[UNDERLOCK_TSAN_PARTS];
	struct {
		uint64_t lock;
		struct underlock_tsan_stack stack;
	} locks[UNDERLOCK_TSAN_PARTS];
	struct {
		uint64_t thread;
		struct underlock_tsan_stack stack;
	} places[UNDERLOCK_TSAN_PARTS];
	uint64_t memory_start, memory_size;
	struct underlock_tsan_stack memory_stack;
};

/* NULL: ThreadSanitizer is here, and has no report. */
void __underlock_v1_tsan_report(const struct underlock_tsan_report *report);

#endif
