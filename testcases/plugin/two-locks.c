// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One call may take two locks; each has a site of its own.
// RUN: %cc -O0 -g -I%S/Inputs -c -o %t.o -mllvm -underlock-summary=%t.json %s
// RUN: rm -f %t.json
// RUN: %cc -O0 -g -I%S/Inputs %ir -mllvm -underlock-summary=%t.json %s | %verify | FileCheck %s
// RUN: %marks %t.json | FileCheck --check-prefix=MARKS %s
#include "test.h"
extern struct lock a, b;

// CHECK: call i32 @__underlock_v1_begin(ptr {{.*}}, ptr @a)
// CHECK: call i32 @__underlock_v1_begin(ptr {{.*}}, ptr @b)
// CHECK: call void @lock_two
// CHECK-DAG: call void @__underlock_v1_acquired(ptr {{.*}}, ptr @a
// CHECK-DAG: call void @__underlock_v1_acquired(ptr {{.*}}, ptr @b
// MARKS: acquire mutex lock_two in both: <a> (a)
// MARKS: acquire mutex lock_two in both: <b> (b)
void both(void)
{
	lock_two(&a, &b);
}
