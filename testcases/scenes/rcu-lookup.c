/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A session is found and used by a reader, which takes no lock; who removes it takes it out of the table first, and has
 * to wait for the readers that may have found it before. One is freed here, another one is given away to be freed later.
 * The broken twin frees the first at once.
 *
 * model: session.yaml
 * broken: lifetime:session assumed; stack count reader; held none
 * exercises: session
 */
#include "session.h"

static void count(struct session *s)
{
	session_touch(s);
}

static void reader(void)
{
	for (int number = 0; number < MAX_SESSIONS; number++) {
		read_begin();
		struct session *s = session_find(number);
		if (s)
			count(s);
		read_end();
	}
}

static struct session *take_out(int number)
{
	pthread_mutex_lock(&table_lock);
	struct session *s = session_find(number);
	session_unlink(s);
	pthread_mutex_unlock(&table_lock);
	return s;
}

static void remove_first(void)
{
	struct session *s = take_out(0);
#ifdef FIXED
	wait_for_readers();
#endif
	session_free(s);
}

static void remove_second(void)
{
	free_after_readers(take_out(1));
}

int main(void)
{
	table[0] = session_new(0);
	table[1] = session_new(1);
	return PLAY({ 0, reader }, { 1, remove_first }, { 1, remove_second });
}
