/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Locks as kernels have them. The first two are made of inline assembly alone, so ThreadSanitizer sees neither the lock
 * nor an order; the third is made of a mutex that it knows, at the same address.
 */
#ifndef LOCKS_H
#define LOCKS_H

#include <pthread.h>

struct spinlock {
	volatile int taken;
};

struct rwspin {
	volatile int readers; /* -1: a writer */
};

struct kmutex {
	pthread_mutex_t raw;
	int owner;
};

struct flaglock {
	volatile int set;
};

#ifdef __cplusplus
extern "C" {
#endif
void spin_init(struct spinlock *lock);
void spin_destroy(struct spinlock *lock);
void spin_lock(struct spinlock *lock);
int spin_trylock(struct spinlock *lock);
void spin_unlock(struct spinlock *lock);

void write_lock(struct rwspin *lock);
void read_lock(struct rwspin *lock);
int read_trylock(struct rwspin *lock);
void rw_unlock(struct rwspin *lock);

void kmutex_lock(struct kmutex *lock);
int kmutex_lock_interruptible(struct kmutex *lock); /* 0: got it */
void kmutex_unlock(struct kmutex *lock);

void flag_lock(struct flaglock *lock); /* waits for nobody: a lock in name only */
void flag_unlock(struct flaglock *lock);
#ifdef __cplusplus
}
#endif

/* An order between threads that neither ThreadSanitizer nor Underlock knows of: so tests can set who comes first. */
static inline void turn_set(volatile int *turn, int to)
{
	__asm__ volatile("movl %1, %0" : "=m"(*turn) : "r"(to) : "memory");
}

#ifdef __cplusplus
extern "C"
#endif
void turn_wait(volatile int *turn, int until);

#endif
