// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Without debug information members are numbered, and everything with a symbol keeps it.
// RUN: rm -f %t.0 %t.2
// RUN: %cc -O0 -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.0 %s
// RUN: %cc -O2 -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.2 %s
// RUN: cmp %t.0 %t.2
// RUN: %marks %t.0 | FileCheck %s
#include "test.h"
struct inner {
	struct lock l;
};
struct outer {
	int n;
	struct inner in;
	struct lock m;
};
struct lock global, table[2];
struct outer object;
// CHECK-DAG: in member: <inner#0>
// CHECK-DAG: in member: <outer#2>
// CHECK-DAG: in global_locks: <global>
// CHECK-DAG: in global_locks: <table[]>
// CHECK-DAG: in global_locks: <outer#2>
// CHECK-DAG: in global_locks: <global_locks.kept>
// CHECK-DAG: in stack: <stack.local>
// CHECK: classes global global_locks.kept inner#0 outer#2 stack.local table[]
void member(struct outer *o)
{
	lock_acquire(&o->in.l);
	lock_acquire(&o->m);
}

void global_locks(int i)
{
	static struct lock kept;

	lock_acquire(&global);
	lock_acquire(&table[i]);
	lock_acquire(&object.m);
	lock_acquire(&kept);
}

void stack(void)
{
	struct lock local;

	lock_acquire(&local);
}
