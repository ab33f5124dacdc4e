// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The end of the task that runs: before the call that does not return, behind all else that is marked there.
// RUN: %cc -O0 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 -g %ir -I%S/Inputs %s | %verify | FileCheck %s
// RUN: %cc -O2 %ir -I%S/Inputs %s | %verify | FileCheck %s
#include "test.h"
_Noreturn void gone(void);

// CHECK-LABEL: @leave(
// CHECK: call void @work()
// CHECK-NOT: __underlock
// CHECK: call void @__underlock_v1_end()
// CHECK-NEXT: {{.*}}call void @gone()
// CHECK-NEXT: unreachable
void leave(void)
{
	work();
	gone();
}

// CHECK-LABEL: @stays(
// CHECK-NOT: __underlock
// CHECK: ret void
void stays(void)
{
	work();
}
