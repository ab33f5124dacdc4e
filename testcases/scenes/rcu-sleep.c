/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A table of devices is read under RCU, and what was found is written into a log under a mutex. The broken twin does so
 * in the read side; the mutex is always free here, so nobody sleeps and nothing goes wrong in the run. The right one
 * notes what it found, and takes the mutex when it has left. Who takes a device out waits for the readers, outside.
 *
 * model: linux
 * broken: irq:sleep observed; stack log_number show; held none
 */
#include "kernel/kernel.h"

#include <stdatomic.h>

#define MAX_DEVICES 4

struct entry {
	int number;
};

static DEFINE_MUTEX(log_lock);
static DEFINE_MUTEX(table_lock);
static struct entry first = { 1 }, second = { 2 };
static struct entry *_Atomic table[MAX_DEVICES] = { &first, &second };
static int logged;

static void log_number(int number)
{
	mutex_lock(&log_lock);
	logged += number;
	mutex_unlock(&log_lock);
}

static void show(void *unused)
{
	int found[MAX_DEVICES], count = 0;

	(void)unused;
	rcu_read_lock();
	for (int i = 0; i < MAX_DEVICES; i++) {
		struct entry *e = table[i];
		if (e)
			found[count++] = e->number;
	}
#ifndef FIXED
	for (int i = 0; i < count; i++)
		log_number(found[i]);
#endif
	rcu_read_unlock();
#ifdef FIXED
	for (int i = 0; i < count; i++)
		log_number(found[i]);
#endif
}

static void take_out(void *unused)
{
	(void)unused;
	mutex_lock(&table_lock);
	table[0] = NULL;
	mutex_unlock(&table_lock);
	synchronize_rcu();
	first.number = 0;
}

static void scenario(void)
{
	struct task reader, writer;

	kthread_run(&reader, "reader", show, NULL);
	kthread_run(&writer, "writer", take_out, NULL);
	kthread_stop(&reader);
	kthread_stop(&writer);
}

int main(void)
{
	return start_kernel(scenario);
}
