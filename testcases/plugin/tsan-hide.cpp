// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a lock is made of is hidden from ThreadSanitizer also where a hook makes another instruction of that call: where it
// throws, the phase ends.
// RUN: %cxx -O0 -g -fsanitize=thread %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cxx -O2 -g -fsanitize=thread %ir -I%S/Inputs %s | %verify | FileCheck %s
#include "test.h"
extern "C" int pthread_mutex_lock(void *);

// CHECK-LABEL: define{{.*}} @lock_slowly
// CHECK: call void @__underlock_v1_phase_begin(
// CHECK-NOT: @pthread_mutex_lock(
// CHECK: invoke{{.*}} i32 @__underlock_v1_tsan_pthread_mutex_lock(
// CHECK-COUNT-2: call void @__underlock_v1_phase_end(
// CHECK: }
extern "C" void lock_slowly(void *L) {
  pthread_mutex_lock(L);
  work();
}
