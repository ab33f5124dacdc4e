/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * "Deferred past the guard": sync() gives its lock back before it notifies. The lock is recursive, and in the broken
 * twin the caller holds it as well, so it is still held then. Taking it twice is nothing; giving it back once is too
 * little.
 *
 * https://github.com/prestonbrown/helixscreen/issues/1293
 *
 * model: posix
 * broken: order:inversion assumed; locks sensors state; functions notify on_runout
 */
#define _GNU_SOURCE /* PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP */
#include "turns.h"

static pthread_mutex_t state = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t sensors = PTHREAD_MUTEX_INITIALIZER;
static int slots, sensed;

static void notify(void)
{
	pthread_mutex_lock(&sensors);
	sensed++;
	pthread_mutex_unlock(&sensors);
}

static void set_slots(int count)
{
	pthread_mutex_lock(&state);
	slots = count;
	pthread_mutex_unlock(&state);
}

static void sync(void)
{
	pthread_mutex_lock(&state);
	set_slots(4);
	pthread_mutex_unlock(&state);
	notify();
}

static void refresh(void)
{
#ifdef FIXED
	sync();
	set_slots(5);
#else
	pthread_mutex_lock(&state);
	sync();
	set_slots(5);
	pthread_mutex_unlock(&state);
#endif
}

static void on_runout(void)
{
	pthread_mutex_lock(&sensors);
	set_slots(0);
	pthread_mutex_unlock(&sensors);
}

int main(void)
{
	return PLAY({ 0, refresh }, { 1, on_runout });
}
