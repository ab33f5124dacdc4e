// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bad files: headers, chunks, damage to any byte, cuts anywhere. Each must end in status 2 with a message that names
// the file, or in a warning and a verdict on what is there; never in a crash, never "clean" without a word.
#include "testcases/badinput/Traces.h"
#include "analyzer/trace/Open.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace underlock;
using namespace underlock::test;
using testing::HasSubstr;
using testing::StartsWith;

// The trace is refused, and the message says why.
static void expectRefused(const std::string &Trace, const std::string &Because) {
  Verdict V = judge(Trace);
  EXPECT_EQ(V.Status, 2);
  EXPECT_THAT(V.Errors, StartsWith("underlock: error: test.trace: "));
  EXPECT_THAT(V.Errors, HasSubstr(Because));
}

TEST(GoodTrace, IsReadWhole) {
  Verdict V = judge(sealedTrace().finish());
  EXPECT_EQ(V.Status, 0) << V.Errors;
  EXPECT_EQ(V.Errors, "");
  EXPECT_EQ(V.Records, 20u);
  EXPECT_TRUE(V.Remarks.empty()) << V.Remarks[0].Text;
}

TEST(GoodTrace, EndInTheFirstChunk) {
  Verdict V = judge(endFirstTrace().finish());
  EXPECT_EQ(V.Status, 0) << V.Errors;
  EXPECT_TRUE(V.Remarks.empty()) << V.Remarks[0].Text;
}

TEST(GoodTrace, KilledIsReadAndSaid) {
  Verdict V = judge(killedTrace().finish());
  EXPECT_EQ(V.Status, 0) << V.Errors;
  EXPECT_TRUE(V.says("did not end in order"));
}

TEST(GoodTrace, FreeChunksAreSkipped) {
  std::string Trace = sealedTrace().finish() + std::string(2 * 4096, '\0');
  EXPECT_EQ(judge(Trace).Status, 0);
}

// Judged is what is behind the horizon: the newest that was dropped anywhere, here for a chunk not in use again yet.
TEST(GoodTrace, RingIsJudgedBehindItsHorizon) {
  Verdict V = judge(ringTrace().finish());
  EXPECT_EQ(V.Status, 0) << V.Errors;
  EXPECT_EQ(V.Records, 4u);
  EXPECT_TRUE(V.says("older records have made way for newer ones: judged are the newest 4"));
  EXPECT_FALSE(V.warned()) << V.Remarks[0].Text;
}

TEST(GoodTrace, DistinctIsRead) {
  Verdict V = judge(distinctTrace().finish());
  EXPECT_EQ(V.Status, 0) << V.Errors;
  EXPECT_EQ(V.Records, 4u);
  EXPECT_TRUE(V.says("counts are of kinds"));
}

// The models stand in the definition of a unit, which may be behind records of any kind in another context's chunks.
TEST(GoodTrace, SaysItsModelsBehindEveryKindOfRecord) {
  // Taken for records, the bytes of this address define a unit of their own.
  const uint64_t Lock = 0x0120030b05;
  TraceWriter W;
  W.Mode = Distinct;
  ChunkWriter &C = W.chunk(1, 0);
  C.Records.u8(Snapshot).u8(Born).u8(0x80).u64(Lock).varint(1).varint(1).u8(Held).u8(0).varint(1);
  for (uint8_t Kind : {Acquired, Released, Failed, Init, Destroy, Name})
    for (int Times = 0; Times < 2; ++Times)
      C.lockRecord(Kind, 1, Lock, 300);
  C.event(1, 2, {1, ~0ull}).thread(1, Fork, 7);
  C.Records.u8(PhaseBegin).varint(1).varint(3).u8(PhaseEnd).varint(1).varint(3);
  C.exit(1);
  W.chunk(2, 0).unit(1, 0, "one:two");
  std::string Errors;
  llvm::raw_string_ostream Stream(Errors);
  auto File = TraceFile::parse(llvm::MemoryBuffer::getMemBufferCopy(W.finish(), "test.trace"), Stream);
  ASSERT_TRUE(File) << Errors;
  EXPECT_THAT(recordedModels(*File), testing::ElementsAre("one", "two"));
}

TEST(BadHeader, Empty) { expectRefused("", "is empty"); }
TEST(BadHeader, NotATrace) {
  expectRefused("hello", "not an Underlock trace");
  expectRefused(std::string(10000, 'x'), "not an Underlock trace");
}
TEST(BadHeader, NewerVersionSaysWhichIsUnderstood) {
  TraceWriter W = sealedTrace();
  W.Version = 7;
  expectRefused(W.finish(), "format version 7, and this underlock understands up to 4");
}
TEST(BadHeader, Nonsense) {
  TraceWriter W = sealedTrace();
  W.Version = 0;
  expectRefused(W.finish(), "version 0");
  W = sealedTrace();
  W.HeaderSize = 8192;
  expectRefused(W.finish(), "8192");
  for (uint32_t Size : {0u, 2048u, 4097u, 6144u, 0x80000001u}) {
    W = sealedTrace();
    W.ChunkSize = Size;
    expectRefused(W.header() + std::string(8192, '\0'), "a power of two");
  }
  W = sealedTrace();
  W.Platform = 9;
  expectRefused(W.finish(), "platform 9");
}
TEST(BadHeader, NoChunkIsNoInstrumentation) {
  Verdict V = judge(TraceWriter().finish());
  EXPECT_EQ(V.Status, 2);
  EXPECT_TRUE(V.says("no instrumentation"));
}
TEST(BadHeader, ModeThatIsNotKnown) {
  TraceWriter W = sealedTrace();
  W.Mode = 3;
  expectRefused(W.finish(), "recording mode 3");
}
TEST(BadHeader, ModeThatIsAnother) {
  TraceWriter W = distinctTrace();
  W.Mode = Everything;
  expectRefused(W.finish(), "a definition of the run, in a recording whose contexts make their own");
  W = sealedTrace();
  W.Mode = Ring; // its places are the contexts' own
  EXPECT_EQ(judge(W.finish()).Status, 0);
  W.Chunks[0].DroppedUntil = 7;
  W.Mode = Distinct;
  expectRefused(W.finish(), "the recording is no ring");
}

// Whatever is done to one byte of a sealed trace is found.
TEST(Damage, AnyByteOfASealedTrace) {
  for (const std::string &Good : {sealedTrace().finish(), endFirstTrace().finish(), distinctTrace().finish()}) {
    std::string Trace = Good;
    for (size_t At = 0; At < Trace.size(); ++At)
      for (uint8_t Mask : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff}) {
        Trace[At] ^= Mask;
        Verdict V = judge(Trace);
        ASSERT_EQ(V.Status, 2) << "byte " << At << " ^ " << unsigned(Mask);
        ASSERT_THAT(V.Errors, StartsWith("underlock: error: test.trace: ")) << "byte " << At;
        Trace[At] ^= Mask;
      }
  }
}

// Open chunks have no checksum: damage in them may look like data, but must not crash the reader, and the recording is
// never called complete.
TEST(Damage, AnyByteOfAKilledTraceIsSurvived) {
  std::string Trace = killedTrace().finish();
  for (size_t At = 0; At < Trace.size(); ++At)
    for (uint8_t Mask : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff}) {
      Trace[At] ^= Mask;
      Verdict V = judge(Trace);
      ASSERT_TRUE(V.Status == 2 || V.warned()) << "byte " << At;
      Trace[At] ^= Mask;
    }
}

// The same of a ring, whose recycled chunk has no checksum either.
TEST(Damage, AnyByteOfARingIsSurvived) {
  std::string Trace = ringTrace().finish();
  const size_t Recycled = 4096 + 2 * 4096;
  for (size_t At = 0; At < Trace.size(); ++At)
    for (uint8_t Mask : {0x01, 0x80, 0xff}) {
      Trace[At] ^= Mask;
      Verdict V = judge(Trace);
      ASSERT_TRUE(V.Status == 2 || (At >= Recycled && At < Recycled + 4096)) << "byte " << At;
      Trace[At] ^= Mask;
    }
}

TEST(Damage, IsSaidWithChunkAndByte) {
  std::string Trace = sealedTrace().finish();
  Trace[4096 + 4096 + 200] ^= 1;
  expectRefused(Trace, "chunk 1 at byte 8192: is sealed and its checksum does not match");
}

// A cut at any length: a warning and a verdict on what is there, or status 2.
static void cutEverywhere(const TraceWriter &W) {
  std::string Whole = W.finish();
  for (size_t Length = 0; Length < Whole.size(); ++Length) {
    Verdict V = judge(Whole.substr(0, Length));
    ASSERT_TRUE(V.Status == 2 || V.warned()) << "cut to " << Length << " bytes";
    if (V.Status == 2 && Length != 4096) {
      ASSERT_TRUE(!V.Errors.empty() || V.warned()) << "cut to " << Length << " bytes";
    }
  }
}
TEST(Cut, Sealed) { cutEverywhere(sealedTrace()); }
TEST(Cut, EndInTheFirstChunk) { cutEverywhere(endFirstTrace()); }
TEST(Cut, Killed) { cutEverywhere(killedTrace()); }
TEST(Cut, Ring) { cutEverywhere(ringTrace()); }
TEST(Cut, Distinct) { cutEverywhere(distinctTrace()); }
TEST(Cut, KeepsWhatIsThere) {
  TraceWriter W = sealedTrace();
  std::string Whole = W.finish();
  // In the second chunk, right behind the thread's start and the start of the acquisition.
  Verdict V = judge(Whole.substr(0, Whole.size() - 4096));
  EXPECT_EQ(V.Status, 0) << V.Errors;
  EXPECT_EQ(V.Records, 15u);
  // One byte less changes nothing but the warning: it was zero.
  Verdict Less = judge(Whole.substr(0, Whole.size() - 4097));
  EXPECT_EQ(Less.Status, 0) << Less.Errors;
  EXPECT_EQ(Less.Records, 15u);
  EXPECT_THAT(Less.Remarks[0].Text, HasSubstr("the file is cut: chunk 1 at byte 8192 has 4095 of 4096 bytes"));
  // And the last record goes when its last byte does.
  size_t Used = W.Chunks[1].Records.Data.size();
  Verdict Short = judge(Whole.substr(0, 8192 + 128 + Used - 1));
  EXPECT_EQ(Short.Status, 0) << Short.Errors;
  EXPECT_EQ(Short.Records, 14u);
}

// ---- Chunks whose checksum is right and whose content is not ----

static std::string withChunk(const TraceWriter &W, unsigned Index, void (*Change)(std::string &)) {
  std::string Trace = W.header();
  for (unsigned I = 0; I < W.Chunks.size(); ++I) {
    std::string C = W.Chunks[I].finish(W.ChunkSize);
    if (I == Index) {
      Change(C);
      if (W.Chunks[I].Sealed)
        ChunkWriter::seal(C);
    }
    Trace += C;
  }
  return Trace;
}

TEST(BadChunk, Magic) {
  expectRefused(withChunk(sealedTrace(), 1, [](std::string &C) { C[0] = 'X'; }),
                "chunk 1 at byte 8192: is neither a chunk");
}
TEST(BadChunk, State) {
  expectRefused(withChunk(killedTrace(), 1, [](std::string &C) { C[9] = 'X'; }), "neither open nor sealed");
}
TEST(BadChunk, UsedBeyondItsSize) {
  for (const TraceWriter &W : {sealedTrace(), killedTrace()})
    expectRefused(withChunk(W, 1, [](std::string &C) { putNumber(C, 84, 4096 - 127, 4); }),
                  "says that 3969 of 3968 bytes");
}
TEST(BadChunk, NotZeroBehindTheEnd) {
  expectRefused(withChunk(sealedTrace(), 1, [](std::string &C) { C[4095] = 1; }), "not zero behind");
}
TEST(BadChunk, ReservedBytes) {
  for (const TraceWriter &W : {sealedTrace(), killedTrace()})
    expectRefused(withChunk(W, 1, [](std::string &C) { C[127] = 1; }), "reserved");
}
TEST(BadChunk, ContextAndKind) {
  expectRefused(withChunk(sealedTrace(), 1, [](std::string &C) { putNumber(C, 4, 0, 4); }), "context 0");
  expectRefused(withChunk(sealedTrace(), 1, [](std::string &C) { putNumber(C, 28, 8, 4); }), "of kind 8");
  expectRefused(withChunk(sealedTrace(), 1, [](std::string &C) { putNumber(C, 28, 7, 4); }),
                "a definition of the run, in a recording whose contexts make their own");
  expectRefused(withChunk(sealedTrace(), 2, [](std::string &C) { putNumber(C, 32, 5, 8); }), "says otherwise");
}
TEST(BadChunk, SequenceTwiceAndMissing) {
  expectRefused(withChunk(sealedTrace(), 2, [](std::string &C) { putNumber(C, 24, 0, 4); }), "there is one already");
  expectRefused(withChunk(sealedTrace(), 2, [](std::string &C) { putNumber(C, 24, 2, 4); }), "part 1 is missing");
  expectRefused(withChunk(sealedTrace(), 0, [](std::string &C) { putNumber(C, 24, 5, 4); }), "part 0 is missing");
}
TEST(BadChunk, WaitingAndSealed) {
  expectRefused(withChunk(sealedTrace(), 1, [](std::string &C) { C[64] = 1; }), "waits in it");
}
TEST(BadChunk, WaitsAtAPlaceWithoutDefinition) {
  expectRefused(withChunk(killedTrace(), 1, [](std::string &C) { C[80] = 55; }), "waits for 0x7040 at place 55");
}
TEST(BadChunk, TimeRunsBackwards) {
  expectRefused(withChunk(sealedTrace(), 2, [](std::string &C) { putNumber(C, 40, 10, 8); }), "begins before");
}
TEST(BadChunk, RecordsWithoutMagic) {
  expectRefused(withChunk(killedTrace(), 1, [](std::string &C) { C.replace(0, 128, 128, '\0'); }),
                "records but no magic");
}
TEST(BadChunk, NeverFinishedIsSaid) {
  std::string Chunk(4096, '\0');
  Chunk[4] = 3;
  Verdict V = judge(sealedTrace().finish() + Chunk);
  EXPECT_EQ(V.Status, 0) << V.Errors;
  ASSERT_EQ(V.Remarks.size(), 1u);
  EXPECT_THAT(V.Remarks[0].Text, HasSubstr("never finished"));
}
// A kernel's interrupts lose records now and then. One without space loses all that comes, in a chunk that is full.
TEST(BadChunk, AKernelWithoutSpaceBreaksOff) {
  for (bool Full : {false, true}) {
    TraceWriter W;
    W.Platform = 2;
    ChunkWriter &C = W.chunk();
    defineAll(C, smallModel().marksHash());
    while (Full && C.Records.Data.size() < 3000)
      C.define(99, Bytes().string(std::string(50, ' ')));
    C.Sealed = false;
    C.LostHere = 3;
    Verdict V = judge(W.finish());
    EXPECT_EQ(V.Errors, "");
    EXPECT_EQ(V.BrokeOff, Full);
  }
}
// The note of waiting is always new; what a context without space holds by then is not in the recording.
TEST(BadChunk, WhatAContextWithoutSpaceWaitsForIsNotJudged) {
  for (uint32_t Platform : {1, 2})
    for (uint64_t Lost : {0, 3}) {
      TraceWriter W;
      W.Platform = Platform;
      ChunkWriter &C = W.chunk();
      defineAll(C, smallModel().marksHash());
      C.lockRecord(Acquired, 1, 0x7000, 1);
      while (C.Records.Data.size() < 3000)
        C.define(99, Bytes().string(std::string(50, ' ')));
      C.Sealed = false;
      C.LostHere = Lost;
      C.WaitingLock = 0x7000;
      C.WaitingSince = 1100;
      C.WaitingPlace = 1;
      Verdict V = judge(W.finish());
      EXPECT_EQ(V.Errors, "");
      EXPECT_EQ(V.Findings, Lost ? 0u : 1u); // its own lock
      EXPECT_EQ(V.says("waited for a lock when the recording ended, and what it held by then was not recorded"),
                Lost != 0);
    }
}
TEST(BadChunk, LostRecordsAreSaid) {
  TraceWriter W = sealedTrace();
  W.Chunks[1].LostHere = 3;
  Verdict V = judge(W.finish());
  EXPECT_EQ(V.Status, 0) << V.Errors;
  ASSERT_EQ(V.Remarks.size(), 1u);
  EXPECT_THAT(V.Remarks[0].Text, HasSubstr("3 record(s) were dropped"));
}
