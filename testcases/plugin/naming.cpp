// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// C++: classes by their short names, functions as a debugger shows them, inherited members by the class that has them.
// RUN: rm -f %t.0 %t.2
// (A class with virtual functions is described where they are defined, unless all are to be described everywhere.)
// RUN: %cxx -O0 -g -fstandalone-debug -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.0 %s
// RUN: %cxx -O2 -g -fstandalone-debug -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.2 %s
// RUN: cmp %t.0 %t.2
// RUN: %marks %t.0 | FileCheck --match-full-lines %s
#include "test.h"
namespace ns {
struct mutex {
  int Word;
  void take() { lock_acquire(this); }
};
mutex Global;
class Registry {
public:
  virtual ~Registry();
  // CHECK: [[#@LINE+1]] acquire mutex lock_acquire in ns::Registry::use(int): <Registry.Lock> (this->Lock)
  void use(int) { lock_acquire(&Lock); }
  mutex Lock;
};
struct Derived : Registry {
  int Own;
  mutex OwnLock;
};
template <typename T> struct Queue {
  T Item;
  mutex Lock;
};
} // namespace ns

static struct {
  mutable ns::mutex M;
} Unnamed;

void use(ns::Registry &R, ns::Derived *D, ns::Queue<char> &Q) {
  R.use(1);
  // CHECK: [[#@LINE+1]] acquire mutex lock_acquire in use({{.*}}): <ns::Global> (ns::Global)
  ns::Global.take();
  // CHECK: [[#@LINE+1]] acquire mutex lock_acquire in use(ns::Registry&, ns::Derived*, ns::Queue<char>&): <Registry.Lock> (R->Lock)
  lock_acquire(&R.Lock);
  // CHECK: [[#@LINE+1]] acquire mutex lock_acquire in use({{.*}}): <Registry.Lock> (D->Lock)
  lock_acquire(&D->Lock);
  // CHECK: [[#@LINE+1]] acquire mutex lock_acquire in use({{.*}}): <Derived.OwnLock> (D->OwnLock)
  lock_acquire(&D->OwnLock);
  // CHECK: [[#@LINE+1]] acquire mutex lock_acquire in use({{.*}}): <Queue<char>.Lock> (Q->Lock)
  lock_acquire(&Q.Lock);
  // CHECK: [[#@LINE+1]] acquire mutex lock_acquire in use({{.*}}): <ns::Global> (ns::Global)
  lock_acquire(&ns::Global);
  // CHECK: [[#@LINE+1]] acquire mutex lock_acquire in use({{.*}}): <Unnamed.M> (Unnamed.M)
  lock_acquire(&Unnamed.M);
}
