// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A unit without anything to mark is left as it was: no records, no hooks.
// RUN: %cc -O0 -g %ir %s | FileCheck %s
// CHECK-NOT: __underlock
int nothing(int a)
{
	return a;
}
