/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Threads that all exist at the same time and take turns, by a script: every run is the same, and nothing but luck, as
 * far as Underlock can know, keeps the steps of two threads apart. Semaphores keep the turns; the model has no marks for
 * them.
 */
#ifndef UNDERLOCK_SCENES_TURNS_H
#define UNDERLOCK_SCENES_TURNS_H

#include <pthread.h>
#include <semaphore.h>

#define MAX_STEPS 8

struct step {
	int thread; /* 0, 1, … */
	void (*function)(void);
};

struct script {
	struct step steps[MAX_STEPS + 1]; /* up to the one without a function */
	sem_t turns[MAX_STEPS + 1];
};

struct player {
	struct script *script;
	int thread;
};

static void *player(void *argument)
{
	struct player *me = (struct player *)argument;

	for (int i = 0; me->script->steps[i].function; i++) {
		if (me->script->steps[i].thread != me->thread)
			continue;
		while (sem_wait(&me->script->turns[i]))
			;
		me->script->steps[i].function();
		sem_post(&me->script->turns[i + 1]);
	}
	return NULL;
}

static int play(struct script *script)
{
	struct player players[MAX_STEPS];
	pthread_t threads[MAX_STEPS];
	int count = 0;

	for (int i = 0; i <= MAX_STEPS; i++)
		sem_init(&script->turns[i], 0, 0);
	for (int i = 0; script->steps[i].function; i++)
		if (script->steps[i].thread >= count)
			count = script->steps[i].thread + 1;
	for (int i = 0; i < count; i++) {
		players[i].script = script;
		players[i].thread = i;
		pthread_create(&threads[i], NULL, player, &players[i]);
	}
	sem_post(&script->turns[0]);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

/* PLAY({ 0, f }, { 1, g }, …): waits for all threads and is 0. */
#define PLAY(...) play(&(struct script){ .steps = { __VA_ARGS__ } })

#endif
