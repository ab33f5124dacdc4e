// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A phase's title: texts that arguments lead to, found by what debug information says of them.
// RUN: %cc -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 -g %ir -I%S/Inputs %s | %verify | FileCheck --check-prefix=OPTIMISED %s
// RUN: %warning-cc -O0 -g -I%S/Inputs -c -o %t.o %s 2>&1 | FileCheck --check-prefix=SAID %s
// RUN: %warning-cc -O0 -I%S/Inputs -c -o %t.o %s 2>&1 | FileCheck --check-prefix=NO-DEBUG %s
#include "test.h"

typedef const char *text_t;
struct test_suite {
	long number;
	const char name[16];
};
struct test_case {
	void (*run)(void);
	text_t name;
};

// CHECK-LABEL: @run_case(
// CHECK: [[SUITE:%.*]] = getelementptr inbounds i8, ptr %0, i64 8
// CHECK-NEXT: [[FIELD:%.*]] = getelementptr inbounds i8, ptr %1, i64 8
// CHECK-NEXT: [[CASE:%.*]] = load ptr, ptr [[FIELD]]
// CHECK-NEXT: call void @__underlock_v1_phase_titled(ptr {{@.*}}, i32 2, ptr [[SUITE]], ptr [[CASE]])
// CHECK: call void @work()
// CHECK: call void @__underlock_v1_phase_end(
// OPTIMISED-LABEL: @run_case(
// OPTIMISED: call void @__underlock_v1_phase_titled(
// OPTIMISED: call void @__underlock_v1_phase_end(
void run_case(struct test_suite *suite, const struct test_case *test)
{
	work();
}

// CHECK-LABEL: @run_named(
// CHECK: call void @__underlock_v1_phase_titled(ptr {{@.*}}, i32 1, ptr %0, ptr null)
void run_named(const char *name)
{
	work();
}

// SAID-DAG: warning: underlock: in run_untitled: phase untitled: argument 0 has no field name that is a text; that part of its title is empty
// SAID-DAG: warning: underlock: in run_untitled: phase untitled: argument 1 does not exist; that part of its title is empty
// SAID-NOT: in run_case
// NO-DEBUG: in run_case: phase case: argument 0 has no fields that are known: compile with -g; that part of its title is empty
void run_untitled(struct test_case **test)
{
	work();
}
