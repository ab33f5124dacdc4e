// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What is left alone, and that each is said.
// RUN: rm -f %t.json && mkdir -p %t.dir/vendor && cp %s %t.dir/vendor/skips.c
// RUN: %cc -O2 -g -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.json %s
// RUN: %cc -O2 -g %ir -I%S/Inputs %s | %verify | FileCheck --check-prefix=IR %s
// RUN: %marks %t.json | FileCheck %s
// RUN: rm -f %t.json
// RUN: %cc -O2 -g -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.json %t.dir/vendor/skips.c
// RUN: %marks %t.json | FileCheck --check-prefix=VENDOR %s
#include "test.h"
extern struct lock l;
// Only these two are marked.
// CHECK-DAG: acquire mutex lock_acquire in marked: <l> (l)
void marked(void)
{
	lock_acquire(&l);
}

// CHECK-DAG: skipped lock_acquire in noinstr: noinstr
__attribute__((noinline, section(".noinstr.text"))) void noinstr(void)
{
	lock_acquire(&l);
}

// CHECK-DAG: skipped lock_acquire in travels: inlined into noinstr
static inline __attribute__((always_inline)) void travels(void)
{
	lock_acquire(&l);
}

// CHECK-DAG: skipped lock_release in travels_too: inlined into noinstr
static inline __attribute__((always_inline)) void travels_too(void)
{
	lock_release(&l);
	travels();
}

// The compiler may make it a call: who calls it from noinstr code has seen to that.
// CHECK-DAG: acquire mutex lock_acquire in stays: <l> (l)
static inline void stays(void)
{
	lock_acquire(&l);
}

__attribute__((noinline, section(".noinstr.text"))) void noinstr_caller(void)
{
	travels_too();
	stays();
}

// CHECK-DAG: skipped lock_acquire in __underlock_helper: runtime
void __underlock_helper(void)
{
	lock_acquire(&l);
}

// CHECK-DAG: skipped lock_acquire in elsewhere: available externally
extern inline __attribute__((gnu_inline)) void elsewhere(void)
{
	lock_acquire(&l);
}
void uses_elsewhere(void)
{
	elsewhere();
}

// CHECK-DAG: skipped lock_acquire in ignored_function: ignored by the model
// VENDOR-DAG: skipped lock_acquire in marked: ignored by the model
void ignored_function(void)
{
	lock_acquire(&l);
}

// The body of a lock function makes the lock: it counts where it is called.
// CHECK-DAG: skipped lock_acquire in lock_wrapper: lock function
void lock_wrapper(void *l)
{
	lock_acquire(l);
}

// Events at the entry of what must not be touched.
// CHECK-DAG: skipped in removed: noinstr
__attribute__((noinline, section(".noinstr.text"))) void removed(void *device, unsigned id)
{
}

// CHECK-DAG: skipped lock_acquire in tail: musttail
void tail(void *l)
{
	__attribute__((musttail)) return lock_acquire(l);
}

// CHECK: counts {"acquire": 2}
// CHECK: matched {{.*}}lock_acquire lock_release lock_wrapper{{.*}} removed
// CHECK: unmatched _ZdaPv cond_wait cond_wait_shared do_job finish give_back give_back_long give_back_sized gone handle handle_badly handle_field handle_flag join_thread lock_destroy {{.*}}whole_phase
// VENDOR: counts {}

// IR: call i32 @__underlock_v1_begin(
// IR: call i32 @__underlock_v1_begin(
// IR-NOT: call i32 @__underlock_v1_begin(
// IR-NOT: call {{.*}}@__underlock_v1_event(
