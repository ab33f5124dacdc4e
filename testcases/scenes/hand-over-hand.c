/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Hand over hand: a thread lets go of the first lock before it takes the third, so it never holds one that the other
 * thread waits for while it waits itself; ThreadSanitizer, which chains first-second and second-third, reports a cycle
 * of three. In the broken twin the first lock is still held.
 *
 * https://github.com/google/sanitizers/issues/814
 *
 * model: posix
 * broken: order:inversion assumed; locks inbox outbox; functions deliver bounce
 */
#include "turns.h"

static pthread_mutex_t inbox = PTHREAD_MUTEX_INITIALIZER, queue = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t outbox = PTHREAD_MUTEX_INITIALIZER;
static int letters;

static void deliver(void)
{
	pthread_mutex_lock(&inbox);
	pthread_mutex_lock(&queue);
#ifdef FIXED
	pthread_mutex_unlock(&inbox);
#endif
	pthread_mutex_lock(&outbox);
	letters++;
	pthread_mutex_unlock(&outbox);
	pthread_mutex_unlock(&queue);
#ifndef FIXED
	pthread_mutex_unlock(&inbox);
#endif
}

static void bounce(void)
{
	pthread_mutex_lock(&outbox);
	pthread_mutex_lock(&inbox);
	letters--;
	pthread_mutex_unlock(&inbox);
	pthread_mutex_unlock(&outbox);
}

int main(void)
{
	return PLAY({ 0, deliver }, { 1, bounce });
}
