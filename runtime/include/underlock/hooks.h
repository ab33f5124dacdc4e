/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * The hook ABI: what the plugin inserts and the runtime implements.
 *
 * The plugin emits one underlock_unit per translation unit and one underlock_site per marked place, and calls of the
 * functions below. The names carry the ABI version: an object of another version fails to link instead of misbehaving.
 * All hooks may be called from any context that the port supports, interrupts and signal handlers included; none blocks,
 * allocates or fails. `lock` may be any address, NULL included: it is compared, never dereferenced.
 */
#ifndef UNDERLOCK_HOOKS_H
#define UNDERLOCK_HOOKS_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define UNDERLOCK_HOOK_ABI 1u

/* What a site does. The values are in traces too. */
enum underlock_verb {
	UNDERLOCK_VERB_ACQUIRE = 1, /* blocks until it has the lock (or, with a success condition, is interrupted) */
	UNDERLOCK_VERB_TRY = 2,	    /* never blocks */
	UNDERLOCK_VERB_RELEASE = 3,
	UNDERLOCK_VERB_INIT = 4,
	UNDERLOCK_VERB_DESTROY = 5,
	UNDERLOCK_VERB_EVENT = 6,
	UNDERLOCK_VERB_PHASE_BEGIN = 7,
	UNDERLOCK_VERB_PHASE_END = 8,
	UNDERLOCK_VERB_WAIT = 9, /* releases the lock, waits, and acquires it again (condition variables) */
	UNDERLOCK_VERB_NAME = 10, /* hands a lock on that has a name here, and may have none where it is taken */
};

enum underlock_mode {
	UNDERLOCK_MODE_EXCLUSIVE = 0,
	UNDERLOCK_MODE_SHARED = 1,
	UNDERLOCK_MODE_ANY = 2, /* a release that ends either */
};

/* One per translation unit; constant but for `id`. */
struct underlock_unit {
	uint32_t id;	     /* 0; the runtime's cell: the number the run gave it */
	uint32_t abi;	     /* UNDERLOCK_HOOK_ABI */
	uint64_t model_hash; /* of the marks the unit was built with */
	const char *model;   /* the names or absolute paths of its models, separated by ':' */
	const char *source;  /* the unit's main file */
};

/* One per marked place; constant but for `id`. No string is NULL; one that is not known is empty. */
struct underlock_site {
	uint32_t id;	       /* 0; the runtime's cell: the number the run gave it */
	uint8_t verb;	       /* enum underlock_verb */
	uint8_t mode;	       /* enum underlock_mode */
	uint8_t flags;	       /* 0 */
	uint8_t reserved;      /* 0 */
	uint32_t line;	       /* from 1; 0 where unknown */
	uint32_t column;
	struct underlock_unit *unit;
	const char *mark;	/* the id of the model entry: a lock, an event, a phase; empty for NAME, and for the DESTROY of a
				 * lock that nobody destroys: a local variable's, when its function ends */
	const char *file;	/* of the marked call (or of the function, for a mark at its entry) */
	const char *function;	/* which contains it; the source-level name, as a debugger shows it */
	const char *expression; /* the lock as the IR shows it, for reports; may be empty */
	const char *class_name; /* `global`, or `struct.field`; empty: only a run can tell */
};

/*
 * Around an acquisition:   place = begin(site, lock); CALL; acquired(…, place)
 * begin() notes what is waited for, takes the stack and returns a number for the pair of site and stack. Where the call
 * has a success condition, the plugin tests it and calls failed() instead of acquired() when it did not hold.
 * A try is the same without the note: try() instead of begin().
 */
uint32_t __underlock_v1_begin(struct underlock_site *site, const void *lock);
uint32_t __underlock_v1_try(struct underlock_site *site, const void *lock);
void __underlock_v1_acquired(struct underlock_site *site, const void *lock, uint32_t place);
void __underlock_v1_failed(struct underlock_site *site, const void *lock, uint32_t place);

/* Before the call that releases. A WAIT is release() before and begin()'s second half after: wait(), CALL, acquired(). */
void __underlock_v1_release(struct underlock_site *site, const void *lock);
uint32_t __underlock_v1_wait(struct underlock_site *site, const void *lock);

/* After the call that initialises; before the call that destroys. */
void __underlock_v1_init(struct underlock_site *site, const void *lock);
void __underlock_v1_destroy(struct underlock_site *site, const void *lock);

/* Before a lock is handed on, to a function or into memory: what is at this address has the site's name. */
void __underlock_v1_name(struct underlock_site *site, const void *lock);

/* `count` objects follow, each passed as uint64_t (pointers and integers, zero-extended), at most UNDERLOCK_OBJECTS. */
#define UNDERLOCK_OBJECTS 4
void __underlock_v1_event(struct underlock_site *site, uint32_t count, uint64_t object0, uint64_t object1, uint64_t object2,
			  uint64_t object3);

void __underlock_v1_phase_begin(struct underlock_site *site);
void __underlock_v1_phase_end(struct underlock_site *site);

#ifdef __cplusplus
}
#endif
#endif
