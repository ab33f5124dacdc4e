// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A trace of one chunk that begins well; what is appended to its records is under test.
#ifndef UNDERLOCK_TESTCASES_BADINPUT_ONECHUNK_H
#define UNDERLOCK_TESTCASES_BADINPUT_ONECHUNK_H

#include "testcases/badinput/Traces.h"
#include "gmock/gmock.h"

namespace underlock::test {

struct OneChunk {
  TraceWriter W;
  ChunkWriter &C;
  Bytes &Records;
  OneChunk() : C(W.chunk()), Records(C.Records) {
    defineAll(C, smallModel().marksHash());
    mark();
  }

  // Refused at the byte where the records ended when this was made, or when mark() was called.
  void mark() { At = 4096 + 128 + Records.Data.size(); }
  void refused(const std::string &Because) {
    for (bool Sealed : {true, false}) {
      C.Sealed = Sealed;
      Verdict V = judge(W.finish());
      EXPECT_EQ(V.Status, 2);
      EXPECT_THAT(V.Errors, testing::StartsWith("underlock: error: test.trace: chunk 0 at byte " + std::to_string(At) + ": "));
      EXPECT_THAT(V.Errors, testing::HasSubstr(Because));
    }
  }
  size_t At = 0;
};

} // namespace underlock::test

#endif
