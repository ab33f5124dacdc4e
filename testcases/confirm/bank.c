/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * One program, and by its argument what keeps its threads apart: luck, which `underlock confirm` takes away, or
 * something that no pause can. What is assumed of a run with luck is then put to the test in one without the defect:
 *
 *     bank late      AB-BA; the second thread comes some milliseconds later
 *     bank gated     the same under a gate lock
 *     bank joined    the second thread starts when the first one has ended
 *     bank barred    the second thread waits for the first one, in a way that no model knows
 *     bank circle    A-B, B-C, C-A in three threads
 *     bank passing   as `late`, but the second thread takes and gives back the first one's lock before
 *     bank timed     as `late`, and the second thread does not wait for ever
 *     bank forked    as `late`, in a child
 *     bank often     as `late`, after a thousand rounds of the first thread alone
 *     bank again     a reader that reads again, and a writer
 *     bank readers   two readers in opposite orders, one of which writes the other lock, and a writer
 *     bank patient   as `again`, of a kind that lets readers pass a waiting writer
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t accounts = PTHREAD_MUTEX_INITIALIZER, journal = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t archive = PTHREAD_MUTEX_INITIALIZER, gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t table = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_rwlock_t rules = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_rwlock_t notes = PTHREAD_RWLOCK_INITIALIZER;
static sem_t done;
static const char *how;
static int entries;

static int is(const char *name)
{
	return !strcmp(how, name);
}

static void pause_ms(int milliseconds)
{
	usleep((useconds_t)milliseconds * 1000);
}

static void post(void)
{
	pthread_mutex_lock(&accounts);
	pthread_mutex_lock(&journal);
	entries++;
	pthread_mutex_unlock(&journal);
	pthread_mutex_unlock(&accounts);
}

static void cancel(void)
{
	pthread_mutex_lock(&journal);
	pthread_mutex_lock(&accounts);
	entries--;
	pthread_mutex_unlock(&accounts);
	pthread_mutex_unlock(&journal);
}

static void cancel_or_not(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 100 * 1000 * 1000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&journal);
	if (!pthread_mutex_timedlock(&accounts, &until)) {
		entries--;
		pthread_mutex_unlock(&accounts);
	}
	pthread_mutex_unlock(&journal);
}

/* Any two of three: where each thread is can only be told by the locks. */
static void both(pthread_mutex_t *first, pthread_mutex_t *second)
{
	pthread_mutex_lock(first);
	pthread_mutex_lock(second);
	entries++;
	pthread_mutex_unlock(second);
	pthread_mutex_unlock(first);
}

static void *first(void *unused)
{
	if (is("gated"))
		pthread_mutex_lock(&gate);
	for (int round = is("often") ? 1000 : 1; round > 0; round--)
		post();
	if (is("gated"))
		pthread_mutex_unlock(&gate);
	sem_post(&done);
	return unused;
}

static void *second(void *unused)
{
	if (is("barred"))
		sem_wait(&done);
	pause_ms(30);
	if (is("gated"))
		pthread_mutex_lock(&gate);
	if (is("passing")) {
		pthread_mutex_lock(&accounts);
		entries++;
		pthread_mutex_unlock(&accounts);
	}
	if (is("timed"))
		cancel_or_not();
	else
		cancel();
	if (is("gated"))
		pthread_mutex_unlock(&gate);
	return unused;
}

static void *in_turn(void *number)
{
	switch (*(int *)number) {
	case 0:
		both(&accounts, &journal);
		break;
	case 1:
		pause_ms(30);
		both(&journal, &archive);
		break;
	default:
		pause_ms(60);
		both(&archive, &accounts);
	}
	return NULL;
}

static int length(pthread_rwlock_t *lock)
{
	int length;

	pthread_rwlock_rdlock(lock);
	length = entries;
	pthread_rwlock_unlock(lock);
	return length;
}

static void *print_all(void *unused)
{
	pthread_rwlock_rdlock(is("patient") ? &notes : &table);
	for (int printed = 0; printed < length(is("patient") ? &notes : &table);)
		printed++;
	pthread_rwlock_unlock(is("patient") ? &notes : &table);
	return unused;
}

static void *insert(void *unused)
{
	pause_ms(30);
	if (is("patient")) {
		pthread_rwlock_wrlock(&notes);
		entries++;
		pthread_rwlock_unlock(&notes);
	} else {
		pthread_rwlock_wrlock(&table);
		entries++;
		pthread_rwlock_unlock(&table);
	}
	return unused;
}

static void *forward(void *unused)
{
	pthread_rwlock_rdlock(&table);
	pthread_rwlock_rdlock(&rules);
	pthread_rwlock_unlock(&rules);
	pthread_rwlock_unlock(&table);
	return unused;
}

static void *learn(void *unused)
{
	pause_ms(30);
	pthread_rwlock_rdlock(&rules);
	pthread_rwlock_wrlock(&table);
	entries++;
	pthread_rwlock_unlock(&table);
	pthread_rwlock_unlock(&rules);
	return unused;
}

static void *configure(void *unused)
{
	pause_ms(60);
	pthread_rwlock_wrlock(&rules);
	entries++;
	pthread_rwlock_unlock(&rules);
	return unused;
}

static void together(void *(*const functions[])(void *), int count)
{
	static int numbers[3] = { 0, 1, 2 };
	pthread_t threads[3];

	for (int i = 0; i < count; i++) {
		pthread_create(&threads[i], NULL, functions[i], &numbers[i]);
		if (is("joined"))
			pthread_join(threads[i], NULL);
	}
	for (int i = 0; i < count && !is("joined"); i++)
		pthread_join(threads[i], NULL);
}

static void run(void)
{
	if (is("circle"))
		together((void *(*const[])(void *)){ in_turn, in_turn, in_turn }, 3);
	else if (is("again") || is("patient"))
		together((void *(*const[])(void *)){ print_all, insert }, 2);
	else if (is("readers"))
		together((void *(*const[])(void *)){ forward, learn, configure }, 3);
	else
		together((void *(*const[])(void *)){ first, second }, 2);
}

int main(int count, char **arguments)
{
	how = count > 1 ? arguments[1] : "late";
	sem_init(&done, 0, 0);
	puts("the bank opens");
	fflush(stdout);
	if (!is("forked")) {
		run();
	} else if (fork() == 0) {
		run();
		return 0;
	} else {
		wait(NULL);
	}
	puts("the bank closes");
	return 0;
}
