/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Who made which thread, and who waited for its end: pthread_create() and pthread_join() of the program, and those of
 * their kind, come through here. A token stands for the child: its parent records FORK before the child exists, the
 * child START before it runs, whoever joins it JOIN after it is gone. A thread that names itself is known by that name
 * from then on, so that it is also when it never ends; the name that another one gives it is seen when its next chunk
 * begins.
 */
#define _GNU_SOURCE
#include "process.h"
#include "waiting.h"
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef int create_function(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
typedef int join_function(pthread_t, void **);
typedef int timedjoin_function(pthread_t, void **, const struct timespec *);
typedef int clockjoin_function(pthread_t, void **, clockid_t, const struct timespec *);
typedef int setname_function(pthread_t, const char *);
typedef int c11_create_function(thrd_t *, int (*)(void *), void *);
typedef int c11_join_function(thrd_t, int *);
static create_function *real_create;
static join_function *real_join, *real_tryjoin;
static timedjoin_function *real_timedjoin;
static clockjoin_function *real_clockjoin;
static setname_function *real_setname;
static c11_create_function *real_c11_create;
static c11_join_function *real_c11_join;

/* Of a program under ThreadSanitizer: what each of its threads starts with (tsan/tell.c); else NULL. */
static void *(*tsan_start)(void *);
int underlock_posix_tsan;

#define FIND(real, type, name) __atomic_store_n(&real, (type *)dlsym(RTLD_NEXT, name), __ATOMIC_RELAXED)

/* Also called from the functions below: a constructor of another library may make a thread before ours has run. */
void underlock_posix_find_real_functions(void)
{
	void *(**tsan)(void *);

	FIND(real_tryjoin, join_function, "pthread_tryjoin_np");
	FIND(real_timedjoin, timedjoin_function, "pthread_timedjoin_np");
	FIND(real_clockjoin, clockjoin_function, "pthread_clockjoin_np");
	FIND(real_c11_create, c11_create_function, "thrd_create");
	FIND(real_c11_join, c11_join_function, "thrd_join");
	FIND(real_setname, setname_function, "pthread_setname_np");
	FIND(real_join, join_function, "pthread_join");
	FIND(real_create, create_function, "pthread_create");
	tsan = dlsym(RTLD_DEFAULT, "__underlock_v1_tsan_thread");
	underlock_posix_tsan = tsan != 0;
	tsan_start = tsan ? *tsan : 0;
	underlock_posix_must_find(real_create && real_join && real_setname,
				  "pthread_create, pthread_join or pthread_setname_np");
}

int underlock_posix_is_late(void)
{
	return dlsym(RTLD_DEFAULT, "pthread_create") == (void *)real_create;
}

uint64_t underlock_posix_new_token(void)
{
	return __atomic_add_fetch(&underlock_posix_process->last_token, 1, __ATOMIC_RELAXED);
}

/*
 * Tokens by pthread_t, in memory that is wiped in a forked child: its parent's threads are not there, and a lock that
 * one of them held is free again. Open addressing; the entry of a joined thread stays, for whoever comes to it next.
 */
static struct underlock_token *find(uint64_t thread, int make)
{
	struct underlock_token *tokens = underlock_posix_process->tokens, *joined = 0;
	uint32_t at = (uint32_t)((thread * 0x9e3779b97f4a7c15ull) >> 40);
	uint32_t tries;

	for (tries = 0; tries < UNDERLOCK_POSIX_TOKENS; tries++, at++) {
		struct underlock_token *token = &tokens[at & (UNDERLOCK_POSIX_TOKENS - 1)];

		if (token->thread == thread)
			return token;
		if (!joined && !token->token)
			joined = token;
		if (!token->thread)
			break;
	}
	if (!make || !joined)
		return 0;
	joined->thread = thread;
	return joined;
}

static struct underlock_token *find_locked(pthread_t thread, int make)
{
	while (__atomic_exchange_n(&underlock_posix_process->tokens_locked, 1, __ATOMIC_ACQUIRE))
		sched_yield();
	return find((uint64_t)thread, make);
}

static void unlock_tokens(void)
{
	__atomic_store_n(&underlock_posix_process->tokens_locked, 0, __ATOMIC_RELEASE);
}

static void set_token(pthread_t thread, uint64_t token)
{
	struct underlock_token *entry = find_locked(thread, 1);

	if (entry)
		entry->token = token;
	else
		underlock_count_lost(0); /* more threads at a time than there are entries: the join of this one */
	unlock_tokens();
}

static uint64_t token_of(pthread_t thread)
{
	struct underlock_token *entry = find_locked(thread, 0);
	uint64_t token = entry ? entry->token : 0;

	unlock_tokens();
	return token;
}

/* Once it is joined, a new thread may have its pthread_t, and its entry. */
static void forget_token(pthread_t thread, uint64_t token)
{
	struct underlock_token *entry = find_locked(thread, 0);

	if (entry && entry->token == token)
		entry->token = 0;
	unlock_tokens();
}

struct start {
	void *(*function)(void *);
	void *argument;
	uint64_t token;
	uint32_t registered; /* by the parent or by the child, whoever comes first: a joiner may know it from either */
};

static void register_once(struct start *start, pthread_t thread)
{
	if (!__atomic_exchange_n(&start->registered, 1, __ATOMIC_ACQ_REL))
		set_token(thread, start->token);
	else
		free(start); /* the second one to come is the last to use it */
}

/* The first thing that a thread does: what it is to run comes back. */
static struct start begin_thread(struct start *start)
{
	struct start copy = *start;

	underlock_posix_learn_stack();
	underlock_thread_record(underlock_port_context(), UNDERLOCK_THREAD_START, copy.token);
	register_once(start, pthread_self());
	return copy;
}

void underlock_posix_thread_begins(struct underlock_context *c, void *awaited)
{
	struct start *start = awaited;

	underlock_thread_record(c, UNDERLOCK_THREAD_START, start->token);
	register_once(start, pthread_self());
}

static void *run_thread(void *argument)
{
	struct start start = begin_thread(argument);

	return start.function(start.argument);
}

/*
 * ThreadSanitizer has intercepted the call that comes here, and sets up the thread in the function that it gives to it.
 * Until then, nothing may be called that it intercepts: the context is made at the first hook, or when the thread ends.
 */
static void *run_tsan_thread(void *argument)
{
	struct start start = *(struct start *)argument;

	underlock_posix_await_thread(argument);
	return start.function(start.argument);
}

static int run_c11_thread(void *argument)
{
	struct start start = begin_thread(argument);

	return ((int (*)(void *))(void (*)(void))start.function)(start.argument);
}

/* NULL: nothing is recorded. */
static struct start *fork_thread(void *(*function)(void *), void *argument)
{
	struct underlock_context *c = underlock_port_context();
	struct start *start;

	start = c ? malloc(sizeof(*start)) : 0;
	if (!start)
		return 0;
	*start = (struct start){ function, argument, underlock_posix_new_token(), 0 };
	underlock_thread_record(c, UNDERLOCK_THREAD_FORK, start->token);
	return start;
}

static int forked(int error, struct start *start, const pthread_t *thread)
{
	if (!error) {
		register_once(start, *thread);
		return error;
	}
	underlock_define_unborn(underlock_port_context(), start->token);
	free(start);
	return error;
}

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *), void *argument)
{
	struct start *start;

	if (!__atomic_load_n(&real_create, __ATOMIC_RELAXED))
		underlock_posix_find_real_functions();
	/* A thread of ThreadSanitizer's own is none of the program's. */
	start = underlock_posix_tsan && function != tsan_start ? 0 : fork_thread(function, argument);
	if (!start)
		return real_create(thread, attributes, function, argument);
	return forked(real_create(thread, attributes, underlock_posix_tsan ? run_tsan_thread : run_thread, start), start, thread);
}

EXPORT int thrd_create(thrd_t *thread, int (*function)(void *), void *argument)
{
	struct start *start;

	if (!__atomic_load_n(&real_create, __ATOMIC_RELAXED))
		underlock_posix_find_real_functions();
	start = fork_thread((void *(*)(void *))(void (*)(void))function, argument);
	if (!start)
		return real_c11_create(thread, function, argument);
	return forked(real_c11_create(thread, run_c11_thread, start), start, thread);
}

/* The trace knows the thread that is waited for by its token; the hooks around the call know it by its pthread_t. */
static void rename_wait(struct underlock_context *c, uint64_t from, uint64_t to)
{
	if (!underlock_enter(c))
		return;
	underlock_wait_rename(c, from, to);
	underlock_leave(c);
}

/* Read before the join: afterwards it may be another thread's. Not taken: this thread may be cancelled while it waits. */
static uint64_t join_begins(pthread_t thread)
{
	struct underlock_context *c = underlock_port_context();
	uint64_t token;

	if (!__atomic_load_n(&real_join, __ATOMIC_RELAXED))
		underlock_posix_find_real_functions();
	token = c ? token_of(thread) : 0;
	if (token)
		rename_wait(c, (uint64_t)thread, token);
	return token;
}

static int join_ends(int error, pthread_t thread, uint64_t token)
{
	if (token)
		rename_wait(underlock_port_context(), token, (uint64_t)thread);
	if (token && !error) {
		forget_token(thread, token);
		underlock_thread_record(underlock_port_context(), UNDERLOCK_THREAD_JOIN, token);
	}
	return error;
}

EXPORT int pthread_join(pthread_t thread, void **result)
{
	uint64_t token = join_begins(thread);

	return join_ends(real_join(thread, result), thread, token);
}

EXPORT int pthread_tryjoin_np(pthread_t thread, void **result)
{
	uint64_t token = join_begins(thread);

	return join_ends(real_tryjoin(thread, result), thread, token);
}

EXPORT int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *end)
{
	uint64_t token = join_begins(thread);

	return join_ends(real_timedjoin(thread, result, end), thread, token);
}

EXPORT int pthread_clockjoin_np(pthread_t thread, void **result, clockid_t clock, const struct timespec *end)
{
	uint64_t token = join_begins(thread);

	return join_ends(real_clockjoin(thread, result, clock, end), thread, token);
}

EXPORT int thrd_join(thrd_t thread, int *result)
{
	uint64_t token = join_begins(thread);

	return join_ends(real_c11_join(thread, result), thread, token);
}

/*
 * A kernel's code that is compiled as a program comes with the kernel's model, and so with the marks where its tasks end.
 * Here they are threads, whose end is seen by itself, and what a thread still does behind the mark is recorded.
 */
EXPORT void __underlock_v1_end(void)
{
}

EXPORT int pthread_setname_np(pthread_t thread, const char *name)
{
	int error;

	if (!__atomic_load_n(&real_setname, __ATOMIC_RELAXED))
		underlock_posix_find_real_functions();
	error = real_setname(thread, name);
	if (!error && pthread_equal(thread, pthread_self()))
		underlock_posix_renamed();
	return error;
}
