// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exceptions: hooks behind an invoke are on its normal edge; a phase ends where an exception passes through, too.
// RUN: %cxx -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cxx -O2 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
#include "test.h"
extern struct lock l;
extern "C" void notify(int);
struct Cleanup {
  ~Cleanup();
};

// CHECK-LABEL: define{{.*}} @caught
// CHECK: call i32 @__underlock_v1_begin(
// CHECK: invoke void @lock_acquire(
// CHECK-NEXT: to label %[[NORMAL:.*]] unwind label %[[UNWIND:[^ ,]*]]
// CHECK: [[NORMAL]]:
// CHECK-NEXT: {{.*}}call void @__underlock_v1_acquired(
// CHECK: [[UNWIND]]:
// CHECK: landingpad
// CHECK-NOT: __underlock
// CHECK: }
extern "C" void caught() {
  Cleanup C;
  lock_acquire(&l);
}

// CHECK-LABEL: define{{.*}} @tried
// CHECK: [[RESULT:%.*]] = invoke i32 @lock_try(
// CHECK-NEXT: to label %[[NORMAL:[^ ]*]]
// CHECK: [[NORMAL]]:
// CHECK: icmp {{eq|ne}} i32 [[RESULT]], 0
// CHECK-DAG: call void @__underlock_v1_acquired(
// CHECK-DAG: call void @__underlock_v1_failed(
extern "C" int tried() {
  Cleanup C;
  return lock_try(&l);
}

// CHECK-LABEL: define{{.*}} @whole_phase
// CHECK: call void @__underlock_v1_phase_begin(
// CHECK: invoke void @work()
// CHECK: call void @__underlock_v1_phase_end(
// CHECK: ret void
// CHECK: cleanup
// CHECK: call void @__underlock_v1_phase_end(
// CHECK: resume
extern "C" void whole_phase() { work(); }
