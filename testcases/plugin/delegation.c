// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A delegation's two sides are events: an object where the wait or the work begins, none where it ends.
// RUN: %cc -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O0 -g -mllvm -underlock-summary=%t.json -c -o %t.o -I%S/Inputs %s && %marks %t.json | FileCheck --check-prefix=MARKS %s
#include "test.h"
void queue_job(int cpu, void *job);

// CHECK-LABEL: @wait_for_job(
// CHECK: [[JOB:%.*]] = ptrtoint ptr {{.*}} to i64
// CHECK: call void @__underlock_v1_event(ptr{{.*}}, i32 {{.*}}1, i64 {{.*}}[[JOB]], i64 {{.*}}0, i64 {{.*}}0, i64 {{.*}}0)
// CHECK-NEXT: call void @queue_job(
// CHECK: call void @work()
// CHECK-NEXT: call void @__underlock_v1_event(ptr{{.*}}, i32 {{.*}}0, i64 {{.*}}0, i64 {{.*}}0, i64 {{.*}}0, i64 {{.*}}0)
// CHECK-NEXT: ret void
void wait_for_job(void *job)
{
	queue_job(0, job);
	work();
}

// The work's begin comes before the event of the same entry, which is done for the waiter.
// CHECK-LABEL: @do_job(
// CHECK: call void @__underlock_v1_event(ptr{{.*}}, i32 {{.*}}1, i64
// CHECK: call void @__underlock_v1_event(ptr{{.*}}, i32 {{.*}}2, i64
// CHECK: call void @work()
// CHECK-NEXT: call void @__underlock_v1_event(ptr{{.*}}, i32 {{.*}}0, i64
// CHECK: ret void
void do_job(void *job)
{
	work();
}

// Elsewhere the same call is no wait.
// CHECK-LABEL: @queues_only(
// CHECK-NOT: __underlock
// CHECK: ret void
void queues_only(void *job)
{
	queue_job(0, job);
}

// MARKS-DAG: event job:waits queue_job in wait_for_job:
// MARKS-DAG: event job:waited in wait_for_job:
// MARKS-DAG: event job:works in do_job:
// MARKS-DAG: event job-begun in do_job:
// MARKS-DAG: event job:worked in do_job:
