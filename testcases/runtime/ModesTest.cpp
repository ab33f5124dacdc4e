// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recordings that keep less than everything: a ring keeps the newest, a distinct one keeps one of each kind.
#include "Run.h"
#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <sys/stat.h>

using decode::Context;
using decode::Record;
using decode::Trace;
using run::Folder;

static size_t sizeOf(const std::string &Path) {
  struct stat S = {};
  stat(Path.c_str(), &S);
  return size_t(S.st_size);
}

// What a context holds at its first chunk's start, and what happens then, fit together: nothing in between is missing.
static void expectWhole(const Context &C) {
  std::multiset<uint64_t> Held;
  for (const Record &R : C.Chunks.front().Held)
    Held.insert(R.Lock);
  for (const decode::Chunk &Part : C.Chunks) {
    std::multiset<uint64_t> Said;
    for (const Record &R : Part.Held)
      Said.insert(R.Lock);
    EXPECT_EQ(Said, Held) << "at the start of chunk " << Part.Header.sequence;
    for (const Record &R : Part.Timed) {
      if (R.Kind == UNDERLOCK_RECORD_ACQUIRED)
        Held.insert(R.Lock);
      if (R.Kind != UNDERLOCK_RECORD_RELEASED)
        continue;
      ASSERT_TRUE(Held.count(R.Lock)) << "released and not held";
      Held.erase(Held.find(R.Lock));
    }
  }
}

TEST(Ring, KeepsItsSizeAndLosesNothingOfTheNewest) {
  Folder F;
  auto R = run::driver("ring=1,trace=" + (F / "t"), {"count", "4", "100000"});
  ASSERT_EQ(R.exitStatus(), 0) << R.Err;
  Trace T = Trace::read(F / "t");
  EXPECT_EQ(T.lost(), 0u);
  EXPECT_GT(T.Horizon, 0u);
  // 1 MiB, and beyond it only what is never used again: definitions.
  EXPECT_LE(sizeOf(F / "t"), 4096u + (16 + T.DefinitionChunks) * T.Header.chunk_size);
  EXPECT_EQ(T.Header.ring_chunks, 16u);
  for (auto &[Number, C] : T.Contexts)
    expectWhole(C);
  EXPECT_EQ(T.main().records().back().Kind, unsigned(UNDERLOCK_RECORD_EXIT));
}

TEST(Ring, HasEveryRecordBehindItsHorizon) {
  Folder F;
  const uint64_t Count = 400000;
  run::driver("ring=1,trace=" + (F / "t"), {"roll", std::to_string(Count)});
  Trace T = Trace::read(F / "t");
  uint64_t Next = 0;
  for (const Record &R : T.main().records()) {
    if (R.Kind != UNDERLOCK_RECORD_EVENT || R.Time <= T.Horizon)
      continue;
    ASSERT_TRUE(!Next || R.Objects.at(0) == Next) << R.Objects.at(0) << " follows " << Next - 1;
    Next = R.Objects.at(0) + 1;
  }
  EXPECT_EQ(Next, Count);
  EXPECT_GT(T.main().Chunks.front().Header.sequence, 0u);
}

TEST(Ring, KnowsWhereAndByWhichPathAnOldHoldWasTaken) {
  Folder F;
  run::driver("ring=1,trace=" + (F / "t"), {"roll", "400000"});
  Trace T = Trace::read(F / "t");
  const decode::Chunk &First = T.main().Chunks.front();
  ASSERT_EQ(First.Held.size(), 3u);
  for (const Record &R : First.Held)
    EXPECT_GE(T.main().Places.at(R.Number).Frames.size(), 3u);
  EXPECT_EQ(T.main().Names.back(), "driver");
}

TEST(Ring, GrowsWhenThereAreMoreThreadsThanChunks) {
  Folder F;
  auto R = run::driver("ring=1,trace=" + (F / "t"), {"count", "40", "20000"});
  ASSERT_EQ(R.exitStatus(), 0) << R.Err;
  Trace T = Trace::read(F / "t");
  EXPECT_EQ(T.lost(), 0u);
  for (auto &[Number, C] : T.Contexts)
    expectWhole(C);
}

TEST(Ring, OfAForkedChildIsItsOwn) {
  Folder F;
  auto R = run::driver("ring=1,trace=" + (F / "%p"), {"fork", "0"});
  ASSERT_EQ(F.files().size(), 2u) << R.Err;
  for (const std::string &File : F.files()) {
    Trace T = Trace::read(F / File);
    EXPECT_EQ(T.Header.mode, unsigned(UNDERLOCK_RECORDING_RING));
    EXPECT_EQ(T.count(UNDERLOCK_RECORD_EXIT), 1u);
    expectWhole(T.main());
  }
}

// A kill while a chunk is being used again must not make a trace that cannot be read, or one that says too much.
TEST(Ring, ReadsAfterFortyKills) {
  std::mt19937 Random(run::seed());
  std::uniform_int_distribution<unsigned> Microseconds(3000, 30000);
  size_t Wrapped = 0, Recycled = 0;
  for (int Kill = 0; Kill < 40; ++Kill) {
    Folder F;
    run::Process P = run::start("ring=1,trace=" + (F / "t"), {"announce", "4"});
    fcntl(P.Out, F_SETFL, O_NONBLOCK);
    uint64_t Said[2];
    unsigned Left = Microseconds(Random);
    while (Left > 0) {
      while (read(P.Out, Said, sizeof(Said)) == sizeof(Said)) {
      }
      usleep(std::min(Left, 1000u));
      Left -= std::min(Left, 1000u);
    }
    kill(P.Pid, SIGKILL);
    fcntl(P.Out, F_SETFL, 0);
    run::finish(P);
    if (!run::hasHeader(F / "t"))
      continue;
    Trace T = Trace::read(F / "t");
    Wrapped += T.Horizon > 0;
    Recycled += T.Recycled;
    for (auto &[Number, C] : T.Contexts)
      expectWhole(C);
  }
  printf("%zu recordings had dropped records, %zu chunks were about to be used again\n", Wrapped, Recycled);
  EXPECT_GT(Wrapped, 4u);
}

TEST(Distinct, KeepsOneOfEachKind) {
  Folder F;
  auto R = run::driver("mode=distinct,trace=" + (F / "t"), {"count", "8", "30000"});
  ASSERT_EQ(R.exitStatus(), 0) << R.Err;
  Trace T = Trace::read(F / "t");
  EXPECT_EQ(T.lost(), 0u);
  // Own locks at one site; two shared ones, of eight own ones held, tried with both outcomes: in two contexts each.
  EXPECT_GE(T.count(UNDERLOCK_RECORD_ACQUIRED), 4u);
  EXPECT_LE(T.count(UNDERLOCK_RECORD_ACQUIRED), 100u);
  EXPECT_EQ(T.count(UNDERLOCK_RECORD_RELEASED), 0u);
  size_t WithHold = 0;
  for (auto &[Number, C] : T.Contexts)
    for (const Record &Rec : C.records())
      if (Rec.Kind == UNDERLOCK_RECORD_ACQUIRED) {
        EXPECT_TRUE(Rec.Snapshot);
        WithHold += Rec.Holds.size() == 1;
      }
  EXPECT_GT(WithHold, 1u);
}

TEST(Distinct, DoesNotGrowWithTime) {
  size_t Sizes[2];
  for (int Try = 0; Try < 2; ++Try) {
    Folder F;
    run::driver("mode=distinct,trace=" + (F / "t"), {"roll", Try ? "1000000" : "1000"});
    Trace T = Trace::read(F / "t");
    EXPECT_EQ(T.count(UNDERLOCK_RECORD_EVENT), 1u);
    ASSERT_EQ(T.main().records().size(), 5u); // three acquisitions, an event, the exit
    EXPECT_EQ(T.main().records().at(3).Holds.size(), 3u);
    Sizes[Try] = sizeOf(F / "t");
  }
  EXPECT_EQ(Sizes[0], Sizes[1]);
}

TEST(Distinct, HasNoChunkForThreadsThatSayNothingNew) {
  Folder F;
  auto R = run::driver("mode=distinct,trace=" + (F / "t"), {"churn", "3000"});
  ASSERT_EQ(R.exitStatus(), 0) << R.Err;
  Trace T = Trace::read(F / "t");
  EXPECT_EQ(T.lost(), 0u);
  EXPECT_EQ(T.count(UNDERLOCK_RECORD_THREAD) > 6000, true) << "forks and joins are all kept";
  EXPECT_LE(T.Contexts.size(), 10u);
  EXPECT_LE(sizeOf(F / "t"), size_t(1) << 20);
}

TEST(Distinct, ShowsAReleaseOfWhatIsNotHeld) {
  Folder F;
  run::driver("mode=distinct,trace=" + (F / "t"), {"unheld"});
  Trace T = Trace::read(F / "t");
  EXPECT_EQ(T.count(UNDERLOCK_RECORD_RELEASED), 1u);
}

// A lock that was destroyed, and one born at its address, are two: their names differ above the address.
TEST(Distinct, TellsTheLivesOfAnAddressApart) {
  Folder F;
  auto R = run::driver("mode=distinct,trace=" + (F / "t"), {"lives", "3"});
  uint64_t Address = run::numbers(R.Out).at(0);
  Trace T = Trace::read(F / "t");
  std::set<uint64_t> Names;
  for (const Record &Rec : T.main().records())
    if (Rec.Kind == UNDERLOCK_RECORD_ACQUIRED)
      Names.insert(Rec.Lock);
  EXPECT_EQ(Names.size(), 3u);
  for (uint64_t Name : Names)
    EXPECT_EQ(Name & ((1ull << UNDERLOCK_ADDRESS_BITS) - 1), Address);
}

TEST(Settings, ThatContradictEachOther) {
  Folder F;
  auto R = run::driver("mode=distinct,ring=1,trace=" + (F / "t"), {"nothing"});
  EXPECT_EQ(R.exitStatus(), 2);
  EXPECT_NE(R.Err.find("a ring and a distinct recording at the same time: 'ring=1'"), std::string::npos) << R.Err;
  R = run::driver("ring=0,trace=" + (F / "t"), {"nothing"});
  EXPECT_NE(R.Err.find("not a ring's size in MiB: 'ring=0'"), std::string::npos) << R.Err;
}
