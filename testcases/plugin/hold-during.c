// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a function holds while it runs: from behind its entry to every way out, also where the call in front of a return
// cannot be parted from it. An argument, or what a field of its struct says, which is read once, and not through null.
// RUN: %cc -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %warning-cc -O0 -g -I%S/Inputs -c -o %t.o %s 2>&1 | FileCheck --check-prefix=SAID %s
// RUN: %warning-cc -O0 -I%S/Inputs -c -o %t.o %s 2>&1 | FileCheck --check-prefix=NO-DEBUG %s
// RUN: rm -f %t.json
// RUN: %cc -O0 -g -mllvm -underlock-summary=%t.json -c -o %t.o -I%S/Inputs %s
// RUN: %marks %t.json | FileCheck --check-prefix=MARKS %s
#include "test.h"
struct action;
int tail_of(struct action *action);
int wait_done(void *done);
void wait_running(void *object);
void wait_other(void *object);

typedef unsigned int number_t;
struct action {
	void *next;
	unsigned flag : 1;
	const number_t number;
};

// Two of them: what was held last is dropped first. One call for each return.
// CHECK-LABEL: @handle(
// CHECK-NOT: @work
// CHECK: [[PLACE:%.*]] = {{.*}}call i32 @__underlock_v1_try(ptr{{.*}}, ptr{{.*}} %1)
// CHECK-NEXT: {{.*}}call void @__underlock_v1_acquired(ptr{{.*}}, ptr{{.*}} %1, i32 {{.*}}[[PLACE]])
// CHECK-NEXT: [[OTHER:%.*]] = {{.*}}call i32 @__underlock_v1_try(ptr{{.*}}, ptr{{.*}} %0)
// CHECK-NEXT: {{.*}}call void @__underlock_v1_acquired(ptr{{.*}}, ptr{{.*}} %0, i32 {{.*}}[[OTHER]])
// CHECK: call void @work()
// CHECK: {{.*}}call void @__underlock_v1_release(ptr{{.*}}, ptr{{.*}} %0)
// CHECK-NEXT: {{.*}}call void @__underlock_v1_release(ptr{{.*}}, ptr{{.*}} %1)
// CHECK-NEXT: ret i32
__attribute__((noinline)) int handle(void *desc, void *action)
{
	if (action)
		work();
	return 0;
}

// Before a call that stands for the return.
// CHECK-LABEL: @handle_field(
// CHECK: [[AT:%.*]] = getelementptr {{.*}}i8, ptr %0, i64 12
// CHECK: [[NULL:%.*]] = icmp eq ptr %0, null
// CHECK: select i1 [[NULL]], ptr {{.*}}, ptr [[AT]]
// CHECK: load i32
// CHECK: [[OBJECT:%.*]] = inttoptr {{.*}} to ptr
// CHECK: call i32 @__underlock_v1_try(ptr{{.*}}, ptr{{.*}} [[OBJECT]])
// CHECK: {{.*}}call void @__underlock_v1_acquired(ptr{{.*}}, ptr{{.*}} [[OBJECT]]
// CHECK: {{.*}}call void @__underlock_v1_release(ptr{{.*}}, ptr{{.*}} [[OBJECT]])
// CHECK-NEXT: {{.*}}musttail call i32 @tail_of(
int handle_field(struct action *action)
{
	__attribute__((musttail)) return tail_of(action);
}

// What cannot be had is not held, and said.
// CHECK-LABEL: @handle_badly(
// CHECK-NOT: call {{.*}}@__underlock
// CHECK: ret void
void handle_badly(struct action **action)
{
	work();
}
// CHECK-LABEL: @handle_flag(
// CHECK-NOT: call {{.*}}@__underlock
// CHECK: ret void
void handle_flag(struct action *action)
{
	work();
}

// A function that waits for one after the other waits for both; what it is made of besides is its own matter.
// CHECK-LABEL: @wait_running(
// CHECK: call i32 @__underlock_v1_begin(
// CHECK-NEXT: {{.*}}call void @wait_other(
// CHECK-NEXT: {{.*}}call void @__underlock_v1_awaited(
// CHECK-NOT: @__underlock_v1_begin
// CHECK: ret void
void wait_running(void *object)
{
	wait_other(object);
	wait_done(object);
}

// SAID-DAG: warning: underlock: in handle_badly: argument 0 of handle_badly, which the model says is held while it runs, has no field flag that is a pointer or a number: not marked
// SAID-DAG: warning: underlock: in handle_flag: argument 0 of handle_flag, which the model says is held while it runs, has no field flag that is a pointer or a number: not marked
// SAID-NOT: in handle_field
// NO-DEBUG: in handle_field: argument 0 of handle_field, which the model says is held while it runs, has no fields that are known: compile with -g: not marked

// MARKS-DAG: try running in handle:
// MARKS-DAG: try other in handle:
// MARKS-DAG: release running in handle:
// MARKS-DAG: release other in handle:
// MARKS-DAG: try running in handle_field:
// MARKS-DAG: release running in handle_field:
// MARKS-DAG: skipped handle_flag in handle_flag: nothing to hold
