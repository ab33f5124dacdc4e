/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Flows that leave their thread's stack: fibers of makecontext(), one on memory of its own and one inside main's stack,
 * which take turns, holding locks; and a handler on an alternate stack that locks. Prints what the thread holds as
 * each sees it: locks are the thread's, whichever fiber took them.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>
#include <underlock/underlock.h>

static pthread_mutex_t of_first = PTHREAD_MUTEX_INITIALIZER, of_second = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t of_handler = PTHREAD_MUTEX_INITIALIZER;
static ucontext_t in_main, in_first, in_second;

static void say(const char *who)
{
	printf("%s %d %d\n", who, underlock_holds(&of_first), underlock_holds(&of_second));
}

__attribute__((noinline)) static void first_locks(void)
{
	pthread_mutex_lock(&of_first);
}

__attribute__((noinline)) static void second_locks(void)
{
	pthread_mutex_lock(&of_second);
}

static void first(void)
{
	first_locks();
	swapcontext(&in_first, &in_second);
	say("first");
	pthread_mutex_unlock(&of_first);
	swapcontext(&in_first, &in_main);
}

static void second(void)
{
	second_locks();
	swapcontext(&in_second, &in_first);
	say("second");
	pthread_mutex_unlock(&of_second);
	swapcontext(&in_second, &in_main);
}

static void handler(int signal)
{
	(void)signal;
	pthread_mutex_lock(&of_handler);
	pthread_mutex_unlock(&of_handler);
}

static void make(ucontext_t *context, void (*function)(void), char *stack, size_t size)
{
	context->uc_stack.ss_sp = stack;
	context->uc_stack.ss_size = size;
	context->uc_link = &in_main;
	makecontext(context, function, 0);
}

int main(void)
{
	char inside[65536];
	size_t size = 65536;
	char *outside = malloc(size), *alternate = malloc(size);
	stack_t stack = { .ss_sp = alternate, .ss_size = size };
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };

	/* Here, since what it saves is main's frame, and that is above the stack that lies in it. */
	getcontext(&in_first);
	getcontext(&in_second);
	make(&in_first, first, outside, size);
	make(&in_second, second, inside, size);
	swapcontext(&in_main, &in_first);
	swapcontext(&in_main, &in_second);
	say("main");
	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	free(outside);
	free(alternate);
	return 0;
}
