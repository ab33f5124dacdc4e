/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * ThreadSanitizer's reports, taken into the trace as they are printed, and the program's exit status, left to the program.
 * Which lock was held at which access is in no interface but the printed text, which comes by first.
 *
 * ThreadSanitizer calls __tsan_on_report() with its locks taken: nothing here may call what it intercepts. It hands out
 * one report at a time, so one buffer is enough. This has to be a plain object: in an archive, nobody would pull it in.
 */
#include "report.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

/* The interface that ThreadSanitizer has for debuggers; it has no header. */
int __tsan_get_report_data(void *report, const char **what, int *count, int *stacks, int *accesses, int *memories, int *locks,
			   int *threads, int *unique_threads, void **sleep_trace, size_t size);
int __tsan_get_report_mop(void *report, size_t at, int *thread, void **address, int *size, int *writes, int *atomic,
			  void **trace, size_t trace_size);
int __tsan_get_report_loc(void *report, size_t at, const char **type, void **address, size_t *start, size_t *size, int *thread,
			  int *fd, int *suppressable, void **trace, size_t trace_size);
int __tsan_get_report_mutex(void *report, size_t at, size_t *id, void **address, int *destroyed, void **trace, size_t size);
int __tsan_get_report_thread(void *report, size_t at, int *thread, uint64_t *os_id, int *running, const char **name, int *parent,
			     void **trace, size_t trace_size);
int __tsan_get_report_stack(void *report, size_t at, void **trace, size_t trace_size);
int __tsan_get_report_unique_tid(void *report, size_t at, int *thread);
const char *__tsan_default_options(void);
void __tsan_on_report(void *report);
void __sanitizer_on_print(const char *text);
int __tsan_on_finalize(int failed);

/* What the text of the report being printed says of locks: "Write of size 4 …", " (mutexes:", " write M1", … */
static struct {
	uint32_t accesses;
	uint32_t held_count[UNDERLOCK_TSAN_PARTS];
	struct {
		unsigned long id;
		int shared;
	} held[UNDERLOCK_TSAN_PARTS][UNDERLOCK_TSAN_PARTS];
} said;

static struct underlock_tsan_report out;
static size_t lock_ids[UNDERLOCK_TSAN_PARTS];
static void *trace[UNDERLOCK_TSAN_FRAMES];

/* Inlined functions come as frames of one address: the analyzer finds them by itself. */
static void take_stack(struct underlock_tsan_stack *stack)
{
	uint32_t at;

	stack->count = 0;
	for (at = 0; at < UNDERLOCK_TSAN_FRAMES && trace[at]; at++) {
		uint64_t frame = (uint64_t)(uintptr_t)trace[at];

		if (!stack->count || stack->frames[stack->count - 1] != frame)
			stack->frames[stack->count++] = frame;
		trace[at] = 0;
	}
}

static uint32_t limited(int count)
{
	return count < 0 ? 0 : count > (int)UNDERLOCK_TSAN_PARTS ? UNDERLOCK_TSAN_PARTS : (uint32_t)count;
}

/* ThreadSanitizer's number of a thread to the system's; 0 where the report does not say. */
static uint64_t os_id(void *report, int threads, int wanted)
{
	int at;

	for (at = 0; at < threads; at++) {
		int thread, running, parent;
		uint64_t id = 0; /* its tid_t is of this size, in Clang 19 and 22 */
		const char *name;
		void *none[1];

		__tsan_get_report_thread(report, (size_t)at, &thread, &id, &running, &name, &parent, none, 1);
		if (thread == wanted)
			return id;
	}
	return 0;
}

static void take_accesses(void *report, int threads)
{
	uint32_t at;

	for (at = 0; at < out.access_count; at++) {
		int thread, size, writes, atomic;
		void *address;

		__tsan_get_report_mop(report, at, &thread, &address, &size, &writes, &atomic, trace, UNDERLOCK_TSAN_FRAMES);
		out.accesses[at].thread = os_id(report, threads, thread);
		out.accesses[at].address = (uint64_t)(uintptr_t)address;
		out.accesses[at].size = (uint64_t)size;
		out.accesses[at].flags = (uint8_t)((writes ? 1 : 0) | (atomic ? 2 : 0));
		take_stack(&out.accesses[at].stack);
	}
}

static unsigned long number_at(const char *text)
{
	unsigned long number = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		number = 10 * number + (unsigned long)(*text - '0');
	return number;
}

/* ThreadSanitizer prints each of these by itself. */
EXPORT void __sanitizer_on_print(const char *text)
{
	int reads = !strncmp(text, " read M", 7);
	uint32_t *count;

	if (strstr(text, "WARNING: ThreadSanitizer: ")) {
		memset(&said, 0, sizeof(said));
		return;
	}
	if (strstr(text, " of size ") && strstr(text, " at 0x") && strstr(text, " by ")) {
		said.accesses++;
		return;
	}
	if (!said.accesses || said.accesses > UNDERLOCK_TSAN_PARTS || (!reads && strncmp(text, " write M", 8)))
		return;
	count = &said.held_count[said.accesses - 1];
	if (*count == UNDERLOCK_TSAN_PARTS)
		return;
	said.held[said.accesses - 1][*count].shared = reads;
	said.held[said.accesses - 1][*count].id = number_at(text + (reads ? 7 : 8));
	++*count;
}

/* Behind take_locks(). */
static void take_held(void)
{
	uint32_t access, at, lock;

	for (access = 0; access < out.access_count; access++) {
		out.accesses[access].held_known = said.accesses == out.access_count;
		out.accesses[access].held_count = 0;
		for (at = 0; out.accesses[access].held_known && at < said.held_count[access]; at++) {
			for (lock = 0; lock < out.lock_count && lock_ids[lock] != said.held[access][at].id; lock++)
				;
			if (lock == out.lock_count)
				continue;
			out.accesses[access].held[out.accesses[access].held_count].lock = lock;
			out.accesses[access].held[out.accesses[access].held_count++].shared =
				(uint32_t)said.held[access][at].shared;
		}
	}
}

static void take_locks(void *report)
{
	uint32_t at;

	for (at = 0; at < out.lock_count; at++) {
		size_t id;
		void *address;
		int destroyed;

		__tsan_get_report_mutex(report, at, &id, &address, &destroyed, trace, UNDERLOCK_TSAN_FRAMES);
		out.locks[at].lock = (uint64_t)(uintptr_t)address;
		lock_ids[at] = id;
		take_stack(&out.locks[at].stack);
	}
}

/*
 * Of an inversion, the stacks of each edge follow each other (two with second_deadlock_stack=1), and the threads of the
 * edges are listed once each: with as many as edges, which is whose is known.
 */
static void take_places(void *report, int locks, int threads, int unique_threads)
{
	int each = locks > 0 && unique_threads > 0 ? (int)out.place_count / locks : 1;
	uint32_t at;

	for (at = 0; at < out.place_count; at++) {
		int edge = each > 0 ? (int)at / each : 0, thread = -1;

		__tsan_get_report_stack(report, at, trace, UNDERLOCK_TSAN_FRAMES);
		if (unique_threads == 1)
			__tsan_get_report_unique_tid(report, 0, &thread);
		else if (unique_threads == locks && edge < unique_threads)
			__tsan_get_report_unique_tid(report, (size_t)edge, &thread);
		out.places[at].thread = thread < 0 ? 0 : os_id(report, threads, thread);
		take_stack(&out.places[at].stack);
	}
}

static void take_memory(void *report, int memories)
{
	void *address;
	size_t start, size;
	int thread, fd, suppressable;

	out.memory = "";
	out.memory_start = out.memory_size = 0;
	out.memory_stack.count = 0;
	if (memories < 1)
		return;
	__tsan_get_report_loc(report, 0, &out.memory, &address, &start, &size, &thread, &fd, &suppressable, trace,
			      UNDERLOCK_TSAN_FRAMES);
	out.memory_start = start ? start : (uint64_t)(uintptr_t)address;
	out.memory_size = size;
	take_stack(&out.memory_stack);
}

EXPORT void __tsan_on_report(void *report)
{
	int count, stacks, accesses, memories, locks, threads, unique_threads, at;

	__tsan_get_report_data(report, &out.what, &count, &stacks, &accesses, &memories, &locks, &threads, &unique_threads, trace,
			       UNDERLOCK_TSAN_FRAMES);
	for (at = 0; at < (int)UNDERLOCK_TSAN_FRAMES; at++)
		trace[at] = 0;
	out.access_count = limited(accesses);
	out.lock_count = limited(locks);
	out.place_count = limited(stacks);
	take_accesses(report, threads);
	take_locks(report);
	take_held();
	take_places(report, locks, threads, unique_threads);
	take_memory(report, memories);
	__underlock_v1_tsan_report(&out);
}

static int says_exitcode(const char *options)
{
	return options && strstr(options, "exitcode=");
}

/*
 * The program's exit status is its own, and `underlock run` judges the reports; unless somebody has said what it is to be.
 * (Where halt_on_error ends the program, it has none of its own, and gets ThreadSanitizer's.)
 */
EXPORT int __tsan_on_finalize(int failed)
{
	return failed && (says_exitcode(getenv("TSAN_OPTIONS")) || says_exitcode(__tsan_default_options()));
}

__attribute__((constructor)) static void begin(void)
{
	__underlock_v1_tsan_report(0);
}
