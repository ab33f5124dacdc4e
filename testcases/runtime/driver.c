/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * The program that the runtime's tests record: `driver MODE [ARGUMENTS]`, one function a mode. It says on standard output
 * what it did, as the test compares it with the trace.
 */
#include "../../runtime/tsan/report.h"
#include "sites.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ThreadsMax = 64 };

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static char locks[1024];
static long pairs;

static void lock(pthread_mutex_t *mutex)
{
	uint32_t place = __underlock_v1_begin(&acquire_site, mutex);

	pthread_mutex_lock(mutex);
	__underlock_v1_acquired(&acquire_site, mutex, place);
}

static void unlock(pthread_mutex_t *mutex)
{
	__underlock_v1_release(&release_site, mutex);
	pthread_mutex_unlock(mutex);
}

/* count THREADS PAIRS: each counts what it acquires, own locks and shared ones, tries that fail included. */
static void *count_thread(void *unused)
{
	static pthread_mutex_t shared[2] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER };
	pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
	long acquired = 0, failed = 0;

	for (long i = 0; i < pairs; i++) {
		pthread_mutex_t *tried = &shared[i & 1];
		uint32_t place;

		lock(&own);
		acquired++;
		place = __underlock_v1_try(&try_site, tried);
		if (pthread_mutex_trylock(tried) == 0) {
			__underlock_v1_acquired(&try_site, tried, place);
			acquired++;
			unlock(tried);
		} else {
			__underlock_v1_failed(&try_site, tried, place);
			failed++;
		}
		unlock(&own);
	}
	printf("%ld %ld %ld\n", (long)gettid(), acquired, failed);
	return unused;
}

static void run_threads(int count, void *(*function)(void *))
{
	pthread_t threads[ThreadsMax];

	for (int i = 0; i < count; i++)
		pthread_create(&threads[i], NULL, function, NULL);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

/* announce THREADS: for ever; each acquisition is written to the pipe, after its hook has returned. */
static void *announce_thread(void *unused)
{
	pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
	uint64_t said[2] = { (uint64_t)gettid(), 0 };

	for (;;) {
		lock(&own);
		said[1]++;
		/* A write for each would be all that it does; the test only needs the newest count. */
		if (said[1] % 64 == 0 && write(STDOUT_FILENO, said, sizeof(said)) != sizeof(said))
			return unused;
		unlock(&own);
	}
}

static void say(const char *what)
{
	if (write(STDOUT_FILENO, what, strlen(what)) < 0)
		_exit(1);
}

/* deadlock: two threads, two locks, both orders. */
static pthread_barrier_t both;
static void *deadlock_thread(void *backwards)
{
	lock(backwards ? &second : &first);
	pthread_barrier_wait(&both);
	lock(backwards ? &first : &second);
	return NULL;
}

static void deadlock(void)
{
	pthread_t thread;

	printf("%p %p\n", (void *)&first, (void *)&second);
	fflush(stdout);
	pthread_barrier_init(&both, NULL, 2);
	pthread_create(&thread, NULL, deadlock_thread, NULL);
	deadlock_thread(&both);
}

/* signal outer|inner: a handler acquires while its thread waits; the program ends while one of them waits. */
static int end_inside;
static void handle(int signal)
{
	uint32_t place = __underlock_v1_begin(&acquire_site, &locks[2]);

	if (end_inside)
		abort();
	__underlock_v1_acquired(&acquire_site, &locks[2], place);
	note_release(&locks[2]);
	(void)signal;
}

static void interrupted(int inside)
{
	uint32_t place;

	end_inside = inside;
	signal(SIGUSR1, handle);
	printf("%p %p\n", (void *)&locks[1], (void *)&locks[2]);
	fflush(stdout);
	place = __underlock_v1_begin(&acquire_site, &locks[1]);
	raise(SIGUSR1);
	if (!inside)
		abort();
	__underlock_v1_acquired(&acquire_site, &locks[1], place);
}

/* storm: a timer's handler acquires wherever it finds the thread, in the middle of the core too. */
static volatile long in_handler;
static void storm_handler(int signal)
{
	note_acquire(&acquire_site, &locks[3]);
	note_release(&locks[3]);
	in_handler++;
	(void)signal;
}

static void storm(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
	struct itimerspec period = { { 0, 20000 }, { 0, 20000 } };
	timer_t timer;
	long made = 0;

	signal(SIGUSR2, storm_handler);
	timer_create(CLOCK_MONOTONIC, &event, &timer);
	timer_settime(timer, 0, &period, NULL);
	while (in_handler < 2000) {
		note_acquire(&acquire_site, &locks[made % 7 + 10]);
		note_release(&locks[made % 7 + 10]);
		made++;
	}
	timer_delete(timer);
	printf("%ld\n", 2 * (made + in_handler));
}

/* fork raw|library: the child of a process that holds a lock. */
static void fork_holding(int raw)
{
	pid_t child;

	note_acquire(&acquire_site, &locks[1]);
	child = raw ? (pid_t)syscall(SYS_fork) : fork();
	if (!child) {
		printf("%ld %d\n", (long)syscall(SYS_getpid), underlock_holds(&locks[1]));
		if (!raw)
			note_release(&locks[1]);
		note_acquire(&acquire_site, &locks[2]);
		note_release(&locks[2]);
		exit(0);
	}
	waitpid(child, NULL, 0);
	note_release(&locks[1]);
}

/* reports: as many as a process may have, and one of its child. */
static void reports(void)
{
	static const struct underlock_tsan_report report = { .what = "data-race", .memory = "" };
	pid_t child;

	for (int i = 0; i < 1000; i++)
		__underlock_v1_tsan_report(&report);
	child = fork();
	__underlock_v1_tsan_report(&report);
	if (!child)
		exit(0);
	printf("%d\n", (int)child);
	waitpid(child, NULL, 0);
}

static void *child_thread(void *unused)
{
	note_acquire(&acquire_site, &locks[5]);
	note_release(&locks[5]);
	return unused;
}

/* fork-thread: the child makes a thread; and a second child only execs. */
static void fork_more(void)
{
	pid_t child = fork();

	if (!child) {
		run_threads(1, child_thread);
		exit(0);
	}
	printf("%d\n", (int)child);
	waitpid(child, NULL, 0);
	child = fork();
	if (!child) {
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
}

static void query(void)
{
	printf("%d", underlock_holds(&locks[0]));
	note_acquire(&acquire_site, &locks[0]);
	printf(" %d", underlock_holds(&locks[0]));
	note_acquire(&shared_site, &locks[1]);
	printf(" %d %d %d", underlock_holds(&locks[1]), underlock_holds(&locks[0]), underlock_holds(&locks[2]));
	note_release(&locks[0]);
	printf(" %d %d", underlock_holds(&locks[0]), underlock_holds(&locks[1]));
	note_release(&locks[1]);
	printf(" %d\n", underlock_holds(&locks[1]));
}

/* overflow: more locks than the held set has room for (512); recording goes on. */
static void overflow(void)
{
	for (int i = 0; i < 600; i++)
		note_acquire(&acquire_site, &locks[i]);
	printf("%d %d %d", underlock_holds(&locks[511]), underlock_holds(&locks[599]), underlock_holds(&locks[700]));
	for (int i = 599; i >= 0; i--)
		note_release(&locks[i]);
	printf(" %d %d\n", underlock_holds(&locks[599]), underlock_holds(&locks[0]));
}

/* roll COUNT: events in many chunks, three locks held all along. */
static void roll(long count)
{
	note_acquire(&acquire_site, &locks[0]);
	note_acquire(&shared_site, &locks[1]);
	note_acquire(&acquire_site, &locks[2]);
	for (long i = 0; i < count; i++)
		__underlock_v1_event(&event_site, 2, (uint64_t)i, ~0ull, 0, 0);
	note_release(&locks[2]);
	note_release(&locks[0]);
	note_release(&locks[1]);
}

static int made_at_depth;
__attribute__((noinline)) static void at_depth(int depth)
{
	if (depth > 0) {
		at_depth(depth - 1);
		__asm__ volatile("");
		return;
	}
	note_acquire(&acquire_site, &locks[made_at_depth]);
	note_release(&locks[made_at_depth++]);
}

/* stacks: the same site from 3, 40 and 100 calls deep, and once more from 3. */
static void stacks(void)
{
	at_depth(3);
	at_depth(40);
	at_depth(100);
	at_depth(3);
	printf("%p %p\n", (void *)&at_depth, (void *)&stacks);
}

/* detached: a thread that nobody joins, and one that is joined by the thread after it. */
static void *join_other(void *other)
{
	pthread_join(*(pthread_t *)other, NULL);
	return NULL;
}

static void thread_shapes(void)
{
	pthread_t a, b;
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_create(&a, &attributes, child_thread, NULL);
	pthread_create(&a, NULL, child_thread, NULL);
	pthread_create(&b, NULL, join_other, &a);
	pthread_join(b, NULL);
	usleep(100000); /* lets the detached one end; nothing depends on it */
}

/* full PAIRS: prints what it recorded or lost, and that it ran to its end. */
static void until_full(long count)
{
	for (long i = 0; i < count; i++) {
		note_acquire(&acquire_site, &locks[i & 1023]);
		note_release(&locks[i & 1023]);
	}
	printf("%ld\n", 2 * count);
}

/* churn COUNT: threads one after the other, each doing the same. */
static void churn(long count)
{
	for (long i = 0; i < count; i++)
		run_threads(1, child_thread);
}

/* lives COUNT: a lock is born, taken and destroyed, again and again at one address. */
static void lives(long count)
{
	printf("%p\n", (void *)&locks[9]);
	for (long i = 0; i < count; i++) {
		__underlock_v1_init(&init_site, &locks[9]);
		note_acquire(&acquire_site, &locks[9]);
		note_release(&locks[9]);
		__underlock_v1_destroy(&destroy_site, &locks[9]);
	}
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	long number = argc > 2 ? atol(argv[2]) : 0;

	if (!strcmp(mode, "count")) {
		pairs = argc > 3 ? atol(argv[3]) : 0;
		run_threads((int)number, count_thread);
	} else if (!strcmp(mode, "announce")) {
		run_threads((int)number, announce_thread);
	} else if (!strcmp(mode, "deadlock")) {
		deadlock();
	} else if (!strcmp(mode, "abort")) {
		note_acquire(&acquire_site, &locks[0]);
		say("held\n");
		abort();
	} else if (!strcmp(mode, "signal")) {
		interrupted(number != 0);
	} else if (!strcmp(mode, "storm")) {
		storm();
	} else if (!strcmp(mode, "fork")) {
		fork_holding(number != 0);
	} else if (!strcmp(mode, "fork-more")) {
		fork_more();
	} else if (!strcmp(mode, "reports")) {
		reports();
	} else if (!strcmp(mode, "query")) {
		query();
	} else if (!strcmp(mode, "overflow")) {
		overflow();
	} else if (!strcmp(mode, "roll")) {
		roll(number);
	} else if (!strcmp(mode, "stacks")) {
		stacks();
	} else if (!strcmp(mode, "threads")) {
		thread_shapes();
	} else if (!strcmp(mode, "churn")) {
		churn(number);
	} else if (!strcmp(mode, "unheld")) {
		note_acquire(&acquire_site, &locks[1]);
		note_release(&locks[2]);
		note_release(&locks[1]);
	} else if (!strcmp(mode, "lives")) {
		lives(number);
	} else if (!strcmp(mode, "full")) {
		until_full(number);
	} else if (strcmp(mode, "nothing")) {
		fprintf(stderr, "driver: unknown mode '%s'\n", mode);
		return 2;
	}
	return 0;
}
