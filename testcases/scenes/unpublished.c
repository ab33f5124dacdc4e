/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A new object is locked, and then put on the list under the list's lock; everybody else takes the list's lock first.
 * Nobody can know the object before, so its creator waits for nobody: possible at most. The broken twin does its work
 * on an object that is on the list already.
 *
 * https://github.com/google/sanitizers/issues/1163
 *
 * model: posix
 * broken: order:inversion assumed; locks list object.lock; functions finalize for_all
 */
#include "turns.h"

#include <stdlib.h>

struct object {
	pthread_mutex_t lock;
	struct object *next;
	int value;
};

static pthread_mutex_t list = PTHREAD_MUTEX_INITIALIZER;
static struct object *first, *mine;
static int count;

static void publish(void)
{
	pthread_mutex_lock(&list);
	mine->next = first;
	first = mine;
	pthread_mutex_unlock(&list);
}

static void create(void)
{
	mine = calloc(1, sizeof(*mine));
	if (!mine)
		abort();
	pthread_mutex_init(&mine->lock, NULL);
#ifdef FIXED
	pthread_mutex_lock(&mine->lock);
#endif
	publish();
#ifdef FIXED
	mine->value = 1;
	pthread_mutex_unlock(&mine->lock);
#endif
}

static void finalize(void)
{
#ifndef FIXED
	pthread_mutex_lock(&mine->lock);
	pthread_mutex_lock(&list);
	mine->value = ++count;
	pthread_mutex_unlock(&list);
	pthread_mutex_unlock(&mine->lock);
#endif
}

static void for_all(void)
{
	pthread_mutex_lock(&list);
	for (struct object *o = first; o; o = o->next) {
		pthread_mutex_lock(&o->lock);
		count += o->value;
		pthread_mutex_unlock(&o->lock);
	}
	pthread_mutex_unlock(&list);
}

int main(void)
{
	return PLAY({ 0, create }, { 1, for_all }, { 0, finalize });
}
