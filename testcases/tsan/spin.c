/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * What a lock of inline assembly protects: to ThreadSanitizer alone a race, with Underlock none. Beside it a real one:
 * `total` is counted under the lock by one thread and under another by the other (broken), or under the same (fixed).
 */
#include "locks.h"

static struct spinlock lock, other;
static struct rwspin table_lock;
static int hits, total, table;
static volatile int turn;

static void count_total(void)
{
	total++;
}

static void *worker(void *unused)
{
	(void)unused;
	spin_lock(&lock);
	hits++;
	spin_unlock(&lock);
	if (spin_trylock(&lock)) {
		hits++;
		spin_unlock(&lock);
	}
	read_lock(&table_lock);
	if (table)
		turn_set(&turn, 2);
	rw_unlock(&table_lock);
	write_lock(&table_lock);
	table++;
	rw_unlock(&table_lock);
#ifdef FIXED
	spin_lock(&lock);
	count_total();
	spin_unlock(&lock);
#else
	spin_lock(&other);
	count_total();
	spin_unlock(&other);
#endif
	turn_set(&turn, 1);
	return 0;
}

int main(void)
{
	pthread_t thread;
	int sum = 0;

	spin_init(&lock);
	spin_init(&other);
	pthread_create(&thread, 0, worker, 0);
	turn_wait(&turn, 1);
	spin_lock(&lock);
	hits++;
	count_total();
	spin_unlock(&lock);
	if (read_trylock(&table_lock)) {
		sum = table;
		rw_unlock(&table_lock);
	}
	write_lock(&table_lock);
	table++;
	rw_unlock(&table_lock);
	pthread_join(thread, 0);
	return sum == 1 ? 5 : 6;
}
