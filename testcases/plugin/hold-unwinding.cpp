// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a function holds while it runs is dropped where an exception passes through, and once where it returns.
// RUN: %cxx -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cxx -O2 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
#include "test.h"

// CHECK-LABEL: define{{.*}} @handle
// CHECK: call i32 @__underlock_v1_try(
// CHECK: call void @__underlock_v1_acquired(
// CHECK: invoke void @work()
// CHECK: call void @__underlock_v1_release(
// CHECK: call void @__underlock_v1_release(
// CHECK-NEXT: ret i32
// CHECK: cleanup
// CHECK: call void @__underlock_v1_release(
// CHECK: call void @__underlock_v1_release(
// CHECK-NEXT: resume
extern "C" int handle(void *desc, void *action) {
  work();
  return 0;
}
