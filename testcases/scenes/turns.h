/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Threads that all exist at the same time and take turns, by a script: every run is the same, and nothing but luck, as
 * far as Underlock can know, keeps the steps of two threads apart. Semaphores keep the turns; the model has no marks
 * for them.
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

struct player {
	pthread_t id;
	int thread;
	const struct step *steps; /* up to the one without a function */
	sem_t *turns;             /* one for each step */
};

static void *player(void *argument)
{
	struct player *me = (struct player *)argument;

	for (int i = 0; me->steps[i].function; i++) {
		if (me->steps[i].thread != me->thread)
			continue;
		while (sem_wait(&me->turns[i]))
			;
		me->steps[i].function();
		sem_post(&me->turns[i + 1]);
	}
	return NULL;
}

static int play(const struct step *steps)
{
	struct player players[MAX_STEPS];
	sem_t turns[MAX_STEPS + 1];
	int threads = 0;

	sem_init(&turns[0], 0, 1);
	for (int i = 0; steps[i].function; i++) {
		sem_init(&turns[i + 1], 0, 0);
		if (steps[i].thread >= threads)
			threads = steps[i].thread + 1;
	}
	for (int i = 0; i < threads; i++) {
		players[i].thread = i;
		players[i].steps = steps;
		players[i].turns = turns;
		pthread_create(&players[i].id, NULL, player, &players[i]);
	}
	for (int i = 0; i < threads; i++)
		pthread_join(players[i].id, NULL);
	return 0;
}

/* PLAY({ 0, f }, { 1, g }, …), eight steps at most: waits for all threads and is 0. */
#define PLAY(...) ({ const struct step steps[] = { __VA_ARGS__, { 0, NULL } }; play(steps); })

#endif
