// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where a lock with a name goes out of sight, its name is said; what is followed, or is no lock, gets no hook. A local
// variable's lock dies on every way out.
// RUN: rm -f %t.0 %t.2
// RUN: %cxx -O0 -g -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.0 %s
// RUN: %cxx -O2 -g -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.2 %s
// RUN: cmp %t.0 %t.2
// RUN: %marks %t.0 | FileCheck --match-full-lines %s
// RUN: %cxx -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck --check-prefix=IR %s
// RUN: %cxx -O2 -g %ir -I%S/Inputs %s | %verify >/dev/null
#include "test.h"
struct account {
  int sum;
  struct lock m;
};
struct job {
  struct lock *l;
};
void elsewhere(struct lock *);
void both(struct lock *, struct lock *);
void plain(int *, account *);

// CHECK: [[#@LINE+4]] name _Z4bothP4lockS0_ in passed(account*, account*): <account.m> (a->m)
// CHECK: [[#@LINE+3]] name _Z4bothP4lockS0_ in passed(account*, account*): <account.m> (b->m)
// IR: call void @__underlock_v1_name(ptr @__underlock.site{{.*}}, ptr %{{.*}})
void passed(account *a, account *b) {
  both(&a->m, &b->m);
  plain(&a->sum, a);
}

// CHECK: [[#@LINE+2]] name in stored(job*, account*): <account.m> (a->m)
void stored(job *j, account *a) {
  j->l = &a->m;
}

// CHECK: [[#@LINE+2]] name in returned(account*): <account.m> (a->m)
struct lock *returned(account *a) {
  return &a->m;
}

// CHECK-DAG: [[#@LINE+3]] name in chosen(account*, account*, bool): <account.m> (a->m)
// CHECK-DAG: [[#@LINE+2]] name in chosen(account*, account*, bool): <account.m> (b->m)
void chosen(account *a, account *b, bool cold) {
  lock_acquire(cold ? &a->m : &b->m);
}

// A variable that is stored once is followed.
// CHECK: [[#@LINE+3]] acquire mutex lock_acquire in followed(account*): <account.m> (a->m)
void followed(account *a) {
  struct lock *l = &a->m;
  lock_acquire(l);
}

// CHECK: [[#@LINE+5]] name _Z9elsewhereP4lock in local(int): <local(int).mine> (mine)
// CHECK: [[#@LINE+5]] destroy in local(int): <local(int).mine> (mine)
// IR: define {{.*}} @_Z5locali(
void local(int early) {
  struct lock mine;
  elsewhere(&mine);
}
// IR: call void @__underlock_v1_name(
// IR: invoke void @_Z9elsewhereP4lock(
// IR: call void @__underlock_v1_destroy(
// IR: ret void
// IR: landingpad
// IR: call void @__underlock_v1_destroy(
// CHECK: counts {"acquire": 2, "destroy": 2, "name": 7}
