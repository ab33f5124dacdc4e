// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A wait gives the lock back before the call and has it again behind it, whatever it returned.
// RUN: %cc -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 %ir -I%S/Inputs %s | %verify | FileCheck %s
#include "test.h"
extern struct lock l;
extern int condition;

// CHECK-LABEL: @waiter(
// CHECK: [[PLACE:%.*]] = {{.*}}call i32 @__underlock_v1_wait(ptr{{.*}}, ptr{{.*}} @l)
// CHECK-NEXT: {{.*}}call i32 @cond_wait(ptr{{.*}} @condition, ptr{{.*}} @l)
// CHECK-NEXT: {{.*}}call void @__underlock_v1_acquired(ptr{{.*}}, ptr{{.*}} @l, i32 {{.*}}[[PLACE]])
// CHECK-NOT: failed
void waiter(void)
{
	cond_wait(&condition, &l);
}
