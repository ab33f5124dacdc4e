// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What gives memory back is told of before it does, with the size that the model speaks of; the same at -O0 and -O2. It is
// no reason for an inline function to get a copy of its own, and a lock function is one all the same.
// RUN: rm -f %t.0 %t.2
// RUN: %cxx -O0 -g -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.0 %s
// RUN: %cxx -O2 -g -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.2 %s
// RUN: cmp %t.0 %t.2
// RUN: %marks %t.0 | FileCheck --match-full-lines %s
// RUN: %cxx -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck --check-prefixes=IR,IR0 %s
// RUN: %cxx -O2 -g %ir -I%S/Inputs %s | %verify | FileCheck --check-prefix=IR %s
#include "test.h"
struct object {
  int n;
  virtual ~object();
};

// CHECK: [[#@LINE+7]] free give_back in frees(void*): <> ()
// CHECK: [[#@LINE+7]] free give_back_sized in frees(void*): <> ()
// IR-LABEL: @_Z5freesPv(
// IR: call void @__underlock_v1_free(ptr{{.*}} @__underlock.site{{.*}}, ptr{{.*}} %{{.*}}, i64{{.*}} -1)
// IR-NEXT: call void @give_back(ptr
// IR: call void @__underlock_v1_free(ptr{{.*}} @__underlock.site{{.*}}, ptr{{.*}} %{{.*}}, i64{{.*}} 24)
void frees(void *p) {
  give_back(p);
  give_back_sized(24, p);
}

// CHECK: [[#@LINE+4]] free _ZdaPv in deletes(int*): <> ()
// IR-LABEL: @_Z7deletesPi(
// IR: call void @__underlock_v1_free(ptr{{.*}} @__underlock.site{{.*}}, ptr{{.*}} %{{.*}}, i64{{.*}} -2)
void deletes(int *p) {
  delete[] p;
}

// A size that the program computes is none of our own that say who knows it.
// IR-LABEL: @_Z8computedPvm(
// IR: [[SIZE:%.*]] = {{.*}}call i64 @llvm.umin.i64(i64 {{%.*}}, i64 140737488355328)
// IR-NEXT: call void @__underlock_v1_free(ptr{{.*}} @__underlock.site{{.*}}, ptr{{.*}} %{{.*}}, i64{{.*}} [[SIZE]])
void computed(void *p, unsigned long size) {
  give_back_long(size, p);
}

// The lock first, then the memory that it lies in.
// CHECK-DAG: [[#@LINE+6]] destroy mutex lock_destroy_free in both(lock*): <> (l)
// CHECK-DAG: [[#@LINE+5]] free lock_destroy_free in both(lock*): <> ()
// IR-LABEL: @_Z4bothP4lock(
// IR: call void @__underlock_v1_destroy(
// IR: call void @__underlock_v1_free(
void both(struct lock *l) {
  lock_destroy_free(l);
}

// Its name stays: it has nothing but a free.
// CHECK: [[#@LINE+3]] free give_back in inlined(void*): <> ()
// IR0: define linkonce_odr {{.*}} @_Z7inlinedPv(
inline void inlined(void *p) {
  give_back(p);
}
void user(void *p) {
  inlined(p);
}
// CHECK: counts {"destroy": 1, "free": 6}
