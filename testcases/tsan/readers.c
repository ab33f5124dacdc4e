/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A lock held in shared mode excludes no other reader: two threads that write under it race (broken), and do not when
 * they hold it exclusively (fixed). Of the two releases, one says the mode and one does not. Tries that fail, and an
 * acquisition that is interrupted, order nothing and hold nothing.
 */
#include "locks.h"

static struct rwspin table_lock;
static struct spinlock busy;
static struct kmutex device;
static int table;
static volatile int turn;

static void change(void)
{
#ifdef FIXED
	write_lock(&table_lock);
#else
	read_lock(&table_lock);
#endif
	table++;
	rw_unlock(&table_lock);
}

static void *worker(void *unused)
{
	(void)unused;
	change();
	/* Held by main: neither is got. */
	if (spin_trylock(&busy) || !kmutex_lock_interruptible(&device))
		__builtin_trap();
	turn_set(&turn, 1);
	return 0;
}

int main(void)
{
	pthread_t thread;

	spin_lock(&busy);
	kmutex_lock(&device);
	pthread_create(&thread, 0, worker, 0);
	turn_wait(&turn, 1);
	change();
	spin_unlock(&busy);
	kmutex_unlock(&device);
	pthread_join(thread, 0);
	/* Not held any more, so taken again without a word. */
	spin_lock(&busy);
	spin_unlock(&busy);
	return 0;
}
