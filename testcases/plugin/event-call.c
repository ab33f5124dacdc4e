// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An event at a call: before it, with its arguments; with `in`, inside that function only.
// RUN: %cc -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 %ir -I%S/Inputs %s | %verify | FileCheck %s
#include "test.h"
void notify(unsigned char id);
int notify_in(long a, char *b, _Bool c, int d);

// CHECK-LABEL: @anywhere(
// CHECK: [[OBJECT:%.*]] = zext i8 {{%.*}} to i64
// CHECK: call void @__underlock_v1_event(ptr{{.*}}, i32 {{.*}}1, i64 {{.*}}[[OBJECT]], i64 {{.*}}0, i64 {{.*}}0, i64 {{.*}}0)
// CHECK: call void @notify(
// CHECK-NOT: __underlock
// CHECK: ret i32
int anywhere(unsigned char id)
{
	notify(id);
	return notify_in(1, 0, 1, 2);
}

// CHECK-LABEL: @only_here(
// CHECK: call void @__underlock_v1_event(ptr{{.*}}, i32 {{.*}}4, i64 {{.*}}1, i64 {{.*}}0, i64 {{.*}}1, i64 {{.*}}4294967295)
// CHECK: call i32 @notify_in(
int only_here(void)
{
	return notify_in(1, 0, 1, -1);
}
