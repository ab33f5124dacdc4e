// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An object that is no argument, or no number, is a warning, and is recorded as 0.
// RUN: %warning-cc -O0 -g -c -o %t.o %s 2>&1 | FileCheck %s
// CHECK-DAG: warning: underlock: in removed: event at-entry: argument 1 is no pointer or number; it is recorded as 0
// CHECK-DAG: warning: underlock: in user: event at-call: argument 0 does not exist; it is recorded as 0
void removed(void *device, double x)
{
}

void notify();
void user(void)
{
	notify();
}
