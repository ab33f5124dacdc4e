/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Beside what instrumented code tells ThreadSanitizer (plugin/Tsan.cpp): in which marked locks' calls this thread is, which
 * locks it holds in shared mode, and the C library's lock functions for the bodies of lock functions.
 */
#define _GNU_SOURCE
#include "underlock/hooks.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))
#define READ_LOCK (1u << 3) /* sanitizer/tsan_interface.h */
#define TRY_LOCK_FAILED (1u << 5)
#define DEPTH_MAX 16u	    /* lock calls inside of lock calls */
#define SHARED_MAX 128u	    /* locks held in shared mode at a time; of more, a release that ends either is exclusive */

static __thread const void *calls[DEPTH_MAX];
static __thread unsigned depth;
static __thread const void *shared[SHARED_MAX];
static __thread unsigned shared_count;

/* Behind the newest hold of this lock on the list; 0: it is not held so. */
static unsigned find_shared(const void *lock)
{
	unsigned at = shared_count;

	while (at > 0 && shared[at - 1] != lock)
		at--;
	return at;
}

static void drop_shared(const void *lock)
{
	unsigned at = find_shared(lock);

	if (!at)
		return;
	for (shared_count--; at <= shared_count; at++)
		shared[at - 1] = shared[at];
}

EXPORT uint32_t __underlock_v1_tsan_enter(const void *lock, uint32_t flags)
{
	if (depth < DEPTH_MAX)
		calls[depth] = lock;
	depth++;
	if (flags & UNDERLOCK_TSAN_EITHER)
		flags = (flags & ~UNDERLOCK_TSAN_EITHER) | (find_shared(lock) ? READ_LOCK : 0);
	return flags;
}

EXPORT void __underlock_v1_tsan_leave(const void *lock, uint32_t flags)
{
	depth -= depth > 0;
	if (!(flags & READ_LOCK) || (flags & TRY_LOCK_FAILED))
		return;
	if (!(flags & UNDERLOCK_TSAN_GOT))
		drop_shared(lock);
	else if (shared_count < SHARED_MAX)
		shared[shared_count++] = lock;
}

/* Whether ThreadSanitizer is told of this lock by the call that this thread is in. */
static int told(const void *lock)
{
	unsigned at = depth < DEPTH_MAX ? depth : DEPTH_MAX;

	while (at-- > 0) {
		if (calls[at] == lock)
			return 1;
	}
	return 0;
}

/* The function behind ThreadSanitizer's. */
static void *behind(void **known, const char *name)
{
	void *found = __atomic_load_n(known, __ATOMIC_ACQUIRE);

	if (found)
		return found;
	found = dlsym(RTLD_NEXT, name);
	if (!found) {
		fprintf(stderr, "underlock: %s of the C library cannot be found\n", name);
		abort();
	}
	__atomic_store_n(known, found, __ATOMIC_RELEASE);
	return found;
}

#define WRAP(name, lock, parameters, arguments)                                          \
	EXPORT int __underlock_v1_tsan_##name parameters;                                \
	int __underlock_v1_tsan_##name parameters                                        \
	{                                                                                \
		static void *real;                                                       \
		return told((const void *)(lock))                                        \
			       ? ((int(*) parameters)behind(&real, #name)) arguments     \
			       : name arguments;                                         \
	}
UNDERLOCK_TSAN_INTERCEPTED(WRAP)

/* By this the runtime knows a thread of the program from one of ThreadSanitizer's own. */
void *__tsan_thread_start_func(void *);
EXPORT void *(*const __underlock_v1_tsan_thread)(void *) = __tsan_thread_start_func;
