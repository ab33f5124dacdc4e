/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * The context: all that the runtime knows of one flow of control, and what a port does with it.
 *
 * A context has one writer, the flow itself, so nothing in it is locked. What can come in between is a signal handler
 * (or an interrupt, where the port gives it no context of its own) on the same flow: `busy` keeps it out of a half-done
 * change. One fixed struct instead of parts allocated on demand: a port can keep a static pool of them.
 */
#ifndef UNDERLOCK_CORE_CONTEXT_H
#define UNDERLOCK_CORE_CONTEXT_H

#include "port.h"

#define UNDERLOCK_FRAMES_MAX 64u /* the most that underlock_frame_limit can be set to */
#define UNDERLOCK_NAME_MAX 32u	 /* of a context, with the NUL */
#define UNDERLOCK_WAITS_MAX 4u	 /* notes of waiting that can be stacked: the outermost one, and handlers on top */

/* A lock that is held. Newest last. */
struct underlock_held {
	uint64_t lock;
	const struct underlock_site *site; /* of the acquisition */
	uint32_t place;			   /* … with its stack */
	uint32_t mode;			   /* enum underlock_mode */
};

/* What is waited for. `frame` tells a wait that was left without a word (an exception, longjmp) from one further out. */
struct underlock_wait {
	uint64_t lock;
	struct underlock_site *site; /* where it was held before (condition variables); else NULL */
	uint64_t since;
	uintptr_t frame;
	uint32_t place;
};

/* A frame as it lies on the stack. */
struct underlock_frame {
	uintptr_t next; /* where its caller's is */
	uintptr_t pc;	/* where it returns to */
};

/* A pair of site and stack, known by its hash alone: 64 bits over the few thousand places of a context. */
struct underlock_place {
	uint64_t hash; /* 0: empty */
	uint64_t number;
};

struct underlock_context {
	uint32_t number;	/* in the trace; 0: these bytes are no context (yet, or no longer) */
	uint8_t busy;		/* the core is at work on this context */
	uint8_t kind;		/* enum underlock_context_kind */
	uint8_t wait_count;	/* of `waits` */
	uint8_t distinct;	/* the run is recorded so (distinct.h) */
	uint64_t os_id;

	struct underlock_chunk_header *chunk; /* the open one; NULL when the first could not be had */
	uint8_t *at;		/* where the next record goes */
	uint8_t *end;		/* of the chunk */
	uint64_t last_ticks;	/* of the newest timed record: time never runs backwards */
	uint32_t sequence;	/* of the next chunk */
	uint32_t last_place;	/* number given last */

	uintptr_t stack_low;	/* see underlock_port_stack() */
	uintptr_t stack_high;
	uint8_t stack_is_own;
	uint32_t stack_generation; /* underlock_stack_generation, when they were asked for */

	uint64_t dropped;	/* records lost so far … */
	uint64_t dropped_shown; /* … and how many of them the chunk's header shows */

	uint32_t held_count;
	uint32_t held_missed;	/* acquisitions that found `held` full, not released yet */

	/* For rings and distinct recordings (shared.h): what chunks begin with, and what a context was up to. */
	char name[UNDERLOCK_NAME_MAX];
	uint64_t start_token;	/* distinct: not written yet, since the context has no chunk; 0: none */
	uint32_t threads;	/* forks and joins */
	uint32_t phases;	/* that the context is in */

	struct underlock_wait waits[UNDERLOCK_WAITS_MAX];
	uint64_t lock_slots[UNDERLOCK_LOCK_SLOTS];
	struct underlock_held held[UNDERLOCK_HELD_LIMIT];
	uint64_t frames[UNDERLOCK_FRAMES_MAX]; /* scratch: a stack that is new, the innermost frame first */

	/* The stack that was taken last (stack.h), the outermost frame first. */
	uint32_t walk_count;
	uint8_t walk_cut;   /* it was deeper than that */
	uint8_t walk_ends;  /* behind walk[0] lies a frame that returns nowhere */
	uint8_t unusual;    /* begin() has more to do: the recording is distinct, or threads are paused */
	uintptr_t walk_top; /* where the innermost frame lies, 0: there is none; others where the one further in says */
	struct underlock_frame walk[UNDERLOCK_FRAMES_MAX];
	uint64_t walk_hash[UNDERLOCK_FRAMES_MAX + 1]; /* of so many frames from the outermost inwards */

	struct underlock_place places[UNDERLOCK_PLACE_BUCKETS][2];
};

#include "underlock_port_hot.h"

/* Settings of the run. The port may change them before it makes its first context, and nobody after. */
extern uint32_t underlock_frame_limit; /* 32; at most UNDERLOCK_FRAMES_MAX */
extern int underlock_pauses;	       /* 1: underlock_port_pause() is asked before each acquisition that may wait */

/* A port that knows of stacks which come and go raises it with each one that is new: bounds that a context has may be those of
 * memory that is gone. */
extern uint32_t underlock_stack_generation;

/*
 * What of a site's id cell is the generation (see site.h). A port whose process can be copied (fork) raises it by one in
 * the copy: the copy's trace then defines its sites anew. Below UNDERLOCK_GENERATIONS.
 */
#define UNDERLOCK_GENERATIONS 256u
extern uint32_t underlock_generation;

/*
 * For ports. `c` is zeroed memory, then a context until underlock_context_end(). All but start() do nothing when `c` is
 * NULL or busy; definitions that find no space are counted as lost.
 */
void underlock_context_start(struct underlock_context *c, enum underlock_context_kind kind, uint64_t os_id);
/* Writes THREAD_END and seals. The memory is no context any more (number 0) and can be zeroed and started again. */
void underlock_context_end(struct underlock_context *c);
/* The same without THREAD_END, for the context that ends the run: writes EXIT with the run's total of lost records. */
void underlock_context_exit(struct underlock_context *c);

void underlock_thread_record(struct underlock_context *c, enum underlock_thread_record what, uint64_t value);
void underlock_define_image(struct underlock_context *c, uint64_t start, uint64_t end, uint64_t bias, const char *path,
			    const void *build_id, size_t build_id_size);
/* The same for underlock_port_new_stack(). */
void underlock_define_image_inside(struct underlock_context *c, uint64_t start, uint64_t end, uint64_t bias,
				   const char *path, const void *build_id, size_t build_id_size);
void underlock_define_name(struct underlock_context *c, const char *name);
void underlock_define_clock(struct underlock_context *c, uint64_t ticks, uint64_t nanoseconds);

/* The process is about to execute `program`, and this trace ends there; NULL: that has failed, and it goes on. */
void underlock_define_exec(struct underlock_context *c, const char *program);

/* No thread came of the FORK with this token: there was no memory for it, or no number. */
void underlock_define_unborn(struct underlock_context *c, uint64_t token);

/* One record is lost; `c` may be NULL. Callable while `c` is busy. */
void underlock_count_lost(struct underlock_context *c);

/* A new child starts with what its parent held (fork): an ACQUIRED for each of `held`, without a stack. */
void underlock_inherit_held(struct underlock_context *c, const struct underlock_held *held, uint32_t count);

/* Fills in a file header, checksum included, but for what the port must know: `header` is zeroed but for platform,
 * machine, process, start_time, ticks_per_second and program. */
void underlock_finish_file_header(struct underlock_file_header *header, uint64_t start_ticks);

/* Writes what a chunk of a ring or a distinct recording begins with, other than held locks. */
void underlock_introduce(struct underlock_context *c);

#endif
