// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A call that has not the arguments that the model speaks of is a warning, and is counted as skipped.
// RUN: rm -f %t.json
// RUN: %warning-cc -O0 -g -c -o %t.o -mllvm -underlock-summary=%t.json %s 2>&1 | FileCheck --check-prefix=SAID %s
// RUN: %marks %t.json | FileCheck %s
// SAID-DAG: warning: underlock: in caller: the call of lock_acquire has no argument 0, which the model calls its lock: not marked
// SAID-DAG: warning: underlock: in caller: the model tests what lock_interruptible returns, and here that is no number: taken as always successful
// SAID-DAG: warning: underlock: in caller: the model says that lock_robust may return 130, and here its type cannot hold that: not tested
// CHECK: acquire mutex lock_interruptible in caller: <l> (l)
// CHECK: skipped lock_acquire in caller: no such argument
// CHECK: skipped lock_release in caller: no pointer
void lock_acquire();
void lock_release(long l);
void lock_interruptible(void *l);
_Bool lock_robust(void *l);
extern int l;
void caller(void)
{
	lock_acquire();
	lock_release(1);
	lock_interruptible(&l);
	lock_robust(&l);
}
