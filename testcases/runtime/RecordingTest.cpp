// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a program that runs to its end leaves behind: counts, threads, stacks, chunks, held sets, answers.
#include "Run.h"
#include "underlock/underlock.h"
#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>

using decode::Context;
using decode::Record;
using decode::Trace;
using run::Folder;

TEST(Recording, OfNothingIsAValidTraceWithAnExit) {
  Folder F;
  auto R = run::driver("trace=" + (F / "t"), {"nothing"});
  ASSERT_EQ(R.exitStatus(), 0) << R.Err;
  Trace T = Trace::read(F / "t");
  EXPECT_EQ(T.Header.process, uint64_t(R.Pid));
  EXPECT_EQ(T.Header.platform, uint32_t(UNDERLOCK_PLATFORM_POSIX));
  EXPECT_NE(std::string(T.Header.program).find("driver nothing"), std::string::npos) << T.Header.program;
  ASSERT_EQ(T.Contexts.size(), 1u);
  std::vector<Record> All = T.main().records();
  ASSERT_EQ(All.size(), 1u);
  EXPECT_EQ(All[0].Kind, unsigned(UNDERLOCK_RECORD_EXIT));
  EXPECT_EQ(All[0].Value, 0u);
  EXPECT_EQ(T.main().last().state, UNDERLOCK_CHUNK_SEALED);
  EXPECT_EQ(T.main().Names.at(0), "driver");
}

TEST(Recording, NamesImagesAndReadsBothClocks) {
  Folder F;
  run::driver("trace=" + (F / "t"), {"nothing"});
  Trace T = Trace::read(F / "t");
  bool Driver = false, Libc = false;
  for (const decode::Image &I : T.Images) {
    EXPECT_LT(I.Start, I.End);
    Driver |= I.Path == run::Driver;
    Libc |= I.Path.find("libc.so.6") != std::string::npos && I.BuildId.size() == 20;
  }
  EXPECT_TRUE(Driver);
  EXPECT_TRUE(Libc);
  ASSERT_GE(T.Clocks.size(), 2u);
  EXPECT_LT(T.Clocks.front().first, T.Clocks.back().first);
  EXPECT_LT(T.Clocks.front().second, T.Clocks.back().second);
}

TEST(Recording, EqualsCountedOverEightThreads) {
  Folder F;
  auto R = run::driver("trace=" + (F / "t"), {"count", "8", "30000"});
  ASSERT_EQ(R.exitStatus(), 0) << R.Err;
  Trace T = Trace::read(F / "t");
  EXPECT_EQ(T.lost(), 0u);
  std::vector<uint64_t> N = run::numbers(R.Out);
  ASSERT_EQ(N.size(), 24u);
  for (size_t I = 0; I < N.size(); I += 3) {
    const Context &C = T.ofThread(N[I]);
    EXPECT_EQ(C.count(UNDERLOCK_RECORD_ACQUIRED), N[I + 1]);
    EXPECT_EQ(C.count(UNDERLOCK_RECORD_RELEASED), N[I + 1]);
    EXPECT_EQ(C.count(UNDERLOCK_RECORD_FAILED), N[I + 2]);
    EXPECT_GT(C.Chunks.size(), 1u);
    EXPECT_EQ(C.last().state, UNDERLOCK_CHUNK_SEALED);
  }
  EXPECT_EQ(T.count(UNDERLOCK_RECORD_EXIT), 1u);
}

// The sections of one lock, exclusive, never overlap in time over all threads.
TEST(Recording, SectionsOfOneLockDoNotOverlap) {
  Folder F;
  run::driver("trace=" + (F / "t"), {"count", "4", "20000"});
  Trace T = Trace::read(F / "t");
  std::map<uint64_t, std::vector<std::pair<uint64_t, uint64_t>>> Sections;
  for (auto &[Number, C] : T.Contexts) {
    std::map<uint64_t, uint64_t> Since;
    for (const Record &R : C.records()) {
      if (R.Kind == UNDERLOCK_RECORD_ACQUIRED)
        Since[R.Lock] = R.Time;
      else if (R.Kind == UNDERLOCK_RECORD_RELEASED)
        Sections[R.Lock].push_back({Since.at(R.Lock), R.Time});
    }
  }
  size_t Checked = 0;
  for (auto &[Lock, Of] : Sections) {
    std::sort(Of.begin(), Of.end());
    for (size_t I = 1; I < Of.size(); ++I, ++Checked)
      ASSERT_LE(Of[I - 1].second, Of[I].first);
  }
  EXPECT_GT(Checked, 80000u);
}

TEST(Recording, ThreadsAreForkedStartedJoinedAndEnd) {
  Folder F;
  auto R = run::driver("trace=" + (F / "t"), {"threads"});
  ASSERT_EQ(R.exitStatus(), 0) << R.Err;
  Trace T = Trace::read(F / "t");
  std::map<uint64_t, uint64_t> Forked, Started, Joined;
  size_t Ended = 0;
  for (auto &[Number, C] : T.Contexts)
    for (const Record &Each : C.records())
      if (Each.Kind == UNDERLOCK_RECORD_THREAD) {
        if (Each.What == UNDERLOCK_THREAD_FORK)
          EXPECT_TRUE(Forked.emplace(Each.Value, Each.Time).second);
        if (Each.What == UNDERLOCK_THREAD_START)
          EXPECT_TRUE(Started.emplace(Each.Value, Each.Time).second);
        if (Each.What == UNDERLOCK_THREAD_JOIN)
          EXPECT_TRUE(Joined.emplace(Each.Value, Each.Time).second);
        Ended += Each.What == UNDERLOCK_THREAD_END;
      }
  ASSERT_EQ(Forked.size(), 3u);
  ASSERT_EQ(Started.size(), 3u);
  EXPECT_EQ(Joined.size(), 2u); // one is detached
  EXPECT_EQ(Ended, 3u);
  for (auto &[Token, Time] : Started)
    EXPECT_LE(Forked.at(Token), Time);
  for (auto &[Token, Time] : Joined)
    EXPECT_LE(Started.at(Token), Time);
}

TEST(Recording, StacksReachFromTheSiteOutwardsAndAreBounded) {
  Folder F;
  auto R = run::driver("frames=24,trace=" + (F / "t"), {"stacks"});
  ASSERT_EQ(R.exitStatus(), 0) << R.Err;
  Trace T = Trace::read(F / "t");
  EXPECT_EQ(T.Header.frame_limit, 24u);
  const Context &C = T.main();
  std::vector<uint64_t> Depths, Places;
  for (const Record &Each : C.records())
    if (Each.Kind == UNDERLOCK_RECORD_ACQUIRED) {
      Depths.push_back(C.Places.at(Each.Number).Frames.size());
      Places.push_back(Each.Number);
    }
  ASSERT_EQ(Depths.size(), 4u);
  EXPECT_GE(Depths[0], 6u); // note_acquire inlined or not, four at_depth, stacks, main
  EXPECT_LE(Depths[0], 12u);
  EXPECT_EQ(Depths[1], 24u);
  EXPECT_EQ(Depths[2], 24u);
  EXPECT_NE(Places[0], Places[3]); // called from another line of stacks()
  // The frames lie in the function that printed its address, and the recursion shows as one address again and again.
  const std::vector<uint64_t> &Deep = C.Places.at(Places[2]).Frames;
  uint64_t AtDepth = run::numbers(R.Out).at(0);
  EXPECT_GT(Deep[5], AtDepth);
  EXPECT_LT(Deep[5], AtDepth + 512);
  EXPECT_EQ(Deep[5], Deep[20]);
}

TEST(Recording, ChunksFollowEachOtherAndBeginWithWhatIsHeld) {
  Folder F;
  auto R = run::driver("trace=" + (F / "t"), {"roll", "100000"});
  ASSERT_EQ(R.exitStatus(), 0) << R.Err;
  Trace T = Trace::read(F / "t");
  const Context &C = T.main();
  ASSERT_GT(C.Chunks.size(), 10u);
  std::vector<uint64_t> Locks;
  uint64_t Next = 0;
  for (const Record &Each : C.records()) {
    if (Each.Kind == UNDERLOCK_RECORD_ACQUIRED)
      Locks.push_back(Each.Lock);
    if (Each.Kind == UNDERLOCK_RECORD_EVENT) {
      ASSERT_EQ(Each.Objects, (std::vector<uint64_t>{Next, ~0ull}));
      ++Next;
    }
  }
  EXPECT_EQ(Next, 100000u);
  ASSERT_EQ(Locks.size(), 3u);
  EXPECT_TRUE(C.Chunks[0].Held.empty());
  for (size_t I = 1; I < C.Chunks.size(); ++I) {
    ASSERT_EQ(C.Chunks[I].Held.size(), 3u) << "chunk " << I;
    for (size_t L = 0; L < 3; ++L)
      EXPECT_EQ(C.Chunks[I].Held[L].Lock, Locks[L]);
    EXPECT_EQ(T.siteOf(C, C.Chunks[I].Held[1]).Mode, unsigned(UNDERLOCK_MODE_SHARED));
  }
}

TEST(Recording, AHandlerInTheMiddleOfTheCoreIsCountedAsLost) {
  Folder F;
  auto R = run::driver("trace=" + (F / "t"), {"storm"});
  ASSERT_EQ(R.exitStatus(), 0) << R.Err;
  Trace T = Trace::read(F / "t");
  uint64_t Seen = T.count(UNDERLOCK_RECORD_ACQUIRED) + T.count(UNDERLOCK_RECORD_RELEASED);
  EXPECT_EQ(Seen + T.lost(), run::numbers(R.Out).at(0));
  EXPECT_LT(T.lost(), 4000u);
}

TEST(Held, AnswersForTheRunningThread) {
  Folder F;
  auto R = run::driver("trace=" + (F / "t"), {"query"});
  EXPECT_EQ(R.Out, "0 1 2 1 0 0 2 0\n") << R.Err;
}

TEST(Held, IsUnknownWhereNothingIsRecorded) {
  auto R = run::driver("", {"query"});
  EXPECT_EQ(R.Out, "-1 -1 -1 -1 -1 -1 -1 -1\n") << R.Err;
}

TEST(Held, OverflowIsUnknownAndRecordingGoesOn) {
  Folder F;
  auto R = run::driver("trace=" + (F / "t"), {"overflow"});
  EXPECT_EQ(R.Out, "1 -1 -1 0 0\n") << R.Err;
  Trace T = Trace::read(F / "t");
  EXPECT_EQ(T.count(UNDERLOCK_RECORD_ACQUIRED), 600u);
  EXPECT_EQ(T.count(UNDERLOCK_RECORD_RELEASED), 600u);
  EXPECT_EQ(T.lost(), 0u);
}
