/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Two threads, each of which waits for its round: one takes the round's lock and then the journal, the other the
 * journal first. A scene says what the round's lock is, as an expression in ROUND_LOCK, and makes it before each.
 */
#ifndef UNDERLOCK_SCENES_ROUNDS_H
#define UNDERLOCK_SCENES_ROUNDS_H

#include "pair.h"

#include <semaphore.h>
#include <stdlib.h>

static sem_t may_post, may_audit, done;

static void *post(void *unused)
{
	while (sem_wait(&may_post))
		;
	pthread_mutex_lock(ROUND_LOCK);
	pthread_mutex_lock(&journal);
	entries++;
	pthread_mutex_unlock(&journal);
	pthread_mutex_unlock(ROUND_LOCK);
	sem_post(&done);
	return unused;
}

static void *audit(void *unused)
{
	while (sem_wait(&may_audit))
		;
	pthread_mutex_lock(&journal);
	pthread_mutex_lock(ROUND_LOCK);
	entries++;
	pthread_mutex_unlock(ROUND_LOCK);
	pthread_mutex_unlock(&journal);
	sem_post(&done);
	return unused;
}

/* Lets the one that waits for `may` have its round, and waits for the end of it. */
static void let(sem_t *may)
{
	sem_post(may);
	while (sem_wait(&done))
		;
}

static int two_rounds(void (*one_round)(sem_t *may))
{
	pthread_t threads[2];

	sem_init(&may_post, 0, 0);
	sem_init(&may_audit, 0, 0);
	sem_init(&done, 0, 0);
	pthread_create(&threads[0], NULL, post, NULL);
	pthread_create(&threads[1], NULL, audit, NULL);
	one_round(&may_post);
	one_round(&may_audit);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	return 0;
}

#endif
