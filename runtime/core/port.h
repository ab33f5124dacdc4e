/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * The port interface: what the core asks of the platform, and nothing else.
 *
 * A port is a folder with two headers, found through the include path when the core is compiled for it, and the files
 * that implement the rest. The core calls neither libc nor kernel; of the compiler it uses __atomic_* and
 * __builtin_mem{cpy,set}. It has no thread-local and no floating-point variable, never blocks, and keeps all it knows in
 * the context. So the port decides where the core can run: as early, and in as strange a place (NMI, signal handler) as
 * its underlock_port_context() can tell who is running.
 *
 * `underlock_port.h`, seen before anything else of the core, defines sizes:
 *     UNDERLOCK_CHUNK_SIZE     bytes of a chunk: a power of two, 4096 at least
 *     UNDERLOCK_CHUNK_FIRST    the part of a context's first chunk that can be written at once (see chunk_more)
 *     UNDERLOCK_HELD_LIMIT     locks one context can hold before underlock_holds() says "unknown"  (24 bytes each)
 *     UNDERLOCK_PLACE_BUCKETS  a power of two: the places a context remembers, by twos            (32 bytes each)
 *     UNDERLOCK_STRING_LIMIT   longer file, function and lock names are cut in the trace: a definition fits a chunk
 *     UNDERLOCK_PAUSES         1: threads can be made to wait before they ask for a lock (underlock_port_pause()), else 0
 *     UNDERLOCK_LIVING         1: locks die with their memory when it is given back (living.h), else 0
 *
 * `underlock_port_hot.h`, seen after struct underlock_context, defines the functions below marked HOT, static inline:
 * they run once or twice in every hook.
 */
#ifndef UNDERLOCK_CORE_PORT_H
#define UNDERLOCK_CORE_PORT_H

#include "underlock/hooks.h"
#include "underlock/trace.h"

#include "underlock_port.h"

struct underlock_context;

/*
 * HOT: static inline struct underlock_context *underlock_port_context(void);
 * The running flow of control, made on first use: zeroed memory that lives until the flow ends, given to
 * underlock_context_start() once. An interrupt on top of a task is another context, or the same one: what it then does
 * while the core is busy with that context is dropped and counted. NULL: record nothing (off, out of contexts, or this
 * very call makes a context further up the stack). The port counts what it drops so: underlock_count_lost(NULL).
 *
 * HOT: static inline uint64_t underlock_port_ticks_acquire(void);
 * HOT: static inline uint64_t underlock_port_ticks_release(void);
 * One clock for all contexts. The first is read after the lock is held: no earlier instruction may still be under way
 * (x86-64: lfence, rdtsc). The second is read before any later store is visible (x86-64: plain rdtsc; a store never
 * passes an older instruction). So the sections of one lock never overlap in a trace. Where nothing can have come between
 * (owner.h), acquisitions are content with the second one.
 *
 * HOT: static inline uint8_t underlock_port_state(void);
 * The machine's state now: bits of enum underlock_state.
 *
 * HOT: static inline void underlock_port_pin(void);
 * HOT: static inline void underlock_port_unpin(void);
 * Around all work of the core on a context. In between the flow must not be switched for another one on top of the core:
 * a kernel that preempts would run its scheduler, with locks that no context can take while this one is busy.
 */

/*
 * A zeroed chunk of UNDERLOCK_CHUNK_SIZE bytes that no one else has, in the trace from now on; NULL when there is no
 * space. Once NULL, it may be asked again at every record: answer fast.
 */
void *underlock_port_chunk_new(void);

/*
 * A context's first chunk needs memory or disk space for its first UNDERLOCK_CHUNK_FIRST bytes only: many threads record
 * little. This asks for the rest; false: there is none. Not called where both sizes are the same.
 */
int underlock_port_chunk_more(void *chunk);

/* Lets others run, where the flow can wait for one of them. Called for what is rare, in rings and distinct recordings. */
void underlock_port_yield(void);

/* The core has sealed this chunk and never touches it again: the port may unmap it. */
void underlock_port_chunk_done(void *chunk);

/*
 * `frame` is an address on the running stack that is outside [c->stack_low, c->stack_high). Set both to the bounds of
 * the stack that it is on, every byte from `frame` up to stack_high being readable; or leave both 0 when that is not
 * known: stacks then have one frame. c->stack_is_own: whether it is the stack that the flow began on, on top of which others
 * come (of handlers and interrupts). Called in any context the core is called in.
 */
void underlock_port_stack(struct underlock_context *c, uintptr_t frame);

/*
 * Where UNDERLOCK_LIVING is 1. Zeroed memory that stays, and reads as zeros in a copy of the process; little of it will be
 * used. NULL when there is none. What two threads asked for at the same time is given back at once.
 */
void *underlock_port_memory(size_t size);
void underlock_port_memory_back(void *memory, size_t size);

/* The size of this block, by who knows it (UNDERLOCK_SIZE_OF_*); 0 where that cannot be told. No hook's guard is taken. */
uint64_t underlock_port_block_size(const void *memory, uint64_t who);

/*
 * Where UNDERLOCK_PAUSES is 1, and the port has set underlock_pauses. This context is about to ask for `lock` at `site`;
 * returns when it may. Outside of the guard: whatever interrupts it records as always.
 */
void underlock_port_pause(struct underlock_context *c, const struct underlock_site *site, uint64_t lock);

/*
 * c->frames has a stack of `count` frames that this context has not met before: where code is loaded while it runs, the
 * port defines what it has not defined yet, by underlock_define_image_inside(). Called inside the guard.
 */
void underlock_port_new_stack(struct underlock_context *c, uint32_t count);

#endif
