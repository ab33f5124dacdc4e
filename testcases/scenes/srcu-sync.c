/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Readers of SRCU may sleep, and take a mutex inside; who changes what they read waits until they have left. The broken
 * twin waits with that mutex: a reader that comes to it meanwhile never leaves, and is waited for. One task did both, one
 * after the other, so that it did not happen. The right one gives the mutex back first.
 *
 * model: linux-waits
 * broken: order:wait-cycle assumed; locks srcu table_lock; functions show replace
 */
#include "kernel/kernel.h"

#include <sched.h>
#include <stdatomic.h>

struct srcu_struct {
	atomic_int readers[2]; /* of each of two rounds, taken in turns */
	atomic_uint round;
};

static int srcu_read_lock(struct srcu_struct *ssp)
{
	int index = ssp->round & 1;

	ssp->readers[index]++;
	return index;
}

static void srcu_read_unlock(struct srcu_struct *ssp, int index)
{
	ssp->readers[index]--;
}

static void synchronize_srcu(struct srcu_struct *ssp)
{
	int index = ssp->round++ & 1;

	while (ssp->readers[index])
		sched_yield();
}

static DEFINE_MUTEX(table_lock);
static struct srcu_struct srcu;
static int table[2], current_table;

static int show(void)
{
	int index = srcu_read_lock(&srcu), value;

	mutex_lock(&table_lock);
	value = table[current_table];
	mutex_unlock(&table_lock);
	srcu_read_unlock(&srcu, index);
	return value;
}

static void replace(int value)
{
	mutex_lock(&table_lock);
	table[!current_table] = value;
	current_table = !current_table;
#ifdef FIXED
	mutex_unlock(&table_lock);
	synchronize_srcu(&srcu);
#else
	synchronize_srcu(&srcu);
	mutex_unlock(&table_lock);
#endif
}

static void shell(void *unused)
{
	(void)unused;
	replace(1);
	table[0] = show();
}

static void scenario(void)
{
	struct task sh;

	kthread_run(&sh, "sh", shell, NULL);
	kthread_stop(&sh);
}

int main(void)
{
	return start_kernel(scenario);
}
