// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An event at a function's entry, seen by every caller; its objects are numbers of 64 bits.
// RUN: %cc -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 %ir -I%S/Inputs %s | %verify | FileCheck %s
#include "test.h"

// CHECK-LABEL: @removed(
// CHECK-NOT: @work
// CHECK-DAG: [[SECOND:%.*]] = zext i32 %1 to i64
// CHECK-DAG: [[FIRST:%.*]] = ptrtoint ptr %0 to i64
// CHECK: call void @__underlock_v1_event(ptr{{.*}}, i32 {{.*}}2, i64 {{.*}}[[SECOND]], i64 {{.*}}[[FIRST]], i64 {{.*}}0, i64 {{.*}}0)
// CHECK: call void @work()
// CHECK-NOT: __underlock
// CHECK: ret void
__attribute__((noinline)) void removed(void *device, unsigned id)
{
	work();
}

// The caller has no hook of its own.
// CHECK-LABEL: @through_pointer(
// CHECK-NOT: call void @__underlock
// CHECK: }
void through_pointer(void (*callback)(void *, unsigned))
{
	callback(0, 7);
	removed(0, 8);
}
