/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The test says who runs, what time it is and what state the machine is in. */
#ifndef UNDERLOCK_TESTPORT_UNDERLOCK_PORT_HOT_H
#define UNDERLOCK_TESTPORT_UNDERLOCK_PORT_HOT_H

#ifdef __cplusplus
extern "C" {
#endif
extern struct underlock_context *test_running;
extern uint64_t test_clock;
extern uint64_t test_waits; /* readings of the clock that wait for what came before */
extern uint8_t test_state;
extern int test_pinned; /* pins that have not ended */
#ifdef __cplusplus
}
#endif

static inline struct underlock_context *underlock_port_context(void)
{
	return test_running;
}

static inline uint64_t underlock_port_ticks_acquire(void)
{
	test_waits++;
	return test_clock;
}

static inline uint64_t underlock_port_ticks_release(void)
{
	return test_clock;
}

static inline uint8_t underlock_port_state(void)
{
	return test_state;
}

static inline void underlock_port_pin(void)
{
	test_pinned++;
}

static inline void underlock_port_unpin(void)
{
	test_pinned--;
}

#endif
