// SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only
/*
 * The Linux port: contexts and stacks. The trace's memory is in trace.c.
 *
 * Everything is static and in .bss, so the first hook of the boot can record (on UML the first one of start_kernel(),
 * um/memory.c), and nothing is allocated ever. No lock is
 * taken here and no function of the kernel called that could take one, with a hook in it, again.
 */
#include <linux/build_bug.h>
#include <linux/cache.h>
#include <linux/elf.h>
#include <linux/export.h>
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/sched/task_stack.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/thread_info.h>
#include <linux/timekeeping.h>
#include <asm/sections.h>

#include "context.h"
#include "guard.h"
#include "underlock/underlock.h"

/* Tasks that are known at a time: living ones, and dead ones whose task_struct is not in use again. */
#define TASK_BITS 10
#define TASKS (1u << TASK_BITS)

/* A write to sysfs that removes a device takes some 25 frames from the system call to the lock; a probe below it more. */
#define FRAMES 48u

/* ---- What was recorded: the kernel's own image ---- */

extern const char __start_notes[] __weak, __stop_notes[] __weak;

/* The build id, from the ELF notes that the kernel keeps in memory; NULL if it was linked without one. */
static const void *build_id(size_t *size)
{
	const char *at = __start_notes;

	while (at + sizeof(Elf64_Nhdr) <= __stop_notes) {
		const Elf64_Nhdr *note = (const Elf64_Nhdr *)at;
		const char *name = at + sizeof(*note);
		const char *description = name + ALIGN(note->n_namesz, 4);

		if (note->n_type == 3 /* NT_GNU_BUILD_ID */ && note->n_namesz == 4 && !__builtin_memcmp(name, "GNU", 4)) {
			*size = note->n_descsz;
			return description;
		}
		at = description + ALIGN(note->n_descsz, 4);
	}
	*size = 0;
	return NULL;
}

static uint32_t image_defined;

/* What every new context says once it can record. The image is the run's: the first context tells it. */
static void introduce(struct underlock_context *c, const char *name)
{
	underlock_define_name(c, name);
	if (!__atomic_exchange_n(&image_defined, 1, __ATOMIC_RELAXED)) {
		size_t size;
		const void *id = build_id(&size);

		underlock_define_image(c, (uintptr_t)_stext, (uintptr_t)_end, 0, "vmlinux", id, size);
	}
	/* Before that, the kernel's clock stands still. */
	if (system_state >= SYSTEM_SCHEDULING)
		underlock_define_clock(c, underlock_port_ticks_release(), ktime_get_mono_fast_ns());
}

/* ---- Tasks ---- */

struct task_flow {
	struct underlock_context context;
	u64 start_time;
	char name[TASK_COMM_LEN];
};

/* Each task finds its flow by its own address. Only a task itself enters its address, and entries are never taken out. */
static struct task_struct *task_keys[TASKS];
static struct task_flow task_flows[TASKS];

static struct task_flow *flow_of(struct task_struct *task)
{
	const uint32_t start = hash_ptr(task, TASK_BITS);
	uint32_t step;

	for (step = 0; step < TASKS; step++) {
		const uint32_t at = (start + step) % TASKS;
		struct task_struct *key = __atomic_load_n(&task_keys[at], __ATOMIC_RELAXED);

		if (!key)
			__atomic_compare_exchange_n(&task_keys[at], &key, task, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
		if (!key || key == task)
			return &task_flows[at];
	}
	return NULL;
}

/*
 * Idle tasks and kernel threads that live on one processor are who they are; where there is but one processor, those that
 * are bound to it. A worker of a per-processor pool is not: any other worker may run the same work at the same time.
 */
static enum underlock_context_kind kind_of(const struct task_struct *task)
{
	if (!task->pid)
		return UNDERLOCK_CONTEXT_CPU_THREAD;
	if ((task->flags & PF_KTHREAD) && task->nr_cpus_allowed == 1 && strncmp(task->comm, "kworker/", 8) &&
	    (IS_ENABLED(CONFIG_SMP) || (task->flags & PF_NO_SETAFFINITY)))
		return UNDERLOCK_CONTEXT_CPU_THREAD;
	return UNDERLOCK_CONTEXT_TASK;
}

static __always_inline bool same_name(const struct task_flow *flow, const struct task_struct *task)
{
	BUILD_BUG_ON(TASK_COMM_LEN != 16);
	return !__builtin_memcmp(flow->name, task->comm, TASK_COMM_LEN);
}

/* All but the guard: what interrupts this task meanwhile finds it at work. */
static void clear(struct underlock_context *c)
{
	const size_t behind = offsetof(struct underlock_context, kind);

	c->busy = 1;
	underlock_fence();
	c->number = 0;
	__builtin_memset((char *)c + behind, 0, sizeof(*c) - behind);
	underlock_fence();
}

/* Pinned: between the two, whoever preempts this task would find neither. */
static noinline void start_task(struct task_flow *flow, struct task_struct *task)
{
	underlock_port_pin();
	if (flow->context.number)
		underlock_context_end(&flow->context);
	underlock_frame_limit = FRAMES; /* the first task comes before all interrupts */
	flow->start_time = task->start_time;
	clear(&flow->context);
	underlock_context_start(&flow->context, kind_of(task), task->pid);
	underlock_port_unpin();
}

static noinline void rename_task(struct task_flow *flow, struct task_struct *task)
{
	__builtin_memcpy(flow->name, task->comm, TASK_COMM_LEN);
	flow->name[TASK_COMM_LEN - 1] = 0;
	introduce(&flow->context, flow->name);
}

/*
 * A task's address and the time it was started tell it from a later one at the same address, whose first record ends the
 * old context, where the end of that was not seen. (Not told apart: a thread that is not the first of its process and calls
 * exec() takes over the first one's start time, and so seems to be another task from there on.)
 */
struct underlock_context *underlock_task_context(void)
{
	struct task_struct *task = current;
	struct task_flow *flow = flow_of(task);

	if (unlikely(!flow)) {
		underlock_count_lost(NULL);
		return NULL;
	}
	/* Being started, perhaps; or it has ended, and is on its way out. */
	if (unlikely(flow->context.busy && flow->start_time == task->start_time))
		return &flow->context;
	if (unlikely(!flow->context.number || flow->start_time != task->start_time)) {
		start_task(flow, task);
		flow->name[0] = 0;
	}
	if (unlikely(!same_name(flow, task)))
		rename_task(flow, task);
	return &flow->context;
}

/*
 * By the model's task-ends, in do_exit(). What it still holds, after an oops say, nobody gives back. The context's guard
 * stays taken, so what the scheduler does on this stack until there is another one is the processor's (underlock_port_hot.h).
 */
void __underlock_v1_end(void)
{
	if (underlock_port_records() && in_task())
		underlock_context_end(underlock_task_context());
}

/* ---- Interrupts ---- */

static struct underlock_context interrupt_contexts[NR_CPUS][3];

struct underlock_context *underlock_interrupt_context(enum underlock_context_kind kind)
{
	static const char *const names[] = {"softirq", "hardirq", "nmi"};
	const uint32_t level = kind - UNDERLOCK_CONTEXT_SOFTIRQ;
	const uint32_t cpu = raw_smp_processor_id();
	struct underlock_context *c = &interrupt_contexts[cpu][level];

	if (unlikely(!c->number)) {
		underlock_context_start(c, kind, cpu);
		introduce(c, names[level]);
	}
	return c;
}

/* ---- Stacks ---- */

/*
 * Stacks of tasks and interrupts are THREAD_SIZE bytes at a multiple of THREAD_SIZE (UML's interrupts: its signal stack).
 * Those of NMIs are smaller, with pages between that are not there. On x86 a walk ends where an interrupt came in: the entry
 * code leaves an odd frame pointer there.
 */
void underlock_port_stack(struct underlock_context *c, uintptr_t frame)
{
	c->stack_low = 0;
	c->stack_high = 0;
	c->stack_is_own = 0;
	if (in_nmi())
		return;
	c->stack_low = ALIGN_DOWN(frame, THREAD_SIZE);
	c->stack_high = c->stack_low + THREAD_SIZE;
	c->stack_is_own = c->kind < UNDERLOCK_CONTEXT_SOFTIRQ && c->stack_low == (uintptr_t)task_stack_page(current);
}

/* There is one image, the kernel's own, and the first context defines it. */
void underlock_port_new_stack(struct underlock_context *c, uint32_t count)
{
}

/* ---- For modules ---- */

EXPORT_SYMBOL_GPL(underlock_holds);
EXPORT_SYMBOL_GPL(__underlock_v1_begin);
EXPORT_SYMBOL_GPL(__underlock_v1_try);
EXPORT_SYMBOL_GPL(__underlock_v1_acquired);
EXPORT_SYMBOL_GPL(__underlock_v1_failed);
EXPORT_SYMBOL_GPL(__underlock_v1_awaited);
EXPORT_SYMBOL_GPL(__underlock_v1_signal);
EXPORT_SYMBOL_GPL(__underlock_v1_release);
EXPORT_SYMBOL_GPL(__underlock_v1_wait);
EXPORT_SYMBOL_GPL(__underlock_v1_init);
EXPORT_SYMBOL_GPL(__underlock_v1_destroy);
EXPORT_SYMBOL_GPL(__underlock_v1_name);
EXPORT_SYMBOL_GPL(__underlock_v1_event);
EXPORT_SYMBOL_GPL(__underlock_v1_phase_begin);
EXPORT_SYMBOL_GPL(__underlock_v1_phase_titled);
EXPORT_SYMBOL_GPL(__underlock_v1_phase_end);
EXPORT_SYMBOL_GPL(__underlock_v1_end);
