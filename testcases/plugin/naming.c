// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The class of a lock, and its expression: the same at every level of optimisation.
// RUN: rm -f %t.0 %t.2
// RUN: %cc -O0 -g -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.0 %s
// RUN: %cc -O2 -g -c -o %t.o -I%S/Inputs -mllvm -underlock-summary=%t.2 %s
// RUN: cmp %t.0 %t.2
// RUN: %marks %t.0 | FileCheck --match-full-lines %s
#include "test.h"

struct inner {
	int n;
	struct lock l;
};
typedef struct {
	int n;
	struct lock typed;
} anonymous_t;
struct outer {
	struct lock first;
	struct inner in;
	union {
		struct lock in_union;
		long other;
	};
	struct {
		int n;
		spin_t in_struct;
	};
	union {
		int n_named;
		struct lock named_union;
	} u;
	struct lock row[4];
	struct inner rows[4];
	struct lock *pointer;
	struct outer *next;
};
struct lock_first {
	struct inner_first {
		struct lock deep;
	} in;
};
struct unlisted {
	int word;
};
struct has_unlisted {
	struct unlisted first, second;
};

struct lock global;
static struct lock internal;
struct lock table[8];
struct outer object;
struct lock_first zero_offset;
struct outer objects[3];
static struct {
	int n;
	struct lock m;
} nameless;
struct unlisted plain;

// Members: the innermost struct with a name, first members included.
void members(struct outer *o, anonymous_t *a, struct lock_first *f)
{
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in members: <outer.first> (o->first)
	lock_acquire(&o->first);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in members: <inner.l> (o->in.l)
	lock_acquire(&o->in.l);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in members: <outer.in_union> (o->in_union)
	lock_acquire(&o->in_union);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in members: <outer.in_struct> (o->in_struct)
	lock_acquire(&o->in_struct);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in members: <outer.in_struct> (o->in_struct)
	lock_acquire(&o->in_struct.raw);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in members: <outer.named_union> (o->u.named_union)
	lock_acquire(&o->u.named_union);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in members: <anonymous_t.typed> (a->typed)
	lock_acquire(&a->typed);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in members: <inner_first.deep> (f->in.deep)
	lock_acquire(&f->in.deep);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in members: <inner.l> (o->next->next->in.l)
	lock_acquire(&o->next->next->in.l);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in members: <outer.first> (o->first)
	lock_acquire(&o[3].first);
}

void arrays(struct outer *o, int i)
{
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in arrays: <outer.row[]> (o->row[])
	lock_acquire(&o->row[i]);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in arrays: <outer.row[]> (o->row[])
	lock_acquire(&o->row[2]);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in arrays: <inner.l> (o->rows[].l)
	lock_acquire(&o->rows[i].l);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in arrays: <table[]> (table[])
	lock_acquire(&table[i]);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in arrays: <table[]> (table[])
	lock_acquire(&table[0]);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in arrays: <inner.l> (objects[].in.l)
	lock_acquire(&objects[i].in.l);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in arrays: <outer.first> (objects[].first)
	lock_acquire(&objects[2].first);
}

// At offset 0 of a global nothing is left of the way but the global.
void globals(void)
{
	static struct lock kept;
	static struct inner kept_object;
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in globals: <global> (global)
	lock_acquire(&global);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in globals: <internal> (internal)
	lock_acquire(&internal);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in globals: <outer.first> (object.first)
	lock_acquire(&object.first);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in globals: <inner.l> (object.in.l)
	lock_acquire(&object.in.l);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in globals: <outer.in_struct> (object.in_struct)
	lock_acquire(&object.in_struct);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in globals: <inner_first.deep> (zero_offset.in.deep)
	lock_acquire(&zero_offset.in.deep);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in globals: <nameless.m> (nameless.m)
	lock_acquire(&nameless.m);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in globals: <globals.kept> (kept)
	lock_acquire(&kept);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in globals: <inner.l> (kept_object.l)
	lock_acquire(&kept_object.l);
}

void on_the_stack(void)
{
	struct lock local;
	struct lock locals[2];
	struct inner local_object;
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in on_the_stack: <on_the_stack.local> (local)
	lock_acquire(&local);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in on_the_stack: <on_the_stack.locals[]> (locals[])
	lock_acquire(&locals[1]);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in on_the_stack: <inner.l> (local_object.l)
	lock_acquire(&local_object.l);
}

void through(struct outer *o, struct inner *i)
{
	struct lock *once = &o->in.l;
	struct lock *late = 0;
	struct outer *container = (struct outer *)((char *)i - __builtin_offsetof(struct outer, in));
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in through: <inner.l> (o->in.l)
	lock_acquire(once);
	late = &o->first;
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in through: <outer.first> (o->first)
	lock_acquire(late);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in through: <outer.in_union> (o->in_union)
	lock_acquire(same_lock(1, &o->in_union));
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in through: <outer.first> ((outer *)->first)
	lock_acquire(&container->first);
}

// What only a run can tell has no class.
void unknown(struct lock *argument, struct outer *o, int i)
{
	struct lock *either = &o->first;
	if (i)
		either = &o->in.l;
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in unknown: <> (argument)
	lock_acquire(argument);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in unknown: <> (o->pointer)
	lock_acquire(o->pointer);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in unknown: <> (either)
	lock_acquire(either);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in unknown: <> ()
	lock_acquire(i ? &o->first : &global);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in unknown: <> (argument->raw)
	lock_acquire(&((spin_t *)argument)->raw);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in unknown: <> ()
	lock_acquire((void *)(long)i);
}

struct lock *to_lock, *to_locks;

// Where a lock is born, what points to it will do; where it is taken later, it will not.
void births(struct lock *argument, struct outer *o, struct lock **slot, int i)
{
	// CHECK: [[#@LINE+1]] init mutex lock_init in births: <outer.pointer> (o->pointer)
	lock_init(o->pointer);
	// CHECK: [[#@LINE+1]] init mutex lock_init in births: <outer.pointer> (object.pointer)
	lock_init(object.pointer);
	// CHECK: [[#@LINE+1]] init mutex lock_init in births: <to_lock> (to_lock)
	lock_init(to_lock);
	// CHECK: [[#@LINE+1]] init mutex lock_init in births: <to_locks[]> (to_locks)
	lock_init(&to_locks[i]);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in births: <> (to_lock)
	lock_acquire(to_lock);
	// CHECK: [[#@LINE+1]] init mutex lock_init in births: <outer.first> (o->first)
	lock_init(&o->first);
	// CHECK: [[#@LINE+1]] init mutex lock_init in births: <> (argument)
	lock_init(argument);
	// CHECK: [[#@LINE+1]] init mutex lock_init in births: <> (slot)
	lock_init(*slot);
}

// A lock whose type the model does not list is named by the members that were written.
void unlisted(struct has_unlisted *h)
{
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in unlisted: <has_unlisted.first> (h->first)
	lock_acquire(&h->first);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in unlisted: <has_unlisted.second> (h->second)
	lock_acquire(&h->second);
	// CHECK: [[#@LINE+1]] acquire mutex lock_acquire in unlisted: <plain> (plain)
	lock_acquire(&plain);
}

