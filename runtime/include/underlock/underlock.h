/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * The public header: what code that is under Underlock may ask of it.
 *
 * Thread-safe, callable from any context, never blocks. A program that is built without Underlock still links and runs
 * when it defines UNDERLOCK_DISABLED before the include: the query then answers "unknown".
 */
#ifndef UNDERLOCK_UNDERLOCK_H
#define UNDERLOCK_UNDERLOCK_H

#ifdef __cplusplus
extern "C" {
#endif

enum underlock_answer {
	UNDERLOCK_UNKNOWN = -1,	 /* not recording, or more locks are held than the runtime keeps */
	UNDERLOCK_NOT_HELD = 0,
	UNDERLOCK_HELD = 1,	 /* exclusively */
	UNDERLOCK_HELD_SHARED = 2,
};

/*
 * Does the running context (thread; in a kernel: task, or the interrupt on top of one) hold this lock? `lock` is the
 * address that was given to the lock function. Answers from the marked acquisitions and releases of this context alone.
 */
#ifdef UNDERLOCK_DISABLED
static inline enum underlock_answer underlock_holds(const void *lock)
{
	(void)lock;
	return UNDERLOCK_UNKNOWN;
}
#else
enum underlock_answer underlock_holds(const void *lock);
#endif

#ifdef __cplusplus
}
#endif
#endif
