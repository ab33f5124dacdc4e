/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Contexts of threads: made at the first hook, ended with the thread; and the process around them. */
#define _GNU_SOURCE
#include "process.h"
#include "shared.h"
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

__thread struct underlock_context *underlock_posix_current __attribute__((tls_model("initial-exec")));

/* Of the running thread. */
static __thread struct {
	uintptr_t stack_low, stack_high;   /* 0: not known */
	uint8_t learning;		   /* 1: the stack's bounds are being asked for, or are known */
	uint8_t making;			   /* a context is being made: hooks of a signal handler are lost */
	uint8_t over;			   /* this thread has ended, or has ended the process: what it does yet is lost */
	uint8_t end_rounds;		   /* destructor rounds seen */
	char name[16];			   /* as the trace knows it */
	uint8_t fork_seen;		   /* this thread is in a fork() that told its handlers */
	struct underlock_held *inherited;  /* … and held this */
	uint32_t inherited_count;
	void *awaited;			   /* how this thread was started, where that is not recorded yet */
} self __attribute__((tls_model("initial-exec")));

static pthread_key_t thread_end_key;
static struct underlock_settings settings;

void *underlock_posix_map_wiped_on_fork(size_t size)
{
	void *memory = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return 0;
	if (madvise(memory, size, MADV_WIPEONFORK)) {
		underlock_posix_give_back(memory, size);
		return 0;
	}
	return memory;
}

/* A walk up the stack needs to know where it ends. pthread_getattr_np() allocates: if the program's allocator has hooks,
 * they run meanwhile, with stacks of one frame. */
void underlock_posix_learn_stack(void)
{
	pthread_attr_t attributes;
	void *low;
	size_t size;

	if (self.learning)
		return;
	self.learning = 1;
	if (pthread_getattr_np(pthread_self(), &attributes))
		return;
	if (!pthread_attr_getstack(&attributes, &low, &size)) {
		self.stack_low = (uintptr_t)low;
		self.stack_high = (uintptr_t)low + size;
	}
	pthread_attr_destroy(&attributes);
}

void underlock_port_stack(struct underlock_context *c, uintptr_t frame)
{
	int saved = errno;
	uintptr_t low, high;
	stack_t handler;

	c->stack_is_own = frame >= self.stack_low && frame < self.stack_high;
	if (c->stack_is_own) {
		c->stack_low = self.stack_low;
		c->stack_high = self.stack_high;
	} else if (underlock_posix_find_stack(frame, &low, &high)) {
		c->stack_low = low;
		c->stack_high = high;
	} else if (!sigaltstack(0, &handler) && (handler.ss_flags & SS_ONSTACK) && frame >= (uintptr_t)handler.ss_sp &&
		   frame < (uintptr_t)handler.ss_sp + handler.ss_size) {
		c->stack_low = (uintptr_t)handler.ss_sp;
		c->stack_high = c->stack_low + handler.ss_size;
	}
	errno = saved;
}

void underlock_posix_define_clock(struct underlock_context *c)
{
	struct timespec now;
	uint64_t before = underlock_port_ticks_acquire();

	clock_gettime(CLOCK_MONOTONIC, &now);
	underlock_define_clock(c, before / 2 + underlock_port_ticks_acquire() / 2,
			       (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
}

static void define_name(struct underlock_context *c)
{
	char name[16] = "";

	prctl(PR_GET_NAME, name);
	if (!strcmp(name, self.name))
		return;
	memcpy(self.name, name, sizeof(name));
	underlock_define_name(c, name);
}

/* The running thread gave itself another name. */
void underlock_posix_renamed(void)
{
	struct underlock_context *c = underlock_port_context();

	if (c)
		define_name(c);
}

static void say_no_memory(void)
{
	static uint32_t said;

	if (!__atomic_exchange_n(&said, 1, __ATOMIC_RELAXED))
		underlock_posix_say("underlock: process %d: no memory for what a thread holds: %s; such a thread is not recorded; "
				    "allow more memory (ulimit -v) or mappings (vm.max_map_count)", (int)getpid(), strerror(errno));
}

/* Makes the running thread's context; `self.making` is set. */
static struct underlock_context *make_context(void)
{
	struct underlock_context *c = underlock_posix_current;

	/* In a forked child the parent's context is there already, wiped. */
	if (!c)
		c = underlock_posix_map_wiped_on_fork(sizeof(*c));
	if (!c) {
		say_no_memory();
		underlock_count_lost(0);
		return 0;
	}
	c->stack_low = self.stack_low;
	c->stack_high = self.stack_high;
	c->stack_is_own = 1;
	underlock_context_start(c, UNDERLOCK_CONTEXT_THREAD, (uint64_t)gettid());
	underlock_posix_current = c;
	pthread_setspecific(thread_end_key, c);
	self.name[0] = 0;
	define_name(c);
	underlock_posix_define_clock(c);
	return c;
}

static struct underlock_context *make_thread_context(void)
{
	struct underlock_context *c = make_context();
	void *awaited = self.awaited;

	self.awaited = 0;
	if (c && awaited)
		underlock_posix_thread_begins(c, awaited);
	return c;
}

void underlock_posix_await_thread(void *start)
{
	self.awaited = start;
	pthread_setspecific(thread_end_key, start);
}

/* What rings and distinct recordings share. It reads as zeros in the child of a fork, whose trace is another one. */
static void set_up_shared(void)
{
	if (!underlock_shared)
		return;
	underlock_shared->mode = settings.mode;
	underlock_shared->ring_limit = settings.ring_megabytes * (1048576u / UNDERLOCK_CHUNK_SIZE);
}

/* The first record of a forked child: a trace of its own. True when there is one. */
static int open_as_child(void)
{
	struct underlock_process *process = underlock_posix_process;
	uint32_t state = UNDERLOCK_PROCESS_NEW;

	if (!__atomic_compare_exchange_n(&process->state, &state, UNDERLOCK_PROCESS_OPENING, 0, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		return state == UNDERLOCK_PROCESS_RECORDING;
	state = UNDERLOCK_PROCESS_OFF;
	set_up_shared();
	if (underlock_generation + 1 == UNDERLOCK_GENERATIONS)
		underlock_posix_say("underlock: process %d: forked %u deep, deeper than the runtime counts; it is not recorded",
				    (int)getpid(), UNDERLOCK_GENERATIONS);
	else if (!underlock_posix_open_trace(settings.trace, 1))
		state = UNDERLOCK_PROCESS_RECORDING;
	underlock_generation++;
	process->id = getpid();
	__atomic_store_n(&process->state, state, __ATOMIC_RELEASE);
	return state == UNDERLOCK_PROCESS_RECORDING;
}

static void forget_inherited(void)
{
	if (self.inherited)
		underlock_posix_give_back(self.inherited, UNDERLOCK_HELD_LIMIT * sizeof(*self.inherited));
	self.inherited = 0;
	self.inherited_count = 0;
	self.fork_seen = 0;
}

static struct underlock_context *make_child_context(void)
{
	struct underlock_context *c = open_as_child() ? make_context() : 0;

	self.awaited = 0; /* in the parent */
	if (c) {
		underlock_posix_define_images(c, 1);
		underlock_inherit_held(c, self.inherited, self.inherited_count);
		/* After a raw clone() nothing is known of what was held: underlock_holds() is to say so. */
		c->held_missed = !self.fork_seen;
		underlock_posix_say_tsan(c);
	}
	forget_inherited();
	return c;
}

struct underlock_context *underlock_posix_make_context(void)
{
	struct underlock_process *process = underlock_posix_process;
	struct underlock_context *c;
	int saved = errno, cancel;
	uint32_t state;

	if (!process)
		return 0;
	state = __atomic_load_n(&process->state, __ATOMIC_ACQUIRE);
	if (state == UNDERLOCK_PROCESS_OFF)
		return 0;
	if (self.making || self.over) {
		underlock_count_lost(0);
		return 0;
	}
	/* What is called here may be a place where a thread is cancelled; a hook is none. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	underlock_posix_learn_stack();
	c = underlock_posix_current;
	if (!c || !c->number) {
		self.making = 1;
		c = state == UNDERLOCK_PROCESS_RECORDING ? make_thread_context() : make_child_context();
		self.making = 0;
	}
	pthread_setcancelstate(cancel, 0);
	errno = saved;
	return c;
}

/* Destructors of other keys may take locks: this one lets them go first, as far as the standard promises rounds. What
 * comes in the last of them after it is lost: nothing would end a context that it makes. */
static void end_thread(void *context)
{
	struct underlock_context *c;

	if (++self.end_rounds < PTHREAD_DESTRUCTOR_ITERATIONS - underlock_posix_tsan) {
		pthread_setspecific(thread_end_key, context);
		return;
	}
	/* Under ThreadSanitizer it may have none yet; and in the last round the thread is nothing to that any more. */
	c = self.awaited ? underlock_port_context() : underlock_posix_current;
	if (!c)
		return;
	self.over = 1;
	underlock_posix_current = 0;
	if (c->number) {
		define_name(c);
		underlock_context_end(c);
	}
	underlock_posix_give_back(c, sizeof(*c));
}

/*
 * Around fork(), to carry the held set over: handlers that lock before a fork and unlock in the child are common. The
 * library registers first, so that its "prepare" runs after all others, and its "child" before them.
 */
static void before_fork(void)
{
	struct underlock_context *c = underlock_posix_current;

	self.fork_seen = 1;
	if (!c || !c->number || !c->held_count)
		return;
	self.inherited = mmap(0, sizeof(c->held), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (self.inherited == MAP_FAILED) {
		self.inherited = 0;
		return;
	}
	self.inherited_count = c->held_count;
	memcpy(self.inherited, c->held, c->held_count * sizeof(*c->held));
}

void underlock_posix_begin(const struct underlock_settings *set)
{
	struct underlock_process *process = underlock_posix_map_wiped_on_fork(sizeof(*process));
	struct underlock_context *c;

	if (!process || pthread_key_create(&thread_end_key, end_thread) || pthread_atfork(before_fork, forget_inherited, 0)) {
		underlock_posix_say("underlock: cannot begin to record: %s; it takes %s", strerror(errno),
				    errno == ENOMEM ? "more memory (ulimit -v)" : "Linux 4.14 or newer");
		_exit(2);
	}
	settings = *set;
	if (settings.mode != UNDERLOCK_RECORDING_EVERYTHING && !(underlock_shared = underlock_posix_map_wiped_on_fork(sizeof(*underlock_shared)))) {
		underlock_posix_say("underlock: cannot begin to record: no memory for its tables: %s", strerror(errno));
		_exit(2);
	}
	set_up_shared();
	if (underlock_posix_open_trace(settings.trace, 0))
		_exit(2);
	process->id = getpid();
	process->state = UNDERLOCK_PROCESS_RECORDING;
	underlock_posix_process = process;
	c = underlock_port_context();
	underlock_posix_define_images(c, 1);
	if (!c || c->dropped)
		_exit(2); /* chunk_new has said why */
}

void underlock_posix_end_process(void)
{
	struct underlock_process *process = underlock_posix_process;
	struct underlock_context *c;

	/* A child of vfork() that calls exit() ends here too, in its parent's memory. */
	if (!process || process->state != UNDERLOCK_PROCESS_RECORDING || process->id != getpid())
		return;
	c = underlock_port_context();
	if (c) {
		define_name(c);
		underlock_posix_define_images(c, 0);
		underlock_posix_define_clock(c);
		underlock_context_exit(c);
	}
	self.over = 1;
	underlock_posix_current = 0;
}
