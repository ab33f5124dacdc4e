/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * The recorded process: what the files of the POSIX port share.
 *
 * Memory of two kinds survives a fork differently, and the port builds on it instead of on fork handlers, which a raw
 * clone() passes by: contexts, and the struct below, read as zeros in the child (MADV_WIPEONFORK); chunks are not mapped
 * there at all (MADV_DONTFORK). So a child never writes into its parent's trace. Its first hook finds `state` zero and
 * opens a trace of its own; a child that only execs writes none.
 *
 * errno: everything that hooks reach keeps it.
 */
#ifndef UNDERLOCK_POSIX_PROCESS_H
#define UNDERLOCK_POSIX_PROCESS_H

#include "context.h"

#define UNDERLOCK_POSIX_TOKENS 16384u /* a power of two: threads that can be told apart by their pthread_t at a time */

struct underlock_token {
	uint64_t thread; /* pthread_t, 0: free */
	uint64_t token;	 /* 0: joined */
};

enum underlock_process_state {
	UNDERLOCK_PROCESS_NEW = 0, /* a child that has not recorded yet */
	UNDERLOCK_PROCESS_OPENING = 1,
	UNDERLOCK_PROCESS_RECORDING = 2,
	UNDERLOCK_PROCESS_OFF = 3, /* a child whose trace could not be opened */
};

struct underlock_process {
	uint32_t state;
	int32_t id; /* of the process whose trace it is: a child of vfork() sees its parent's here */
	uint32_t tokens_locked;
	uint32_t tsan_reports; /* taken into the trace so far */
	uint64_t last_token;
	struct underlock_token tokens[UNDERLOCK_POSIX_TOKENS];
};

/* NULL: not recording. Set before main, once. */
extern struct underlock_process *underlock_posix_process;

/* settings.c: what the environment says. False: recording is off. A setting that is wrong ends the program. */
struct underlock_settings {
	const char *trace;
	uint32_t frames;
	enum underlock_recording_mode mode;
	uint32_t ring_megabytes;
	const char *pause; /* the plan's file; NULL: nobody is paused */
};
int underlock_posix_settings(struct underlock_settings *settings);

/* `underlock: …` on standard error, in one write, from anywhere. */
void underlock_posix_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* pause.c: reads the plan of `underlock confirm` in this file. One that cannot be read ends the program. */
void underlock_posix_plan_pauses(const char *path);

/* trace_file.c: opens the trace of this process and writes its header. 0, or -1 when it has said why not. */
int underlock_posix_open_trace(const char *pattern, int is_child);

/* images.c: defines the mapped binaries that were not defined yet. `again`: forget those that were. */
void underlock_posix_define_images(struct underlock_context *c, int again);
void underlock_posix_find_real_dlclose(void);

/* Ends the program when what is interposed is not there to be called. */
void underlock_posix_must_find(int found, const char *functions);

/* exec.c */
void underlock_posix_find_real_exec(void);

/* memory.c: whose allocator the program uses, and whether it can be asked for the size of a block. */
void underlock_posix_find_allocator(void);
/* The same as munmap(), and errno stays. */
void underlock_posix_give_back(void *memory, size_t size);

/* tsan.c: that ThreadSanitizer runs beside, where it does. */
void underlock_posix_say_tsan(struct underlock_context *c);

/* fibers.c: the bounds of the stack that `frame` is on, if makecontext() was told them. */
int underlock_posix_find_stack(uintptr_t frame, uintptr_t *low, uintptr_t *high);
void underlock_posix_find_real_makecontext(void);

/* threads.c */
void underlock_posix_find_real_functions(void);
int underlock_posix_is_late(void); /* the program calls the C library's functions and not those that are interposed */
uint64_t underlock_posix_new_token(void);
extern int underlock_posix_tsan; /* 1: the program is under ThreadSanitizer */
/* A thread's first record; `awaited` is what underlock_posix_await_thread() was given. */
void underlock_posix_thread_begins(struct underlock_context *c, void *awaited);

/* context.c */
void *underlock_posix_map_wiped_on_fork(size_t size); /* NULL and errno, when there is none */
void underlock_posix_begin(const struct underlock_settings *settings);	  /* the process, before main */
void underlock_posix_learn_stack(void);			  /* of the running thread; calls malloc */
void underlock_posix_await_thread(void *start);		  /* the running thread, which has no context yet, begins with this */
void underlock_posix_renamed(void);			  /* the running thread has another name now */
void underlock_posix_end_process(void);			  /* EXIT; this thread records nothing after it */
void underlock_posix_define_clock(struct underlock_context *c);

#endif
