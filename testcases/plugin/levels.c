// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The same marks at -O0, -O1, -O2, -Os and -O3; inline wrappers are calls still.
// RUN: rm -f %t.O*
// RUN: %cc -O0 -g -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.O0 %s
// RUN: %cc -O1 -g -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.O1 %s
// RUN: %cc -O2 -g -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.O2 %s
// RUN: %cc -Os -g -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.Os %s
// RUN: %cc -O3 -g -c -o %t.o -I%S/Inputs -flto=thin -mllvm -underlock-summary=%t.O3 %s
// RUN: cmp %t.O0 %t.O1
// RUN: cmp %t.O0 %t.O2
// RUN: cmp %t.O0 %t.Os
// RUN: cmp %t.O0 %t.O3
// RUN: %marks %t.O0 | FileCheck %s
#include "test.h"
struct device {
	struct lock first;
	struct lock second;
};
static struct device one;

static inline __attribute__((always_inline)) void wrapped(struct device *d)
{
	lock_acquire(&d->first);
}

static inline void dropped(struct device *d)
{
	lock_release(&d->first);
}

void removed(struct device *d, unsigned id)
{
	struct lock *l = &d->second;

	wrapped(d);
	if (lock_try(l))
		lock_release(l);
	dropped(d);
}

void whole_phase(void)
{
	removed(&one, 1);
}
// CHECK: counts {"acquire": 1, "event": 1, "name": 1, "phase-begin": 1, "phase-end": 1, "release": 2, "try": 1}
// CHECK: classes device.first device.second
