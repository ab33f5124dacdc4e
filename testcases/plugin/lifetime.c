// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Marks of lifetimes: behind a call only where it has found something, with what it returned; before one; at an entry.
// RUN: %cc -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %warning-cc -O0 -g -DWRONG -c -o %t.o %s 2>&1 | FileCheck --check-prefix=WARNS %s
#ifndef WRONG
struct thing;
struct thing *thing_find(unsigned number);
int thing_number(void *table, unsigned number);
_Bool thing_get(struct thing *t);
void thing_put(struct thing *t);
void thing_free(struct thing *t);
void read_begin(void);
void read_end(void);
void wait_for_readers(void);

// CHECK-LABEL: @found(
// CHECK: [[THING:%.*]] = {{.*}}call ptr @thing_find(
// CHECK: icmp {{eq|ne}} ptr [[THING]], null
// CHECK: br i1
// CHECK: [[OBJECT:%.*]] = ptrtoint ptr [[THING]] to i64
// CHECK: call void @__underlock_v1_event(ptr{{.*}}, i32 {{.*}}2, i64 {{.*}}[[OBJECT]], i64 {{.*}}, i64 {{.*}}0, i64 {{.*}}0)
// CHECK: ret ptr
struct thing *found(unsigned number)
{
	return thing_find(number);
}

// A key alone: the object is told as none.
// CHECK-LABEL: @numbered(
// CHECK: [[RESULT:%.*]] = {{.*}}call i32 @thing_number(
// CHECK: icmp eq i32 [[RESULT]], 0
// CHECK: call void @__underlock_v1_event(ptr{{.*}}, i32 {{.*}}2, i64 {{.*}}0, i64 {{.*}}7, i64 {{.*}}0, i64 {{.*}}0)
// CHECK: ret i32
int numbered(void *table)
{
	return thing_number(table, 7);
}

// CHECK-LABEL: @counted(
// CHECK: call {{.*}}i1 @thing_get(
// CHECK: br i1
// CHECK: call void @__underlock_v1_event(ptr{{.*}}, i32 {{.*}}1,
// CHECK: call void @__underlock_v1_event(ptr{{.*}}, i32 {{.*}}1,
// CHECK-NEXT: call void @thing_put(
// CHECK: call void @__underlock_v1_event(ptr{{.*}}, i32 {{.*}}1,
// CHECK-NEXT: call void @thing_free(
// CHECK: ret void
void counted(struct thing *t)
{
	if (thing_get(t))
		thing_put(t);
	thing_free(t);
}

// CHECK-LABEL: @thing_use(
// CHECK: call void @__underlock_v1_event(ptr{{.*}}, i32 {{.*}}1,
// CHECK: ret i32
int thing_use(int how, int *t)
{
	return how + *t;
}

// The read side from behind the call to before the next one; the end of this function ends what it has found.
// CHECK-LABEL: @thing_user(
// CHECK: call void {{.*}}@read_begin(
// CHECK-NEXT: call void @__underlock_v1_event(ptr{{.*}}, i32 {{.*}}0,
// CHECK: call void @__underlock_v1_event(ptr{{.*}}, i32 {{.*}}0,
// CHECK-NEXT: call void {{.*}}@read_end(
// CHECK: call void {{.*}}@wait_for_readers(
// CHECK-NEXT: call void @__underlock_v1_event(ptr{{.*}}, i32 {{.*}}0,
// CHECK: call void @__underlock_v1_event(ptr{{.*}}, i32 {{.*}}0,
// CHECK: ret void
void thing_user(void)
{
	read_begin();
	read_end();
	wait_for_readers();
}
#else
// WARNS-DAG: warning: underlock: in found: event thing:lookup: what thing_find returns is no pointer or number; taken as always successful
// WARNS-DAG: warning: underlock: in found: event thing:lookup: what is returned is no pointer or number; it is recorded as 0
// WARNS-DAG: warning: underlock: in found: event thing:free: argument 0 does not exist; it is recorded as 0
double thing_find(unsigned number);
void thing_free();
double found(unsigned number)
{
	thing_free();
	return thing_find(number);
}
#endif
