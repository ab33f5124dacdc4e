/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "locks.h"
#include <sched.h>

static int exchange(volatile int *at, int value)
{
	__asm__ volatile("xchgl %0, %1" : "+r"(value), "+m"(*at)::"memory");
	return value;
}

/* Stores `to` where `from` is. */
static int exchange_if(volatile int *at, int from, int to)
{
	unsigned char done;

	__asm__ volatile("lock cmpxchgl %3, %1\n\tsete %0" : "=q"(done), "+m"(*at), "+a"(from) : "r"(to) : "memory", "cc");
	return done;
}

static int load(volatile int *at)
{
	int value;

	__asm__ volatile("movl %1, %0" : "=r"(value) : "m"(*at) : "memory");
	return value;
}

void spin_init(struct spinlock *lock)
{
	exchange(&lock->taken, 0);
}

void spin_destroy(struct spinlock *lock)
{
	exchange(&lock->taken, 2);
}

void spin_lock(struct spinlock *lock)
{
	while (exchange(&lock->taken, 1))
		sched_yield();
}

int spin_trylock(struct spinlock *lock)
{
	return !exchange(&lock->taken, 1);
}

void spin_unlock(struct spinlock *lock)
{
	exchange(&lock->taken, 0);
}

void write_lock(struct rwspin *lock)
{
	while (!exchange_if(&lock->readers, 0, -1))
		sched_yield();
}

int read_trylock(struct rwspin *lock)
{
	int readers = load(&lock->readers);

	return readers >= 0 && exchange_if(&lock->readers, readers, readers + 1);
}

void read_lock(struct rwspin *lock)
{
	while (!read_trylock(lock))
		sched_yield();
}

void rw_unlock(struct rwspin *lock)
{
	int readers;

	do
		readers = load(&lock->readers);
	while (!exchange_if(&lock->readers, readers, readers < 0 ? 0 : readers - 1));
}

void kmutex_lock(struct kmutex *lock)
{
	pthread_mutex_lock(&lock->raw);
	lock->owner = 1;
}

int kmutex_lock_interruptible(struct kmutex *lock)
{
	return pthread_mutex_trylock(&lock->raw) ? -4 : 0;
}

void kmutex_unlock(struct kmutex *lock)
{
	lock->owner = 0;
	pthread_mutex_unlock(&lock->raw);
}

void flag_lock(struct flaglock *lock)
{
	exchange(&lock->set, 1);
}

void flag_unlock(struct flaglock *lock)
{
	exchange(&lock->set, 0);
}

void turn_wait(volatile int *turn, int until)
{
	while (load(turn) != until)
		sched_yield();
}
