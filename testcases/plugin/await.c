// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What is waited for and is no lock: noted before the call, told behind it; signals before theirs; a reference is tried for.
// The body of a wait keeps its locks marked: they are the program's, and only waits in it are how it waits.
// RUN: %cc -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 %ir -I%S/Inputs %s | %verify | FileCheck %s
#include "test.h"
struct file;
extern struct lock l;
extern struct done {
	int word;
} d;
extern struct file f;
struct file *ref_get(struct file *file);
void ref_put(struct file *file);
void ref_drain(struct done *unused);
int wait_done(struct done *done);
void signal_done(struct done *done);
void join_thread(unsigned long thread);

// CHECK-DAG: [[AWAIT:@[_a-z.0-9]+]] = private {{.*}}{ i32, i8, i8, {{.*}} } { i32 0, i8 14, i8 0
// CHECK-DAG: [[SIGNAL:@[_a-z.0-9]+]] = private {{.*}}{ i32, i8, i8, {{.*}} } { i32 0, i8 15, i8 0

// CHECK-LABEL: @waits(
// CHECK: [[PLACE:%.*]] = {{.*}}call i32 @__underlock_v1_begin(ptr{{.*}}, ptr{{.*}} @d)
// CHECK-NEXT: {{.*}}call i32 @wait_done(ptr{{.*}} @d)
// CHECK-DAG: call void @__underlock_v1_awaited(ptr{{.*}}, ptr{{.*}} @d, i32 {{.*}}[[PLACE]])
// CHECK-DAG: call void @__underlock_v1_failed(ptr{{.*}}, ptr{{.*}} @d, i32 {{.*}}[[PLACE]])
void waits(void)
{
	wait_done(&d);
}

// CHECK-LABEL: @signals(
// CHECK: call void @__underlock_v1_signal(ptr{{.*}}, ptr{{.*}} @d)
// CHECK-NEXT: {{.*}}call void @signal_done(ptr{{.*}} @d)
void signals(void)
{
	signal_done(&d);
}

// CHECK-LABEL: @uses(
// CHECK: call i32 @__underlock_v1_try(ptr{{.*}}, ptr{{.*}} @f)
// CHECK-NEXT: {{.*}}call {{.*}} @ref_get(
// CHECK: call void @__underlock_v1_release(ptr{{.*}}, ptr{{.*}} @f)
// CHECK-NEXT: {{.*}}call void @ref_put(
void uses(void)
{
	if (ref_get(&f))
		ref_put(&f);
}

// CHECK-LABEL: @joins(
// CHECK: inttoptr i64
// CHECK: call i32 @__underlock_v1_begin(
// CHECK-NEXT: {{.*}}call void @join_thread(
// CHECK-NEXT: {{.*}}call void @__underlock_v1_awaited(
void joins(unsigned long thread)
{
	join_thread(thread);
}

// CHECK-LABEL: @ref_drain(
// CHECK: call void @__underlock_v1_acquired(ptr{{.*}}, ptr{{.*}} @l
// CHECK-NOT: __underlock_v1_awaited
// CHECK: ret void
void ref_drain(struct done *done)
{
	lock_acquire(&l);
	wait_done(done);
}
