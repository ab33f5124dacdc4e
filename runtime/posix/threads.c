/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Who made which thread, and who waited for its end: pthread_create() and pthread_join() of the program come through
 * here. A token stands for the child: its parent records FORK before the child exists, the child START before it runs,
 * whoever joins it JOIN after it is gone. A thread that names itself is known by that name from then on, so that it is
 * also when it never ends; the name that another one gives it is seen when its next chunk begins.
 */
#define _GNU_SOURCE
#include "process.h"
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef int create_function(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
typedef int join_function(pthread_t, void **);
typedef int setname_function(pthread_t, const char *);
static create_function *real_create;
static join_function *real_join;
static setname_function *real_setname;

/* Also called from the functions below: a constructor of another library may make a thread before ours has run. */
void underlock_posix_find_real_functions(void)
{
	__atomic_store_n(&real_create, (create_function *)dlsym(RTLD_NEXT, "pthread_create"), __ATOMIC_RELAXED);
	__atomic_store_n(&real_join, (join_function *)dlsym(RTLD_NEXT, "pthread_join"), __ATOMIC_RELAXED);
	__atomic_store_n(&real_setname, (setname_function *)dlsym(RTLD_NEXT, "pthread_setname_np"), __ATOMIC_RELAXED);
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

static void *run_thread(void *argument)
{
	struct start *start = argument;
	void *(*function)(void *) = start->function;
	void *function_argument = start->argument;
	uint64_t token = start->token;

	underlock_posix_learn_stack();
	underlock_thread_record(underlock_port_context(), UNDERLOCK_THREAD_START, token);
	register_once(start, pthread_self());
	return function(function_argument);
}

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *), void *argument)
{
	struct underlock_context *c = underlock_port_context();
	struct start *start;
	int error;

	if (!__atomic_load_n(&real_create, __ATOMIC_RELAXED))
		underlock_posix_find_real_functions();
	start = c ? malloc(sizeof(*start)) : 0;
	if (!start)
		return real_create(thread, attributes, function, argument);
	*start = (struct start){ function, argument, underlock_posix_new_token(), 0 };
	underlock_thread_record(c, UNDERLOCK_THREAD_FORK, start->token);
	error = real_create(thread, attributes, run_thread, start);
	if (error)
		free(start);
	else
		register_once(start, *thread);
	return error;
}

EXPORT int pthread_join(pthread_t thread, void **result)
{
	struct underlock_context *c = underlock_port_context();
	uint64_t token;
	int error;

	if (!__atomic_load_n(&real_join, __ATOMIC_RELAXED))
		underlock_posix_find_real_functions();
	/* Read before: afterwards it may be another thread's. Not taken: this thread may be cancelled while it waits. */
	token = c ? token_of(thread) : 0;
	error = real_join(thread, result);
	if (token && !error) {
		forget_token(thread, token);
		underlock_thread_record(underlock_port_context(), UNDERLOCK_THREAD_JOIN, token);
	}
	return error;
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
