// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What -ftrivial-auto-var-init stores into a variable does not hide the lock that is stored after it.
// RUN: rm -f %t.json
// RUN: %cc -O2 -g -c -o %t.o -ftrivial-auto-var-init=zero -I%S/Inputs -mllvm -underlock-summary=%t.json %s
// RUN: %cc -O2 -g -c -o %t.o -ftrivial-auto-var-init=pattern -I%S/Inputs -mllvm -underlock-summary=%t.json %s
// RUN: %marks %t.json | FileCheck --match-full-lines %s
#include "test.h"
struct device {
	int n;
	struct lock mutex;
};
// CHECK: [[#@LINE+7]] acquire mutex lock_acquire in f: <device.mutex> (d->mutex)
// CHECK: [[#@LINE+6]] acquire mutex lock_acquire in f: <device.mutex> (d->mutex)
void f(struct device *d)
{
	struct lock *l;

	l = &d->mutex;
	lock_acquire(l);
}
