// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A linkonce function brings its own records: they are private, and reached from nowhere else.
// RUN: %cxx -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
#include "test.h"
extern struct lock l;
// CHECK: @__underlock.site = private global
// CHECK: define linkonce_odr {{.*}} @_Z4bothv() {{.*}}comdat
// CHECK: call i32 @__underlock_v1_begin(ptr @__underlock.site, ptr @l)
inline void both() { lock_acquire(&l); }
void use() { both(); }
