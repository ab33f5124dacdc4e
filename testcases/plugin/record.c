// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The records, field by field as hooks.h has them: writable, private, in no section of their own.
// RUN: %cc -O0 -g %ir -I%S/Inputs %s | FileCheck %s
// RUN: %cc -O0 -g %ir -I%S/Inputs %s | FileCheck --check-prefix=SECTION %s
#include "test.h"
// SECTION-NOT: section
struct thing {
	int n;
	struct lock l;
};

// CHECK-DAG: [[MODEL:@.*]] = private unnamed_addr constant [{{.*}} x i8] c"{{/.*}}/Inputs/test.yaml\00", align 1
// CHECK-DAG: [[SOURCE:@.*]] = private unnamed_addr constant [{{.*}} x i8] c"{{.*}}record.c\00", align 1
// CHECK-DAG: [[UNIT:@.*]] = private global { i32, i32, i64, ptr, ptr } { i32 0, i32 1, i64 {{-?[1-9][0-9]*}}, ptr [[MODEL]], ptr [[SOURCE]] }
// CHECK-DAG: [[MARK:@.*]] = private unnamed_addr constant [6 x i8] c"mutex\00"
// CHECK-DAG: [[FUNCTION:@.*]] = private unnamed_addr constant [9 x i8] c"recorded\00"
// CHECK-DAG: [[EXPRESSION:@.*]] = private unnamed_addr constant {{.*}} c"t->l\00"
// CHECK-DAG: [[CLASS:@.*]] = private unnamed_addr constant {{.*}} c"thing.l\00"
// The verbs: acquire, shared; release, any.
// CHECK-DAG: private global { {{.*}} } { i32 0, i8 1, i8 1, i8 0, i8 0, i32 [[#@LINE+5]], i32 2, ptr [[UNIT]], ptr [[MARK]], ptr [[SOURCE]], ptr [[FUNCTION]], ptr [[EXPRESSION]], ptr [[CLASS]] }
// CHECK-DAG: private global { {{.*}} } { i32 0, i8 3, i8 2, i8 0, i8 0, i32 [[#@LINE+5]], i32 2, ptr [[UNIT]],
// CHECK-DAG: private global { {{.*}} } { i32 0, i8 3, i8 0, i8 0, i8 0, i32 [[#@LINE+5]], i32 2, ptr [[UNIT]],
void recorded(struct thing *t)
{
	lock_shared(&t->l);
	lock_release_any(&t->l);
	lock_release(&t->l);
}
