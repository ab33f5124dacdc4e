// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// With a success condition the return value decides between acquired() and failed(); a try is not waited for.
// RUN: %cc -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck %s --check-prefixes=CHECK,O0
// RUN: %cc -O2 -g %ir -I%S/Inputs %s | %verify | FileCheck %s --check-prefixes=CHECK,O2
// RUN: %cc -O2 %ir -I%S/Inputs %s | %verify | FileCheck %s --check-prefixes=CHECK,O2
#include "test.h"
extern struct lock l;

// CHECK-LABEL: @interruptible(
// CHECK: [[PLACE:%.*]] = {{.*}}call i32 @__underlock_v1_begin(
// CHECK: [[RESULT:%.*]] = {{.*}}call i32 @lock_interruptible(
// CHECK: [[GOT:%.*]] = icmp eq i32 [[RESULT]], 0
// CHECK: br i1 [[GOT]], label %[[YES:.*]], label %[[NO:[^,]*]]
// CHECK: [[YES]]:
// CHECK-NEXT: {{.*}}call void @__underlock_v1_acquired(ptr{{.*}}, ptr{{.*}} @l, i32 {{.*}}[[PLACE]])
// CHECK: [[NO]]:
// CHECK-NEXT: {{.*}}call void @__underlock_v1_failed(ptr{{.*}}, ptr{{.*}} @l, i32 {{.*}}[[PLACE]])
// CHECK: ret i32
int interruptible(void)
{
	return lock_interruptible(&l);
}

// CHECK-LABEL: @attempt(
// CHECK-NOT: __underlock_v1_begin
// CHECK: [[PLACE:%.*]] = {{.*}}call i32 @__underlock_v1_try(
// CHECK: [[RESULT:%.*]] = {{.*}}call i32 @lock_try(
// CHECK: [[GOT:%.*]] = icmp {{eq|ne}} i32 [[RESULT]], 0
// CHECK: br i1 [[GOT]]
// CHECK-DAG: {{.*}}call void @__underlock_v1_failed(
// CHECK-DAG: {{.*}}call void @__underlock_v1_acquired(
// CHECK: ret void
void attempt(void)
{
	if (lock_try(&l))
		work();
}

// Several values: each of them is a success. The optimiser makes one switch of it.
// CHECK-LABEL: @robust(
// CHECK: [[RESULT:%.*]] = {{.*}}call i32 @lock_robust(
// O0: [[ZERO:%.*]] = icmp eq i32 [[RESULT]], 0
// O0: [[DEAD:%.*]] = icmp eq i32 [[RESULT]], 130
// O0: [[GOT:%.*]] = or i1 [[ZERO]], [[DEAD]]
// O0: br i1 [[GOT]], label %[[YES:.*]], label %[[NO:[^,]*]]
// O2: switch i32 [[RESULT]], label %[[NO:[^ ]*]] [
// O2-DAG: i32 130, label %[[YES:.*]]
// O2-DAG: i32 0, label %[[YES]]
// CHECK: [[YES]]:
// CHECK-NEXT: {{.*}}call void @__underlock_v1_acquired(
// CHECK: [[NO]]:
// CHECK-NEXT: {{.*}}call void @__underlock_v1_failed(
// CHECK: ret i32
int robust(void)
{
	return lock_robust(&l);
}
