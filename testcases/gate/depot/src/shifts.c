/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What the shifts lock up. They never agreed on an order, and some keys are lost. */
#include "depot.h"

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER, ramp = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t scale = PTHREAD_MUTEX_INITIALIZER, printer = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t office = PTHREAD_MUTEX_INITIALIZER, safe = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t crane = PTHREAD_MUTEX_INITIALIZER, track = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t lamp = PTHREAD_MUTEX_INITIALIZER, heater = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t radio = PTHREAD_MUTEX_INITIALIZER, shed = PTHREAD_MUTEX_INITIALIZER;

static void lock_up(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
	pthread_mutex_lock(outer);
	pthread_mutex_lock(inner);
	pthread_mutex_unlock(inner);
	pthread_mutex_unlock(outer);
}

static void turn_off_lamp(void)
{
	pthread_mutex_unlock(&lamp);
}

static void turn_off_heater(void)
{
	pthread_mutex_unlock(&heater);
}

static void sell_shed(void)
{
	pthread_mutex_lock(&shed);
	pthread_mutex_destroy(&shed);
}

void *day_shift(void *turn)
{
	lock_up(&gate, &ramp);
	lock_up(&scale, &printer);
	lock_up(&office, &safe);
	lock_up(&crane, &track);
	turn_off_lamp();
	turn_off_heater();
	pthread_barrier_wait(turn);
	return NULL;
}

void *night_shift(void *turn)
{
	pthread_barrier_wait(turn);
	lock_up(&ramp, &gate);
	lock_up(&printer, &scale);
	lock_up(&safe, &office);
	lock_up(&track, &crane);
	sell_shed();
	pthread_mutex_lock(&radio);
	return NULL;
}
