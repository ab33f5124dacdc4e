// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A call of an alias of a lock function is a call of it.
// RUN: %cc -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
#include "test.h"
extern struct lock l;
void lock_acquire(void *l)
{
	work();
}
void other_name(void *l) __attribute__((alias("lock_acquire")));
void renamed(void *l) __asm__("lock_release");

// CHECK-LABEL: @caller(
// CHECK: call i32 @__underlock_v1_begin(
// CHECK: call void @other_name(
// CHECK: call void @__underlock_v1_acquired(
// CHECK: call void @__underlock_v1_release(
void caller(void)
{
	other_name(&l);
	renamed(&l);
}
