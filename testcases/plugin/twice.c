// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A module that has been here before is not marked again.
// RUN: %cc -O0 -g %ir -I%S/Inputs %s > %t.ll
// RUN: %cc -O0 -g %ir %t.ll | %verify | FileCheck %s
#include "test.h"
extern struct lock l;
// CHECK-LABEL: @once(
// CHECK: call i32 @__underlock_v1_begin(
// CHECK-NOT: call i32 @__underlock_v1_begin(
// CHECK: ret void
void once(void)
{
	lock_acquire(&l);
}
