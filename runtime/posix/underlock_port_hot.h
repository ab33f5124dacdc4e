/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The POSIX port's functions that run in every hook (core/port.h tells what they promise). */
#ifndef UNDERLOCK_POSIX_UNDERLOCK_PORT_HOT_H
#define UNDERLOCK_POSIX_UNDERLOCK_PORT_HOT_H

/* This thread's context, or NULL. The memory behind it reads as zeros in the child of a fork: then `number` is 0. */
extern __thread struct underlock_context *underlock_posix_current __attribute__((tls_model("initial-exec")));

/* Makes this thread's context where recording is on. */
struct underlock_context *underlock_posix_make_context(void);

static inline struct underlock_context *underlock_port_context(void)
{
	struct underlock_context *c = underlock_posix_current;

	if (__builtin_expect(c && c->number, 1))
		return c;
	return underlock_posix_make_context();
}

#ifdef __x86_64__
static inline uint64_t underlock_port_ticks_release(void)
{
	return __builtin_ia32_rdtsc();
}

static inline uint64_t underlock_port_ticks_acquire(void)
{
	__builtin_ia32_lfence();
	return __builtin_ia32_rdtsc();
}
#else
#error "the POSIX port has a clock for x86-64 only"
#endif

/* A program sees nothing of interrupts and preemption. */
static inline uint8_t underlock_port_state(void)
{
	return 0;
}

/* Another thread's turn is another context's. */
static inline void underlock_port_pin(void)
{
}

static inline void underlock_port_unpin(void)
{
}

#endif
