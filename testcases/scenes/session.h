/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Sessions in a table, found by their number. Who finds one has to keep it from being freed: by table_lock, by a
 * reference, or inside of read_begin() and read_end(). Memory that is freed here is not given back: a scene may use it
 * too late, and goes on. (session.yaml)
 */
#ifndef UNDERLOCK_SCENES_SESSION_H
#define UNDERLOCK_SCENES_SESSION_H

#include "turns.h"
#include <sched.h>
#include <stdatomic.h>

#define MAX_SESSIONS 8

struct session {
	int number, references, hits;
	atomic_int used; /* its memory */
};

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static struct session *_Atomic table[MAX_SESSIONS];
static struct session memory[MAX_SESSIONS];

static inline struct session *session_new(int number)
{
	for (struct session *s = memory; s < memory + MAX_SESSIONS; s++)
		if (!atomic_exchange(&s->used, 1)) {
			s->number = number;
			s->references = 1; /* the table's */
			return s;
		}
	return NULL;
}

static inline void session_free(struct session *s)
{
	atomic_store(&s->used, 0);
}

static inline struct session *session_find(int number)
{
	return table[number];
}

static inline void session_unlink(struct session *s)
{
	table[s->number] = NULL;
}

static inline void session_touch(struct session *s)
{
	s->hits++;
}

static inline void session_get(struct session *s)
{
	__atomic_add_fetch(&s->references, 1, __ATOMIC_SEQ_CST);
}

static inline void session_put(struct session *s)
{
	if (__atomic_sub_fetch(&s->references, 1, __ATOMIC_SEQ_CST) == 0)
		session_free(s);
}

/* ---- Readers that nobody waits for, but who frees what they may have found ---- */

static atomic_int readers;

static inline void read_begin(void)
{
	atomic_fetch_add(&readers, 1);
}

static inline void read_end(void)
{
	atomic_fetch_sub(&readers, 1);
}

static inline void wait_for_readers(void)
{
	while (atomic_load(&readers))
		sched_yield();
}

/* Another one would do that later. */
static inline void free_after_readers(struct session *s)
{
	while (atomic_load(&readers))
		sched_yield();
	atomic_store(&s->used, 0);
}

#endif
