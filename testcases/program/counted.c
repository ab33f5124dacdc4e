/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Eight threads that lock, try and read-lock at random, count what they got, and print the sums at the end:
 *     acquired N failed N released N
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#define THREADS 8
#define ROUNDS 20000
#define LOCKS 16

struct counts {
	uint64_t acquired, failed, released;
};

static pthread_mutex_t mutexes[LOCKS];
static pthread_rwlock_t rwlocks[LOCKS];
static struct counts counted[THREADS];

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	return *state ^= *state << 5;
}

static void *work(void *argument)
{
	struct counts *mine = argument;
	uint32_t state = 2463534242u + (uint32_t)(mine - counted);

	for (int i = 0; i < ROUNDS; i++) {
		uint32_t random = next_random(&state);
		pthread_mutex_t *mutex = &mutexes[random % LOCKS];
		pthread_rwlock_t *rwlock = &rwlocks[(random >> 8) % LOCKS];

		if (random >> 31) {
			pthread_mutex_lock(mutex);
		} else if (pthread_mutex_trylock(mutex)) {
			mine->failed++;
			continue;
		}
		mine->acquired++;
		if (random >> 30 & 1)
			pthread_rwlock_rdlock(rwlock);
		else
			pthread_rwlock_wrlock(rwlock);
		mine->acquired++;
		pthread_rwlock_unlock(rwlock);
		pthread_mutex_unlock(mutex);
		mine->released += 2;
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	struct counts sum = { 0 };

	for (int i = 0; i < LOCKS; i++) {
		pthread_mutex_init(&mutexes[i], NULL);
		pthread_rwlock_init(&rwlocks[i], NULL);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, &counted[i]);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		sum.acquired += counted[i].acquired;
		sum.failed += counted[i].failed;
		sum.released += counted[i].released;
	}
	printf("acquired %ju failed %ju released %ju\n", (uintmax_t)sum.acquired, (uintmax_t)sum.failed,
	       (uintmax_t)sum.released);
	return 0;
}
