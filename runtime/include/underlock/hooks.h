/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * The hook ABI: what the plugin inserts and the runtime implements.
 *
 * The plugin emits one underlock_unit per translation unit and one underlock_site per marked place, and calls of the
 * functions below. The names carry the ABI version: an object of another version fails to link instead of misbehaving.
 * All hooks may be called from any context that the port supports, interrupts and signal handlers included; none fails, and what
 * cannot be recorded is counted. None waits for a lock of the program or calls its allocator. A program's thread is given memory
 * and a part of the file by the system at its first hook and when a part is full, and contexts of a ring or a distinct
 * recording wait for each other, for a bounded time, where something is new to the run.
 * `lock` may be any address, NULL included: it is compared, never dereferenced.
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
				  /* 11 and 12 are not used */
	UNDERLOCK_VERB_FREE = 13, /* gives memory back, and with it all locks that lie in it */
	UNDERLOCK_VERB_AWAIT = 14, /* waits for what is no lock: a signal, the last reference, a thread's end */
	UNDERLOCK_VERB_SIGNAL = 15, /* signals it */
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
	const char *mark;	/* the id of the model entry: a lock, an event, a phase; empty for NAME and FREE, and for the
				 * DESTROY of a lock that nobody destroys: a local variable's, when its function ends */
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

/* Before the call that releases. A WAIT is release() and begin() in one: place = wait(site, lock); CALL; acquired(…, place) */
void __underlock_v1_release(struct underlock_site *site, const void *lock);
uint32_t __underlock_v1_wait(struct underlock_site *site, const void *lock);

/*
 * What is waited for and is no lock has an address too:   place = begin(site, object); CALL; awaited(…, place)
 * or failed(), as above. signal() stands before the call that signals. A reference is held as a lock is, shared: try(),
 * acquired(), release(). Of a thread, `object` is the pthread_t.
 */
void __underlock_v1_awaited(struct underlock_site *site, const void *object, uint32_t place);
void __underlock_v1_signal(struct underlock_site *site, const void *object);

/* After the call that initialises; before the call that destroys. */
void __underlock_v1_init(struct underlock_site *site, const void *lock);
void __underlock_v1_destroy(struct underlock_site *site, const void *lock);

/* Before a lock is handed on, to a function or into memory: what is at this address has the site's name. */
void __underlock_v1_name(struct underlock_site *site, const void *lock);

/*
 * Before the call that gives memory back: the locks in its `size` bytes die, those that were destroyed aside. Instead of a
 * size, who knows it: the C library, of what malloc() gave; the C++ library, of what operator new gave. A size that the
 * program computed is passed as UNDERLOCK_SIZE_NONE where it is larger: no block has it, and nothing dies.
 */
#define UNDERLOCK_SIZE_NONE (1ull << 47) /* all of user space */
#define UNDERLOCK_SIZE_OF_MALLOC (~0ull)
#define UNDERLOCK_SIZE_OF_NEW (~0ull - 1)
void __underlock_v1_free(struct underlock_site *site, const void *memory, uint64_t size);

/*
 * `count` objects follow, each passed as uint64_t (pointers and integers, zero-extended), at most UNDERLOCK_OBJECTS:
 * arguments, or what a call returned that this stands behind; 0 for one that a mark leaves out.
 */
#define UNDERLOCK_OBJECTS 4
void __underlock_v1_event(struct underlock_site *site, uint32_t count, uint64_t object0, uint64_t object1, uint64_t object2,
			  uint64_t object3);

void __underlock_v1_phase_begin(struct underlock_site *site);
/* The same for a phase that has a title, of `count` parts (at most UNDERLOCK_TITLE_PARTS; NULL is an empty one). */
#define UNDERLOCK_TITLE_PARTS 2
void __underlock_v1_phase_titled(struct underlock_site *site, uint32_t count, const char *part0, const char *part1);
void __underlock_v1_phase_end(struct underlock_site *site);

/*
 * The task that runs ends here: nothing of it follows. Of kernels: the port of programs sees their threads end, and there
 * this does nothing.
 */
void __underlock_v1_end(void);

/*
 * In code that is compiled with -fsanitize=thread, ThreadSanitizer is told of the marked locks that it does not know
 * itself, by __tsan_mutex_pre_lock() and the like, inside of enter() and leave() (runtime/tsan, which comes into the
 * program with ThreadSanitizer's own runtime). `flags` are those of sanitizer/tsan_interface.h and the two below.
 * enter() returns them resolved: EITHER has become the mode in which this thread holds the lock.
 */
#define UNDERLOCK_TSAN_EITHER 0x10000u /* a release that ends either mode */
#define UNDERLOCK_TSAN_GOT 0x20000u    /* leave(): an acquisition that has the lock now */
uint32_t __underlock_v1_tsan_enter(const void *lock, uint32_t flags);
void __underlock_v1_tsan_leave(const void *lock, uint32_t flags);

/*
 * The lock functions that ThreadSanitizer intercepts, which are not told: X(name, lock, (parameters), (arguments)). Where
 * a lock function is made of one of them, its body calls __underlock_v1_tsan_NAME instead: the C library's, past
 * ThreadSanitizer, between enter() and leave() of that lock; else the same as NAME.
 */
#define UNDERLOCK_TSAN_INTERCEPTED(X)                                                                                  \
	X(pthread_mutex_init, m, (pthread_mutex_t * m, const pthread_mutexattr_t *a), (m, a))                          \
	X(pthread_mutex_destroy, m, (pthread_mutex_t * m), (m))                                                        \
	X(pthread_mutex_lock, m, (pthread_mutex_t * m), (m))                                                           \
	X(pthread_mutex_trylock, m, (pthread_mutex_t * m), (m))                                                        \
	X(pthread_mutex_timedlock, m, (pthread_mutex_t * m, const struct timespec *t), (m, t))                         \
	X(pthread_mutex_clocklock, m, (pthread_mutex_t * m, clockid_t c, const struct timespec *t), (m, c, t))         \
	X(pthread_mutex_unlock, m, (pthread_mutex_t * m), (m))                                                         \
	X(pthread_rwlock_init, l, (pthread_rwlock_t * l, const pthread_rwlockattr_t *a), (l, a))                       \
	X(pthread_rwlock_destroy, l, (pthread_rwlock_t * l), (l))                                                      \
	X(pthread_rwlock_rdlock, l, (pthread_rwlock_t * l), (l))                                                       \
	X(pthread_rwlock_tryrdlock, l, (pthread_rwlock_t * l), (l))                                                    \
	X(pthread_rwlock_timedrdlock, l, (pthread_rwlock_t * l, const struct timespec *t), (l, t))                     \
	X(pthread_rwlock_wrlock, l, (pthread_rwlock_t * l), (l))                                                       \
	X(pthread_rwlock_trywrlock, l, (pthread_rwlock_t * l), (l))                                                    \
	X(pthread_rwlock_timedwrlock, l, (pthread_rwlock_t * l, const struct timespec *t), (l, t))                     \
	X(pthread_rwlock_unlock, l, (pthread_rwlock_t * l), (l))                                                       \
	X(pthread_spin_init, l, (pthread_spinlock_t * l, int shared), (l, shared))                                     \
	X(pthread_spin_destroy, l, (pthread_spinlock_t * l), (l))                                                      \
	X(pthread_spin_lock, l, (pthread_spinlock_t * l), (l))                                                         \
	X(pthread_spin_trylock, l, (pthread_spinlock_t * l), (l))                                                      \
	X(pthread_spin_unlock, l, (pthread_spinlock_t * l), (l))                                                       \
	X(pthread_cond_wait, m, (pthread_cond_t * c, pthread_mutex_t * m), (c, m))                                     \
	X(pthread_cond_timedwait, m, (pthread_cond_t * c, pthread_mutex_t * m, const struct timespec *t), (c, m, t))   \
	X(pthread_cond_clockwait, m,                                                                                   \
	  (pthread_cond_t * c, pthread_mutex_t * m, clockid_t k, const struct timespec *t), (c, m, k, t))

#ifdef __cplusplus
}
#endif
#endif
