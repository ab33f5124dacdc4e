/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Two locks in both orders, one thread after the other: ThreadSanitizer and Underlock both see it, and there is one
 * finding. KIND picks the locks: pthread mutexes, which ThreadSanitizer intercepts; spinlocks, which it is told of; mutexes
 * made of a pthread mutex at the same address, which it must not see twice. FIXED: a lock that both threads hold keeps
 * the two apart (ThreadSanitizer does not look at that).
 */
#include "locks.h"

#if KIND == 1
typedef pthread_mutex_t lock_t;
#define LOCK pthread_mutex_lock
#define UNLOCK pthread_mutex_unlock
#elif KIND == 2
typedef struct spinlock lock_t;
#define LOCK spin_lock
#define UNLOCK spin_unlock
#else
typedef struct kmutex lock_t;
#define LOCK kmutex_lock
#define UNLOCK kmutex_unlock
#endif

static lock_t first, second, gate;
static int changes; /* under both: no race, whatever the locks are made of */
static volatile int turn;

static void one_way(void)
{
	LOCK(&first);
	LOCK(&second);
	changes++;
	UNLOCK(&second);
	UNLOCK(&first);
}

static void other_way(void)
{
	LOCK(&second);
	LOCK(&first);
	changes++;
	UNLOCK(&first);
	UNLOCK(&second);
}

static void gated(void (*function)(void))
{
#ifdef FIXED
	LOCK(&gate);
	function();
	UNLOCK(&gate);
#else
	(void)gate;
	function();
#endif
}

static void *worker(void *unused)
{
	(void)unused;
	gated(one_way);
	turn_set(&turn, 1);
	return 0;
}

int main(void)
{
	pthread_t thread;

	pthread_create(&thread, 0, worker, 0);
	turn_wait(&turn, 1);
	gated(other_way);
	pthread_join(thread, 0);
	return 0;
}
