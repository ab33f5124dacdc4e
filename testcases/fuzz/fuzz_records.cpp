// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Records of every kind, in traces that are whole: decoder, merge, replay and analyses.
#include "testcases/fuzz/Compact.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *Data, size_t Size) {
  underlock::test::judge(underlock::test::expand(Data, Size));
  return 0;
}
