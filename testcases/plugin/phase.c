// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Phases: the whole of a function (every return), a call inside one function, from the start, and mixed ends.
// RUN: %cc -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 %ir -I%S/Inputs %s | %verify | FileCheck %s
#include "test.h"
void step(void);
void finish(void);

// CHECK-LABEL: @whole_phase(
// CHECK: call void @__underlock_v1_phase_begin(
// CHECK: call void @work()
// CHECK: call void @__underlock_v1_phase_end(
// CHECK: ret i32
// CHECK-NOT: ret
int whole_phase(int a)
{
	if (a)
		work();
	return a;
}

// CHECK-LABEL: @stepper(
// CHECK: call void @__underlock_v1_phase_begin(
// CHECK-NEXT: call void @step()
// CHECK-NEXT: {{.*}}call void @__underlock_v1_phase_end(
// CHECK-NEXT: call void @work()
// CHECK-NOT: __underlock
// CHECK: ret void
void stepper(void)
{
	step();
	work();
}

// CHECK-LABEL: @not_stepper(
// CHECK-NOT: __underlock
// CHECK: ret void
void not_stepper(void)
{
	step();
}

// CHECK-LABEL: @rest_init(
// CHECK-NOT: phase_begin
// CHECK: call void @__underlock_v1_phase_end(
// CHECK: call void @work()
void rest_init(void)
{
	work();
}

// CHECK-LABEL: @prepare(
// CHECK: call void @work()
// CHECK: call void @__underlock_v1_phase_begin(
// CHECK-NEXT: ret void
void prepare(void)
{
	work();
}

// CHECK-LABEL: @finisher(
// CHECK-NOT: phase_begin
// CHECK: call void @finish()
// CHECK-NEXT: {{.*}}call void @__underlock_v1_phase_end(
void finisher(void)
{
	finish();
}
