// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Globals of other units: nothing describes such a variable, and its locks are called as where it is defined.
// RUN: rm -f %t.0 %t.2
// RUN: %cc -O0 -g -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.0 %s
// RUN: %cc -O2 -g -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.2 %s
// RUN: cmp %t.0 %t.2
// RUN: %marks %t.0 | FileCheck --match-full-lines --check-prefixes=CHECK,PLAIN %s
// What Clang describes only because it is asked to, as `underlock cc` does.
// RUN: rm -f %t.all
// RUN: %cc -O2 -g -fno-eliminate-unused-debug-types -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.all %s
// RUN: %marks %t.all | FileCheck --match-full-lines --check-prefixes=CHECK,ALL %s
#include "test.h"
struct inner {
	struct lock l;
};
struct depot {
	struct lock lock;
	int crates;
	struct lock second;
	struct {
		struct inner first;
	} box;
};
struct yard {
	struct lock lock;
	struct lock second;
};
struct unlisted {
	int word;
};
struct holder {
	struct unlisted first, second;
};
extern struct depot depot, depots[4];
extern struct inner inside;
extern struct yard yard;
extern struct unlisted plain;
extern struct holder holder;
extern struct lock bare, row[3];

void described(struct depot *d, struct inner *i, struct holder *h, int at)
{
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in described: <depot.lock> (depot.lock)
	lock_acquire(&depot.lock);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in described: <depot.second> (depot.second)
	lock_acquire(&depot.second);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in described: <inner.l> (depot.box.first.l)
	lock_acquire(&depot.box.first.l);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in described: <depot.lock> ({{.*}})
	lock_acquire(&depots[0].lock);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in described: <depot.lock> ({{.*}})
	lock_acquire(&depots[at].lock);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in described: <depot.second> ({{.*}})
	lock_acquire(&depots[2].second);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in described: <inner.l> (inside.l)
	lock_acquire(&inside.l);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in described: <holder.second> (holder.second)
	lock_acquire(&holder.second);
}

void not_described(int at)
{
	// PLAIN: [[#@LINE+2]] acquire mutex lock_acquire in not_described: <yard#0> (yard)
	// ALL: [[#@LINE+1]] acquire mutex lock_acquire in not_described: <yard.lock> (yard.lock)
	lock_acquire(&yard.lock);
	// PLAIN: [[#@LINE+2]] acquire mutex lock_acquire in not_described: <yard#1> (yard.#1)
	// ALL: [[#@LINE+1]] acquire mutex lock_acquire in not_described: <yard.second> (yard.second)
	lock_acquire(&yard.second);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in not_described: <plain> (plain)
	lock_acquire(&plain);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in not_described: <bare> (bare)
	lock_acquire(&bare);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in not_described: <row[]> ({{.*}})
	lock_acquire(&row[at]);
}
