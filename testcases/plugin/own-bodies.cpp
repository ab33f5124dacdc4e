// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Inline functions that get bodies of the unit's own, one after the other: each keeps its own marks and no other's,
// though the memory of one that went is taken for the next.
// RUN: rm -f %t.json
// RUN: %cxx -O0 -g -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.json %s
// RUN: %marks %t.json | FileCheck %s
#include "test.h"
extern struct lock l;
extern "C" inline void removed(void *device, unsigned id) { work(); }
inline void a() { lock_acquire(&l); }
inline void b() { lock_acquire(&l); }
inline void c() { lock_acquire(&l); }
inline void d() { lock_acquire(&l); }
void use() {
  removed(0, 1);
  a();
  b();
  c();
  d();
}
// CHECK: counts {"acquire": 4, "event": 1}
