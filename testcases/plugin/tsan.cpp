// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// With -fsanitize=thread each lock call is told to ThreadSanitizer too, inside of our own hooks; not those that it
// intercepts, and nothing without that option.
// RUN: %cxx -O0 -g -fsanitize=thread %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cxx -O2 -g -fsanitize=thread %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cxx -O2 -g %ir -I%S/Inputs %s | %verify | FileCheck --check-prefix=NONE %s
// NONE-NOT: {{@__tsan|v1_tsan}}
#include "test.h"
extern struct lock l;
extern int condition;
extern "C" int pthread_mutex_lock(void *) noexcept;

// CHECK-LABEL: define{{.*}} @blocks
// CHECK: [[PLACE:%.*]] = {{.*}}call i32 @__underlock_v1_begin(
// CHECK-NEXT: call i32 @__underlock_v1_tsan_enter(ptr{{[^@]*}} @l, i32 0)
// CHECK-NEXT: call void @__tsan_mutex_pre_lock(ptr{{[^@]*}} @l, i32 0)
// CHECK-NEXT: invoke void @lock_acquire(
// CHECK-NEXT: to label %[[NORMAL:.*]] unwind label %[[UNWIND:[^ ,]*]]
// Where it throws, ThreadSanitizer hears that it was not got (48: a try that failed).
// CHECK-DAG: call void @__tsan_mutex_post_lock(ptr{{[^@]*}} @l, i32 48, i32 0)
// CHECK-DAG: call void @__tsan_mutex_post_lock(ptr{{[^@]*}} @l, i32 0, i32 0)
// CHECK-DAG: call void @__underlock_v1_acquired(
// CHECK: }
extern "C" void blocks() { lock_acquire(&l); }

// CHECK-LABEL: define{{.*}} @shares
// CHECK: call void @__tsan_mutex_pre_lock(ptr{{[^@]*}} @l, i32 8)
// CHECK: call void @__tsan_mutex_post_lock(ptr{{[^@]*}} @l, i32 {{8|56}}, i32 0)
// CHECK: }
extern "C" void shares() { lock_shared(&l); }

// CHECK-LABEL: define{{.*}} @tries
// CHECK: call void @__tsan_mutex_pre_lock(ptr{{[^@]*}} @l, i32 16)
// CHECK-DAG: call void @__tsan_mutex_post_lock(ptr{{[^@]*}} @l, i32 16, i32 0)
// CHECK-DAG: call void @__tsan_mutex_post_lock(ptr{{[^@]*}} @l, i32 48, i32 0)
// CHECK: }
extern "C" int tries() noexcept { return lock_try(&l); }

// Which mode a release ends that does not say it is known when it happens (65536: either).
// CHECK-LABEL: define{{.*}} @releases
// CHECK: call void @__underlock_v1_release(
// CHECK-NEXT: [[MODE:%.*]] = {{.*}}call i32 @__underlock_v1_tsan_enter(ptr{{[^@]*}} @l, i32 65536)
// CHECK-NEXT: call i32 @__tsan_mutex_pre_unlock(ptr{{[^@]*}} @l, i32 [[MODE]])
// CHECK: call void @__tsan_mutex_post_unlock(ptr{{[^@]*}} @l, i32 [[MODE]])
// CHECK: }
extern "C" void releases() noexcept { lock_release_any(&l); }

// CHECK-LABEL: define{{.*}} @waits
// CHECK: call i32 @__underlock_v1_wait(
// CHECK: call i32 @__tsan_mutex_pre_unlock(
// CHECK: call void @__tsan_mutex_post_unlock(
// CHECK: i32 @cond_wait(
// CHECK: call void @__tsan_mutex_pre_lock(
// CHECK: call void @__tsan_mutex_post_lock(
// CHECK: call void @__underlock_v1_acquired(
// CHECK: }
extern "C" void waits() noexcept { cond_wait(&condition, &l); }

// CHECK-LABEL: define{{.*}} @lives
// CHECK: call void @__tsan_mutex_create(ptr{{[^@]*}} @l, i32 0)
// CHECK: call void @__underlock_v1_init(
// CHECK: call void @__underlock_v1_destroy(
// CHECK: call void @__tsan_mutex_destroy(ptr{{[^@]*}} @l, i32 0)
// CHECK: }
extern "C" void lives() noexcept {
  lock_init(&l);
  lock_destroy(&l);
}

// Held in shared mode before and after a wait, it is held so once: what the runtime keeps of that stays as it is.
// CHECK-LABEL: define{{.*}} @waits_shared
// CHECK: i32 @cond_wait_shared(
// CHECK: call void @__tsan_mutex_post_lock(
// CHECK-NEXT: call void @__underlock_v1_tsan_leave(ptr{{[^@]*}} @l, i32 0)
// CHECK: }
extern "C" void waits_shared() noexcept { cond_wait_shared(&condition, &l); }

// The body of a lock function: how that lock is made. What ThreadSanitizer intercepts goes through the runtime.
// CHECK-LABEL: define{{.*}} @lock_wrapper
// CHECK-NOT: @__tsan_mutex
// CHECK: call{{.*}} i32 @__underlock_v1_tsan_pthread_mutex_lock(
// CHECK: }
extern "C" void lock_wrapper(void *L) { pthread_mutex_lock(L); }

// CHECK-LABEL: define{{.*}} @intercepted
// CHECK: call i32 @__underlock_v1_begin(
// CHECK-NOT: tsan_mutex
// CHECK: call{{.*}} i32 @pthread_mutex_lock(
// CHECK-NOT: tsan_mutex
// CHECK: call void @__underlock_v1_acquired(
// CHECK: }
extern "C" void intercepted() noexcept { pthread_mutex_lock(&l); }
