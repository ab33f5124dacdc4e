/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * As much of a Linux kernel as the runtime's Linux port asks of one, for LinuxPortTest.cpp, which says who runs and in what.
 * It is included before each file; the kernel's headers are empty ones (CMakeLists.txt).
 */
#ifndef UNDERLOCK_FAKEKERNEL_KERNEL_H
#define UNDERLOCK_FAKEKERNEL_KERNEL_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CONFIG_X86_64 1
#define IS_ENABLED(option) 1 /* SMP, PREEMPT_COUNT */
#define ELF_ARCH EM_X86_64

typedef uint64_t u64;
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define noinline __attribute__((__noinline__))
#undef __always_inline /* of glibc */
#define __always_inline inline __attribute__((__always_inline__))
#define __weak __attribute__((__weak__))
#define ALIGN_DOWN(x, to) ((x) & ~((__typeof__(x))(to) - 1))
#define ALIGN(x, to) ALIGN_DOWN((x) + (to) - 1, to)
#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)
#define EXPORT_SYMBOL_GPL(symbol) extern char exported_##symbol

#define TASK_COMM_LEN 16
#define PF_KTHREAD 1u
#define PF_NO_SETAFFINITY 2u
#define NR_CPUS 2
#define THREAD_SIZE 16384ul
struct task_struct {
	int pid, nr_cpus_allowed;
	unsigned int flags;
	u64 start_time;
	char comm[TASK_COMM_LEN];
};

#define PREEMPT_OFFSET 1u
#define PREEMPT_MASK 0xffu
#define SOFTIRQ_OFFSET 0x100u
#define SOFTIRQ_MASK 0xff00u
#define HARDIRQ_MASK 0xf0000u
#define NMI_MASK 0xf00000u

enum { SYSTEM_BOOTING, SYSTEM_SCHEDULING, SYSTEM_RUNNING };

#ifdef __cplusplus
extern "C" {
#endif
extern struct task_struct *fake_current;
extern unsigned int fake_preempt_count;
extern char fake_stext[];
#ifdef __cplusplus
}
#endif

#define current fake_current
#define system_state SYSTEM_RUNNING
#define _stext fake_stext
extern char _end[];

static inline unsigned int preempt_count(void)
{
	return fake_preempt_count;
}

static inline void preempt_disable_notrace(void)
{
	fake_preempt_count++;
}

static inline void preempt_enable_notrace(void)
{
	fake_preempt_count--;
}

static inline bool in_nmi(void)
{
	return fake_preempt_count & NMI_MASK;
}

static inline bool in_task(void)
{
	return !(fake_preempt_count & (NMI_MASK | HARDIRQ_MASK | SOFTIRQ_OFFSET));
}

static inline bool raw_irqs_disabled(void)
{
	return false;
}

static inline unsigned int raw_smp_processor_id(void)
{
	return 1;
}

/* Any will do: tasks that meet look further. */
static inline uint32_t hash_ptr(const void *pointer, unsigned int bits)
{
	return (uint32_t)((uintptr_t)pointer >> 4) & ((1u << bits) - 1);
}

static inline void *task_stack_page(const struct task_struct *task)
{
	return (void *)0;
}

static inline uint64_t ktime_get_mono_fast_ns(void)
{
	return 1;
}

static inline uint64_t rdtsc(void)
{
	return __builtin_ia32_rdtsc();
}

static inline uint64_t rdtsc_ordered(void)
{
	return __builtin_ia32_rdtsc();
}

#endif
