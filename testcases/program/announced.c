/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Four threads that lock without end and announce each acquisition on standard output while they hold the lock: its
 * address, eight bytes in one write. To be killed at any moment.
 */
#include <pthread.h>
#include <stdint.h>
#include <unistd.h>

#define LOCKS 6

static pthread_mutex_t mutexes[LOCKS] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
					  PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
					  PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER };

static void *work(void *argument)
{
	uintptr_t turn = (uintptr_t)argument;

	for (;; turn = turn * 5 + 3) {
		pthread_mutex_t *mutex = &mutexes[turn % LOCKS];

		pthread_mutex_lock(mutex);
		if (write(STDOUT_FILENO, &mutex, sizeof(mutex)) != sizeof(mutex))
			_exit(3);
		pthread_mutex_unlock(mutex);
	}
	return NULL;
}

int main(void)
{
	pthread_t thread;

	for (uintptr_t i = 1; i < 4; i++)
		pthread_create(&thread, NULL, work, (void *)i);
	work(NULL);
}
