// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bad records, in chunks whose checksum is right: what a broken or hostile writer could make. Each is refused with
// chunk, byte and cause.
#include "testcases/badinput/OneChunk.h"
#include "gtest/gtest.h"

using namespace underlock;
using namespace underlock::test;
using testing::HasSubstr;

TEST(BadRecord, Kind) {
  for (uint8_t First : {0x00, 0x80, 0x81}) {
    OneChunk T;
    T.Records.u8(First).u64(0);
    T.refused("begins no record");
  }
}

// What only a distinct recording has.
TEST(BadRecord, KindOfAnotherMode) {
  OneChunk T, B;
  T.Records.u8(Snapshot);
  T.refused("a snapshot, and the recording is not a distinct one");
  B.Records.u8(Born).u8(0x80).u64(0x7000).varint(1).varint(1);
  B.refused("a lock's birth, and belongs to no snapshot");
}

TEST(BadRecord, CrossesTheEnd) {
  OneChunk Whole;
  Whole.C.lockRecord(Acquired, 1, 0x7000, 1);
  size_t Begin = Whole.At - 4096 - 128;
  for (size_t End = Begin + 1; End < Whole.Records.Data.size(); ++End) {
    OneChunk T;
    T.Records.Data = Whole.Records.Data.substr(0, End);
    T.refused("crosses the end");
  }
}

TEST(BadRecord, LongNumbers) {
  OneChunk Ten; // ten bytes are allowed, if what they say fits 64 bits
  Ten.Records.u8(Thread).raw("\x80\x80\x80\x80\x80\x80\x80\x80\x80").u8(0).u8(Fork).varint(1);
  EXPECT_EQ(judge(Ten.W.finish()).Status, 0);
  OneChunk Eleven;
  Eleven.Records.u8(Thread).raw("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80").u8(0).u8(Fork).varint(1);
  Eleven.refused("more than ten bytes or 64 bits");
  OneChunk Big;
  Big.Records.u8(Thread).raw("\x80\x80\x80\x80\x80\x80\x80\x80\x80").u8(2).u8(Fork).varint(1);
  Big.refused("more than ten bytes or 64 bits");
}

TEST(BadRecord, LockSlotNeverFilled) {
  OneChunk T;
  T.C.slotRecord(Acquired, 1, 5, 1);
  T.refused("slot 5");
}

TEST(BadRecord, SlotsAreEmptyInTheNextChunk) {
  OneChunk T;
  T.C.lockRecord(Acquired, 1, 0x7000, 1, 3);
  ChunkWriter &Next = T.W.chunk(1, 1);
  Next.StartTicks = 5000;
  Next.slotRecord(Released, 1, 3, SiteUnlock);
  Verdict V = judge(T.W.finish());
  EXPECT_EQ(V.Status, 2);
  EXPECT_THAT(V.Errors, HasSubstr("chunk 1 at byte 8320: a lock in slot 3"));
}

TEST(BadRecord, LockAtTheEndOfTheAddressSpace) {
  OneChunk T;
  T.C.lockRecord(Acquired, 1, ~0ull, 1);
  T.refused("end of the address space");
}

TEST(BadRecord, UndefinedPlace) {
  for (uint64_t Place : {uint64_t(4), uint64_t(0xffffffff), ~uint64_t(0)}) {
    OneChunk T;
    T.C.lockRecord(Acquired, 1, 0x7000, Place);
    T.refused("place " + std::to_string(Place) + " is used and was not defined");
  }
}

TEST(BadRecord, PlaceOfAnotherContext) {
  OneChunk T;
  ChunkWriter &Other = T.W.chunk(2);
  Other.lockRecord(Acquired, 1, 0x7000, 1);
  Verdict V = judge(T.W.finish());
  EXPECT_EQ(V.Status, 2);
  EXPECT_THAT(V.Errors, HasSubstr("chunk 1 at byte 8320: place 1 is used"));
}

TEST(BadRecord, UndefinedSite) {
  OneChunk T;
  T.C.lockRecord(Released, 1, 0x7000, 77);
  T.refused("site 77 is used here");
  OneChunk Huge;
  Huge.C.lockRecord(Released, 1, 0x7000, 0xfffffffe);
  Huge.refused("beyond what a run can number");
}

// Defined in a chunk that the merge comes to later: clocks of processors differ. It is found all the same.
TEST(GoodRecord, SiteDefinedInALaterContext) {
  TraceWriter W;
  ChunkWriter &Late = W.chunk(1);
  Late.StartTicks = 2000;
  defineAll(Late, smallModel().marksHash());
  Late.thread(1, Fork, 1);
  W.chunk(2).lockRecord(Released, 1, 0x7000, SiteUnlock);
  Verdict V = judge(W.finish());
  EXPECT_EQ(V.Errors, "");
  EXPECT_EQ(V.Status, 1); // read, and a finding: nobody held what is released there
}

TEST(BadRecord, SiteOfAnotherKind) {
  OneChunk F;
  F.C.lockRecord(Acquired, 1, 0x7000, SiteFree);
  F.refused("place 8 is used and was not defined");
  OneChunk R;
  R.C.lockRecord(Released, 1, 0x7000, SiteFree);
  R.refused("which does something else");
  OneChunk T;
  T.C.lockRecord(Released, 1, 0x7000, SiteEvent);
  T.refused("which does something else");
  OneChunk E;
  E.C.event(1, 1, {});
  E.refused("which does something else");
}

TEST(BadRecord, MoreObjectsThanBytes) {
  OneChunk T;
  T.Records.u8(Event).varint(1).varint(2).varint(~0ull).varint(5);
  T.refused("crosses the end");
}

TEST(BadRecord, Thread) {
  OneChunk T;
  T.C.thread(1, 9, 1);
  T.refused("thread record of kind 9");
}

TEST(BadRecord, TimeBeyondTheClock) {
  OneChunk T;
  T.C.thread(~0ull, Fork, 1);
  T.refused("beyond the clock's range");
}

TEST(BadRecord, HeldBehindOthers) {
  OneChunk T;
  T.C.lockRecord(Acquired, 1, 0x7000, 1);
  T.mark();
  T.Records.u8(Held).u8(0).varint(1);
  T.refused("what was held when the chunk began");
}

// ---- Definitions ----

TEST(BadDefinition, EndsEarly) {
  for (uint8_t What : {DefineSite, DefinePlace, DefineUnit, DefineImage, DefineContext, DefineClock, DefineTitle}) {
    OneChunk T;
    T.C.define(What, Bytes().u8(0x85));
    T.refused("ends before it is complete");
  }
}

TEST(BadDefinition, PlaceWithTooManyFrames) {
  OneChunk T;
  T.W.FrameLimit = 2; // and the first place has three
  Verdict V = judge(T.W.finish());
  EXPECT_EQ(V.Status, 2);
  EXPECT_THAT(V.Errors, HasSubstr("with 3 frames (the header allows 2)"));
}

TEST(BadDefinition, SiteOfNoVerb) {
  for (uint8_t Verb : {0, 12, 16}) {
    OneChunk T;
    T.C.site(20, {Verb});
    T.refused("verb " + std::to_string(Verb));
  }
}

TEST(BadDefinition, SiteTwiceDifferently) {
  OneChunk T;
  T.C.site(SiteLock, {VerbAcquire}); // the same again is fine
  T.mark();
  T.C.site(SiteLock, {VerbTry});
  T.refused("site 1 is defined twice, differently");
}

TEST(BadDefinition, MarkThatTheModelLacks) {
  for (uint8_t Verb : {VerbAcquire, VerbEvent, VerbPhaseBegin}) {
    OneChunk T;
    T.C.site(20, {Verb, 0, "nonesuch"});
    T.refused("marked as nonesuch, which the model test does not have");
  }
}

TEST(BadDefinition, SiteOfAnUnknownUnit) {
  OneChunk T;
  T.C.site(20, {VerbRelease}, 9);
  T.mark();
  T.C.lockRecord(Released, 1, 0x7000, 20);
  T.refused("site 20");
}

TEST(Models, AnotherThanTheProgramWasBuiltWith) {
  TraceWriter W;
  W.chunk().unit(1, 0x1234, "linux", "drivers/x.c");
  Verdict V = judge(W.finish());
  EXPECT_EQ(V.Status, 2);
  EXPECT_THAT(V.Errors, HasSubstr("drivers/x.c was built with the model linux (marks 0000000000001234)"));
  EXPECT_THAT(V.Errors, HasSubstr("judged by the model test"));
  EXPECT_THAT(V.Errors, HasSubstr("--model linux"));
}

TEST(Models, SeveralInOneTrace) {
  OneChunk T;
  T.C.unit(2, 0x1234, "linux", "b.c");
  T.refused("a.c was built with the model test");
  T.refused("b.c with linux");
}

TEST(Instrumentation, NoneIsSaid) {
  TraceWriter W;
  W.chunk().thread(1, Fork, 1).thread(1, Join, 1).exit(1);
  Verdict V = judge(W.finish());
  EXPECT_EQ(V.Status, 2);
  EXPECT_TRUE(V.says("no instrumentation in this recording"));
}
