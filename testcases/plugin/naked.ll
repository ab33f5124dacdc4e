; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
; A naked function is left alone, and counted. (Clang lets only assembler into one; other front ends may not.)
; RUN: rm -f %t.json
; RUN: %cc -O0 %ir -mllvm -underlock-summary=%t.json %s | %verify | FileCheck %s
; RUN: %marks %t.json | FileCheck --check-prefix=MARKS %s
; CHECK-NOT: __underlock
; MARKS: skipped lock_acquire in bare: noinstr
target triple = "x86_64-pc-linux-gnu"

define void @bare() naked {
  call void @lock_acquire(ptr null)
  unreachable
}

declare void @lock_acquire(ptr)
