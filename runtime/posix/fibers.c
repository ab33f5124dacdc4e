/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Stacks that the program makes itself: makecontext() comes through here, the one moment at which their bounds are told.
 * However the program switches to such a stack later, a walk up it is bounded then. On other stacks that are not the
 * thread's own (assembler, a library's fibers) a recorded stack has one frame.
 */
#define _GNU_SOURCE
#include "process.h"
#include <dlfcn.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define STACKS 256u /* the newest ones */
#define PAGES_MAX 4096u

static struct made_stack {
	uintptr_t low, high; /* low is 0 while the entry is empty or changes */
} stacks[STACKS];
static uint32_t made;

typedef void makecontext_function(ucontext_t *, void (*)(void), int, ...);
static makecontext_function *real_makecontext;

void underlock_posix_find_real_makecontext(void)
{
	if (!real_makecontext)
		real_makecontext = (makecontext_function *)dlsym(RTLD_NEXT, "makecontext");
	underlock_posix_must_find(real_makecontext != 0, "makecontext");
}

/* What was made before on the same memory is gone. */
static void note_stack(uintptr_t low, uintptr_t high)
{
	struct made_stack *entry = &stacks[__atomic_fetch_add(&made, 1, __ATOMIC_RELAXED) % STACKS];
	uint32_t at;

	for (at = 0; at < STACKS; at++) {
		uintptr_t other = __atomic_load_n(&stacks[at].low, __ATOMIC_RELAXED);

		if (other && other < high && low < __atomic_load_n(&stacks[at].high, __ATOMIC_RELAXED))
			__atomic_store_n(&stacks[at].low, 0, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&entry->low, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&entry->high, high, __ATOMIC_SEQ_CST);
	__atomic_store_n(&entry->low, low, __ATOMIC_SEQ_CST);
	/* Frames that a context remembers of an older stack there may lie where nothing is mapped now. */
	__atomic_fetch_add(&underlock_stack_generation, 1, __ATOMIC_RELEASE);
}

/* The frame pointer that getcontext() has saved is its caller's: a fiber that begins with it seems called there. */
__attribute__((used)) static makecontext_function *note_fiber(ucontext_t *context)
{
	uintptr_t low = (uintptr_t)context->uc_stack.ss_sp;

	underlock_posix_find_real_makecontext();
	if (underlock_posix_process) {
		context->uc_mcontext.gregs[REG_RBP] = 0;
		note_stack(low, low + context->uc_stack.ss_size);
	}
	return real_makecontext;
}

/* However many arguments there are for the fiber: they stay where they are. */
__attribute__((naked, visibility("default"))) void makecontext(ucontext_t *context, void (*function)(void), int n, ...)
{
	__asm__("push %rdi\n\tpush %rsi\n\tpush %rdx\n\tpush %rcx\n\tpush %r8\n\tpush %r9\n\tpush %rax\n\t"
		"call note_fiber\n\t"
		"mov %rax, %r11\n\t"
		"pop %rax\n\tpop %r9\n\tpop %r8\n\tpop %rcx\n\tpop %rdx\n\tpop %rsi\n\tpop %rdi\n\t"
		"jmp *%r11");
}

/* The memory may have become something else since, or nothing. */
static int is_mapped(uintptr_t from, uintptr_t to)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	unsigned char resident[PAGES_MAX / 16];

	from &= ~(page - 1);
	if (to - from > PAGES_MAX * page)
		return 0;
	while (from < to) {
		uintptr_t size = to - from < sizeof(resident) * page ? to - from : sizeof(resident) * page;

		if (mincore((void *)from, size, resident))
			return 0;
		from += size;
	}
	return 1;
}

int underlock_posix_find_stack(uintptr_t frame, uintptr_t *low, uintptr_t *high)
{
	uint32_t at;

	for (at = 0; at < STACKS; at++) {
		*low = __atomic_load_n(&stacks[at].low, __ATOMIC_SEQ_CST);
		*high = __atomic_load_n(&stacks[at].high, __ATOMIC_SEQ_CST);
		if (*low && frame >= *low && frame < *high && *low == __atomic_load_n(&stacks[at].low, __ATOMIC_SEQ_CST))
			return is_mapped(frame, *high);
	}
	return 0;
}
