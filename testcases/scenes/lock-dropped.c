/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A session is looked up under table_lock, and used under table_lock; but the broken twin gives the lock back in between,
 * to do something slow, and does not look again. Meanwhile the session is freed.
 *
 * model: session.yaml
 * broken: lifetime:session observed; stack finish; held table_lock
 * exercises: session
 */
#include "session.h"

static struct session *found;

static void start(void)
{
	pthread_mutex_lock(&table_lock);
	found = session_find(0);
	pthread_mutex_unlock(&table_lock);
}

static void remove_session(void)
{
	pthread_mutex_lock(&table_lock);
	struct session *s = session_find(0);
	if (s) {
		session_unlink(s);
		session_free(s);
	}
	pthread_mutex_unlock(&table_lock);
}

static void finish(void)
{
	pthread_mutex_lock(&table_lock);
#ifdef FIXED
	found = session_find(0);
#endif
	if (found)
		session_touch(found);
	pthread_mutex_unlock(&table_lock);
}

/* The session is there again, for a last one that finds it. */
static void add_session(void)
{
	pthread_mutex_lock(&table_lock);
	table[0] = session_new(0);
	pthread_mutex_unlock(&table_lock);
}

int main(void)
{
	table[0] = session_new(0);
	return PLAY({ 0, start }, { 1, remove_session }, { 0, finish }, { 1, add_session }, { 0, start }, { 0, finish });
}
