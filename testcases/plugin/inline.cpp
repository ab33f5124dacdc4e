// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An inline function with marks in it is this unit's own: the linker may keep a copy that has no hooks of the shared one.
// RUN: %cxx -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
#include "test.h"
extern struct lock l;
// CHECK: @__underlock.site = private global
// CHECK-NOT: @_Z4bothv()
// CHECK: define internal void @_Z4bothv.underlock()
// CHECK: call i32 @__underlock_v1_begin(ptr @__underlock.site, ptr @l)
inline void both() { lock_acquire(&l); }
void use() { both(); }
