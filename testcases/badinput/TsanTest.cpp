// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bad reports of ThreadSanitizer, in definitions whose chunk is right: each is refused with chunk, byte and cause.
#include "testcases/badinput/OneChunk.h"
#include "gtest/gtest.h"

using namespace underlock;
using namespace underlock::test;

namespace {
// A data race under one lock, as trace.h has it; each member makes one thing of it bad.
struct Report {
  std::string What = "data-race";
  uint64_t Accesses = 1, Locks = 1, Places = 1; // the lengths that are written
  uint64_t Held = 2, HeldLock = 0;              // one lock, the first
  uint64_t Lock = 0x7000;
  uint64_t Frames = 2;

  static void stack(Bytes &B, uint64_t Length) {
    B.varint(Length).u64(0x401000);
    for (uint64_t I = 1; I < Length; ++I)
      B.svarint(0x10);
  }
  Bytes bytes() const {
    Bytes B;
    B.u64(1010).string(What);
    B.varint(Accesses).varint(100).u64(0x9000).varint(4).u8(1).varint(Held);
    if (Held > 1)
      B.varint(HeldLock).u8(0);
    stack(B, Frames);
    B.varint(Locks).u64(Lock);
    stack(B, 1);
    B.varint(Places).varint(100);
    stack(B, 1);
    B.string("global").u64(0x9000).varint(4).varint(0);
    return B;
  }
  void refused(const std::string &Because) const {
    OneChunk T;
    T.C.define(DefineTsan, bytes());
    T.refused(Because);
  }
};
} // namespace

TEST(Tsan, AReportIsAFinding) {
  OneChunk T;
  T.C.define(DefineTsan, Report().bytes());
  Verdict V = judge(T.W.finish());
  EXPECT_EQ(V.Errors, "");
  EXPECT_EQ(V.Findings, 1u);
}

TEST(Tsan, ThatItRanIsNoReport) {
  OneChunk T;
  T.C.define(DefineTsan, Bytes().u64(1010).string(""));
  Verdict V = judge(T.W.finish());
  EXPECT_EQ(V.Errors, "");
  EXPECT_EQ(V.Findings, 0u);
}

TEST(BadTsan, LockAtTheEndOfTheAddressSpace) {
  Report R;
  for (uint64_t Lock : {~uint64_t(0), ~uint64_t(1)}) {
    R.Lock = Lock;
    R.refused("end of the address space");
  }
  OneChunk T;
  R.Lock = ~uint64_t(2);
  T.C.define(DefineTsan, R.bytes());
  EXPECT_EQ(judge(T.W.finish()).Errors, "");
}

TEST(BadTsan, Lengths) {
  for (uint64_t Report::*Length : {&Report::Accesses, &Report::Locks, &Report::Places}) {
    Report R;
    R.*Length = 17;
    R.refused("with 17 parts where 16 are the most");
  }
  Report R;
  R.Held = 18;
  R.refused("with 18 parts where 17 are the most");
  R = Report();
  R.Frames = 33;
  R.refused("with 33 parts where 32 are the most");
}

TEST(BadTsan, AnAccessUnderALockThatIsNotThere) {
  Report R;
  for (uint64_t Lock : {uint64_t(1), uint64_t(16), uint64_t(1) << 32, ~uint64_t(0)}) {
    R.HeldLock = Lock;
    R.refused("an access under lock ");
  }
}

TEST(BadTsan, EndsBeforeItIsComplete) {
  std::string Whole = Report().bytes().Data;
  for (size_t End = 0; End < Whole.size(); ++End) {
    OneChunk T;
    T.C.define(DefineTsan, Bytes().raw(std::string_view(Whole).substr(0, End)));
    T.refused("ends before it is complete");
  }
}

TEST(BadTsan, AmongTheRunsDefinitions) {
  TraceWriter W = ringTrace();
  W.Chunks.front().define(DefineTsan, Report().bytes());
  Verdict V = judge(W.finish());
  EXPECT_EQ(V.Status, 2);
  EXPECT_THAT(V.Errors, testing::HasSubstr("a definition of kind 11, which is a context's own, among the run's definitions"));
}
