// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An acquisition is between begin() and acquired(); a release behind its hook.
// RUN: %cc -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 %ir -I%S/Inputs %s | %verify | FileCheck %s
#include "test.h"
extern struct lock l;

// CHECK-LABEL: @plain(
// CHECK: [[PLACE:%.*]] = {{.*}}call i32 @__underlock_v1_begin(ptr{{.*}} [[SITE:@.*]], ptr{{.*}} @l)
// CHECK-NEXT: call void @lock_acquire(ptr{{.*}} @l)
// CHECK-NEXT: {{.*}}call void @__underlock_v1_acquired(ptr{{.*}} [[SITE]], ptr{{.*}} @l, i32 {{.*}}[[PLACE]])
// CHECK-NEXT: call void @work()
// CHECK-NEXT: {{.*}}call void @__underlock_v1_release(ptr{{.*}} [[RELEASE:@.*]], ptr{{.*}} @l)
// CHECK-NOT: [[SITE]]
// CHECK: call void @lock_release(ptr{{.*}} @l)
// CHECK-NOT: underlock
// CHECK: ret void
void plain(void)
{
	lock_acquire(&l);
	work();
	lock_release(&l);
}

// Hooks neither throw, nor are they merged, nor do they end in a jump that hides the frame.
// CHECK-LABEL: @last(
// CHECK: notail call void @__underlock_v1_acquired({{.*}}) #[[ATTRIBUTES:[0-9]+]]
void last(void)
{
	lock_acquire(&l);
}

// CHECK: attributes #[[ATTRIBUTES]] = { nomerge nounwind{{.*}} }
