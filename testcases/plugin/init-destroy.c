// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A lock is born behind the call that initialises it, and dies before the call that destroys it.
// RUN: %cc -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 %ir -I%S/Inputs %s | %verify | FileCheck %s
#include "test.h"
extern struct lock l;

// CHECK-LABEL: @life(
// CHECK: call void @lock_init(ptr
// CHECK-NEXT: {{.*}}call void @__underlock_v1_init(ptr{{.*}}, ptr{{.*}} @l)
// CHECK-NEXT: {{.*}}call void @__underlock_v1_destroy(ptr{{.*}}, ptr{{.*}} @l)
// CHECK-NEXT: call void @lock_destroy(ptr
void life(void)
{
	lock_init(&l);
	lock_destroy(&l);
}
