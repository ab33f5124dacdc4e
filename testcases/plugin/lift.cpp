// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A lock that comes through a wrapper or a guard is named where it is handed over, the same at every level.
// RUN: rm -f %t.0 %t.2
// RUN: %cxx -O0 -g -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.0 %s
// RUN: %cxx -O2 -g -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.2 %s
// RUN: cmp %t.0 %t.2
// RUN: %marks %t.0 | FileCheck --match-full-lines %s
// RUN: %marks %t.0 | not grep '<>'
// RUN: %cxx -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck --check-prefix=IR %s
// RUN: %cxx -O2 -g %ir -I%S/Inputs %s | %verify >/dev/null
#include "test.h"
struct account {
  struct lock m;
};
extern struct lock journal;

static inline void take(struct lock *l) { lock_acquire(l); }
static inline void give(struct lock *l) { lock_release(l); }
static inline void take_deep(struct lock *l) { take(l); }

struct guard {
  explicit guard(struct lock &l) : l(&l) { lock_acquire(&l); }
  ~guard() { lock_release(l); }
  struct lock *l;
};

struct later {};
struct owner {
  explicit owner(struct lock &l) : l(&l), owns(true) { lock_acquire(&l); }
  owner(struct lock &l, later) : l(&l), owns(false) {}
  ~owner() {
    if (owns)
      lock_release(l);
  }
  void get() {
    lock_acquire(l);
    owns = true;
  }
  bool has() const { return owns; }
  struct lock *l;
  bool owns;
};

void work();

// CHECK: [[#@LINE+2]] acquire mutex lock_acquire in wrapped(account*): <account.m> (a->m)
void wrapped(account *a) {
  take(&a->m);
  // CHECK: [[#@LINE+1]] acquire mutex lock_acquire in wrapped(account*): <journal> (journal)
  take_deep(&journal);
  // CHECK: [[#@LINE+1]] release mutex lock_release in wrapped(account*): <journal> (journal)
  give(&journal);
  // CHECK: [[#@LINE+1]] release mutex lock_release in wrapped(account*): <account.m> (a->m)
  give(&a->m);
}

// CHECK: [[#@LINE+2]] acquire mutex lock_acquire in guarded(account&): <account.m> (a->m)
void guarded(account &a) {
  guard g(a.m);
  work();
  // CHECK: [[#@LINE+1]] release mutex lock_release in guarded(account&): <account.m> (a->m)
}

// Made without the lock, and asked in between.
void owned(account &a) {
  owner o(a.m, later());
  // CHECK: [[#@LINE+2]] acquire mutex lock_acquire in owned(account&): <account.m> (a->m)
  if (!o.has())
    o.get();
  work();
  // CHECK: [[#@LINE+1]] release mutex lock_release in owned(account&): <account.m> (a->m)
}

// An inline function with marks in it gets a name of its own: the linker may keep another unit's copy of the other.
// IR-DAG: call void @_ZN5state3addEv.underlock.{{[0-9a-f]+}}(
// IR-DAG: define linkonce_odr {{.*}}@_ZN5state3addEv.underlock.{{[0-9a-f]+}}(
// IR-NOT: @_ZN5state3addEv(
struct state {
  // CHECK: [[#@LINE+1]] acquire mutex lock_acquire in state::add(): <state.m> (this->m)
  void add() { lock_acquire(&m); lock_release(&m); }
  struct lock m;
};
void use(state &s, void (state::*&f)()) {
  s.add();
  f = &state::add;
}
// CHECK: classes account.m journal state.m
