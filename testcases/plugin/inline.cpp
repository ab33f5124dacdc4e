// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An inline function with marks in it has a name of its own, and so has every inline function and vtable through which it
// is reached: the linker may keep a copy of the others that has no hooks.
// RUN: %cxx -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cxx -O2 -g %ir -I%S/Inputs %s | %verify >/dev/null
#include "test.h"
extern struct lock l;
// CHECK-DAG: @_ZTV4base.underlock.[[HASH:[0-9a-f]+]] = linkonce_odr {{.*}}constant {{.*}}@_ZN4base4takeEv.underlock.[[HASH]]
// CHECK-DAG: @_ZTV4idle = linkonce_odr
// CHECK-DAG: @__underlock.site = private global
inline void both() { lock_acquire(&l); }
inline void outer() { both(); }
inline void other() { work(); }
struct base {
  virtual void take() { outer(); }
};
struct idle {
  virtual void rest() { other(); }
};
// CHECK: define {{.*}}void @_Z3usePPFvvE(
// CHECK: call void @_Z5outerv.underlock.[[HASH]]()
// CHECK: store ptr @_Z5outerv.underlock.[[HASH]]
// CHECK: call void @_Z5otherv()
void use(void (**f)()) {
  outer();
  *f = outer;
  other();
}
// CHECK: call void @_ZN4baseC2Ev.underlock.[[HASH]](
base *make() { return new base; }
idle *relax() { return new idle; }
// CHECK: call void @_ZN4idleC2Ev(
// CHECK: define linkonce_odr {{.*}}void @_Z4bothv.underlock.[[HASH]]() {{.*}}comdat
// CHECK: call i32 @__underlock_v1_begin(ptr @__underlock.site
// CHECK: define linkonce_odr {{.*}}void @_ZN4baseC2Ev.underlock.[[HASH]](
// CHECK: @_ZTV4base.underlock.[[HASH]]
