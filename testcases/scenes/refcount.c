/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A session is found under the lock and kept by a reference. The broken twin gives that back before it is through with
 * the session. Here the table has one still, and all goes well; whoever takes the session out of the table drops the last
 * one and frees it.
 *
 * model: session.yaml
 * broken: lifetime:session assumed; stack serve; held none
 * exercises: session
 */
#include "session.h"

static void serve(void)
{
	pthread_mutex_lock(&table_lock);
	struct session *s = session_find(0);
	session_get(s);
	pthread_mutex_unlock(&table_lock);
	session_touch(s);
#ifndef FIXED
	session_put(s);
#endif
	session_touch(s);
#ifdef FIXED
	session_put(s);
#endif
}

static void remove_session(void)
{
	pthread_mutex_lock(&table_lock);
	struct session *s = session_find(0);
	session_unlink(s);
	pthread_mutex_unlock(&table_lock);
	session_put(s);
}

int main(void)
{
	table[0] = session_new(0);
	return PLAY({ 0, serve }, { 1, remove_session });
}
