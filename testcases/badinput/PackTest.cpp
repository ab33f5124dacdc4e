// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Packs: what is in one is used, and one that no `pack` wrote is refused with the cause. The chunks are right; what
// they carry is not.
#include "analyzer/trace/Open.h"
#include "testcases/badinput/Traces.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace underlock;
using namespace underlock::test;
using testing::HasSubstr;

static void refused(const std::string &Entries, const std::string &Because) {
  Verdict V = judge(packedTrace(Entries).finish());
  EXPECT_EQ(V.Status, 2);
  EXPECT_THAT(V.Errors, HasSubstr("test.trace: what was packed into it cannot be read: " + Because));
}

static std::string entry(uint8_t What, const Bytes &Payload) { return Bytes().u8(What).string(Payload.Data).Data; }

// All that has a name in this trace, and what is remarked on the way.
static std::string namesIn(const std::string &Trace) {
  std::string Out;
  llvm::raw_string_ostream Errors(Out);
  auto File = TraceFile::parse(llvm::MemoryBuffer::getMemBuffer(Trace, "test.trace", false), Errors);
  std::optional<Pack> P = readPack(*File, Errors);
  OpenTrace T(std::move(File), smallModel(), "", Errors, std::move(*P));
  if (!replay(T.From, T.R, {}))
    return Out;
  for (StackId S = 0; S < T.R.Stacks.size(); ++S)
    for (const Frame &F : T.R.frames(S))
      Out += F.Function.empty() ? "?" : " " + F.Function;
  for (const Remark &R : T.R.Remarks)
    Out += "\n" + R.Text;
  return Out;
}

// The names are those of the pack, and a doubt is said when its address is asked for; without the pack, neither.
TEST(Pack, IsUsed) {
  std::string Packed = namesIn(packedTrace().finish()), Plain = namesIn(sealedTrace().finish());
  EXPECT_THAT(Packed, HasSubstr("? remove packed_caller?"));
  EXPECT_THAT(Packed, HasSubstr("\ncannot read /nonexistent/a.out: packed"));
  EXPECT_THAT(Packed, testing::Not(HasSubstr("--binary")));
  EXPECT_THAT(Plain, testing::Not(HasSubstr("packed")));
  EXPECT_THAT(Plain, HasSubstr("Pass its copy with --binary"));
  EXPECT_EQ(judge(packedTrace().finish()).Records, judge(sealedTrace().finish()).Records);
}

TEST(Pack, ReadBack) {
  std::string Trace = packedTrace().finish(), Errors;
  llvm::raw_string_ostream Stream(Errors);
  auto File = TraceFile::parse(llvm::MemoryBuffer::getMemBuffer(Trace, "test.trace", false), Stream);
  ASSERT_TRUE(File);
  std::optional<Pack> P = readPack(*File, Stream);
  ASSERT_TRUE(P) << Errors;
  ASSERT_EQ(P->Code[0x401100].Frames.size(), 2u);
  EXPECT_TRUE(P->Code[0x401100].Frames[0].Inlined);
  EXPECT_FALSE(P->Code[0x401100].Frames[1].Inlined);
  EXPECT_EQ(P->Code[0x401100].Frames[1].Function, "packed_caller");
  EXPECT_EQ(P->Data[0x7000].Datum, "m");
  EXPECT_EQ((P->Lines[{"a.c", 7}]), "\tremove(thing);");
  // And what is written is read again as the same.
  auto Without = TraceFile::parse(llvm::MemoryBuffer::getMemBufferCopy(sealedTrace().finish(), "again.trace"), Stream);
  P->Models = {"posix", "/x/own.yaml"};
  P->ShippedModels = "/shipped";
  P->ModelFiles["/x/own.yaml"] = std::string(9000, '#'); // more than one chunk
  std::string Again = sealedTrace().finish() + chunksFor(*P, *Without);
  auto Read = TraceFile::parse(llvm::MemoryBuffer::getMemBuffer(Again, "again.trace", false), Stream);
  ASSERT_TRUE(Read) << Errors;
  std::optional<Pack> Q = readPack(*Read, Stream);
  ASSERT_TRUE(Q) << Errors;
  EXPECT_EQ(Q->Models, P->Models);
  EXPECT_EQ(Q->ShippedModels, P->ShippedModels);
  EXPECT_EQ(Q->ModelFiles, P->ModelFiles);
  EXPECT_EQ(Q->Doubts, P->Doubts);
  EXPECT_EQ(Q->Lines, P->Lines);
  EXPECT_EQ(Q->Code.size(), P->Code.size());
  EXPECT_EQ(Q->Code[0x401100].Frames[0].Line, 7u);
  EXPECT_EQ(Q->Code[0x401100].Doubt, 1u);
}

TEST(BadPack, Entries) {
  refused(entry(PackedFrames, Bytes().u64(1).varint(1).varint(0)), "an address refers to a doubt that is not there");
  refused(entry(PackedDatum, Bytes().u64(1).varint(7).string("x")), "an address refers to a doubt that is not there");
  refused(entry(PackedFrames, Bytes().u64(1).varint(0).varint(1u << 30)), "more frames than there are bytes");
  refused(
      entry(PackedFrames, Bytes().u64(1).varint(0).varint(1).string("f").string("a.c").varint(1ull << 40).varint(1)),
      "a line or column beyond all files");
  refused(entry(PackedLine, Bytes().string("a.c").varint(1ull << 40).string("x")), "a line or column beyond all files");
  refused(entry(PackedModel, Bytes().string("a.yaml")), "an entry ends before it is complete");
  refused(entry(PackedDoubt, Bytes().varint(100)), "an entry ends before it is complete");
}

TEST(BadPack, CutAnywhere) {
  std::string Entries = packEntries();
  unsigned Refused = 0;
  for (size_t Size = 0; Size < Entries.size(); ++Size) {
    Verdict V = judge(packedTrace(Entries.substr(0, Size)).finish());
    EXPECT_TRUE(V.Status == 2 ? !V.Errors.empty() : V.Errors.empty()) << Size;
    Refused += V.Status == 2;
  }
  // All but the edges of the six entries.
  EXPECT_EQ(Refused, Entries.size() - 6);
}

// Whatever a byte of the pack is: refused with a message, or judged. With the checksum left as it was: always refused.
TEST(BadPack, FlippedBytes) {
  std::string Entries = packEntries();
  for (size_t At = 0; At < Entries.size(); ++At)
    for (uint8_t Bit : {0x01, 0x10, 0x80}) {
      std::string Changed = Entries;
      Changed[At] ^= Bit;
      Verdict V = judge(packedTrace(Changed).finish());
      EXPECT_TRUE(V.Status == 2 ? !V.Errors.empty() : V.Errors.empty()) << At;
      std::string Trace = packedTrace().finish();
      Trace[Trace.size() - 4096 + 128 + At] ^= Bit;
      Verdict Flipped = judge(Trace);
      EXPECT_EQ(Flipped.Status, 2);
      EXPECT_THAT(Flipped.Errors, HasSubstr("its checksum does not match"));
    }
}

// Other records have no business in a pack's chunks.
TEST(BadPack, Strangers) {
  TraceWriter W = packedTrace();
  W.Chunks.back().exit(1);
  EXPECT_THAT(judge(W.finish()).Errors, HasSubstr("a record among the run's definitions"));
  W = packedTrace();
  W.Chunks.back().place(1, SiteLock, {1, 2});
  EXPECT_THAT(judge(W.finish()).Errors,
              HasSubstr("a definition of the run, in a recording whose contexts make their own"));
  // CONTEXT, EXEC, TSAN and TITLE, of no context.
  for (uint8_t Own : {5, 7, 11, 12}) {
    W = ringTrace();
    W.Chunks[0].define(Own, Bytes().varint(0).string("/bin/x"));
    EXPECT_THAT(judge(W.finish()).Errors, HasSubstr("a definition of kind " + std::to_string(Own) +
                                                    ", which is a context's own, among the run's definitions"));
  }
}
