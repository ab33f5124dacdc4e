// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The core alone, on a port made for tests, with AddressSanitizer and UBSan: limits, what happens without space, clocks
// that run backwards, forks, contexts that share sites.
#include "Core.h"

using namespace underlock::test;

namespace {

TEST_F(Run, EveryKindOfRecordReadsBack) {
  underlock_site S = site(UNDERLOCK_VERB_EVENT);
  int Lock;
  test_state = UNDERLOCK_STATE_IRQS_OFF | UNDERLOCK_STATE_NO_PREEMPT;
  __underlock_v1_init(&S, &Lock);
  test_clock += 5;
  __underlock_v1_failed(&Acquire, &Lock, __underlock_v1_try(&Acquire, &Lock));
  acquire(Acquire, uint64_t(&Lock));
  __underlock_v1_acquired(&Acquire, &Lock, __underlock_v1_wait(&Acquire, &Lock));
  __underlock_v1_release(&Release, &Lock);
  __underlock_v1_event(&S, 4, 0, 1, 127, ~0ull);
  __underlock_v1_event(&S, 77, 1, 2, 3, 4); // no more than there are
  __underlock_v1_phase_begin(&S);
  test_clock += 1ull << 40;
  __underlock_v1_phase_end(&S);
  __underlock_v1_destroy(&S, &Lock);
  underlock_thread_record(test_running, UNDERLOCK_THREAD_FORK, 1ull << 60);
  underlock_context_exit(test_running);
  decode::Trace T = trace();
  std::vector<unsigned> Kinds;
  for (const decode::Record &R : only(T).records()) {
    Kinds.push_back(R.Kind);
    EXPECT_EQ(R.State, 0x30u);
  }
  EXPECT_EQ(Kinds, (std::vector<unsigned>{7, 3, 1, 2, 1, 2, 4, 4, 5, 6, 8, 9, 12}));
  auto All = only(T).records();
  EXPECT_EQ(All[0].Time, 1000u);
  EXPECT_EQ(All[2].Lock, uint64_t(&Lock));
  EXPECT_EQ(All[6].Objects, (std::vector<uint64_t>{0, 1, 127, ~0ull}));
  EXPECT_EQ(All[7].Objects.size(), 4u);
  EXPECT_EQ(All[9].Time, 1005 + (1ull << 40));
  EXPECT_EQ(All[11].Value, 1ull << 60);
  EXPECT_EQ(T.siteOf(only(T), All[2]).Class, "a.b");
}

TEST_F(Run, APhaseHasATitle) {
  underlock_site S = site(UNDERLOCK_VERB_PHASE_BEGIN);
  std::string Long(1000, 'x');
  __underlock_v1_phase_titled(&S, 2, "suite", "case");
  __underlock_v1_phase_titled(&S, 1, "alone", "not this");
  __underlock_v1_phase_titled(&S, 2, nullptr, "case");
  __underlock_v1_phase_titled(&S, 2, Long.c_str(), "cut");
  __underlock_v1_phase_titled(&S, 77, "no more", "than there are");
  decode::Trace T = trace();
  EXPECT_EQ(only(T).Titles,
            (std::vector<std::string>{"suite.case", "alone", ".case", Long.substr(0, UNDERLOCK_STRING_LIMIT),
                                      "no more.than there are"}));
  EXPECT_EQ(only(T).records().size(), 5u);
}

TEST_F(Run, NullIsALockLikeAnyOther) {
  acquire(Acquire, 0);
  EXPECT_EQ(holds(0), UNDERLOCK_HELD);
  release(0);
  decode::Trace T = trace();
  EXPECT_EQ(only(T).records().size(), 2u);
  EXPECT_EQ(only(T).records()[1].Lock, 0u);
}

TEST_F(Run, TimeNeverRunsBackwards) {
  acquire(Acquire, 8);
  test_clock = 10;
  release(8);
  for (int I = 0; I < 2000; ++I) { // into further chunks, too
    acquire(Acquire, 8);
    release(8);
  }
  test_clock = 2000;
  acquire(Acquire, 16);
  decode::Trace T = trace();
  EXPECT_GT(only(T).Chunks.size(), 2u);
  EXPECT_EQ(only(T).records()[1].Time, 1000u);
  EXPECT_EQ(only(T).records().back().Time, 2000u);
}

// 8 places fit the table here. What it forgets is defined again, and a hold keeps the number it had.
TEST_F(Run, PlacesBeyondTheTableAreDefinedAgain) {
  std::vector<underlock_site> Sites(40, Acquire);
  for (int Round = 0; Round < 3; ++Round)
    for (size_t I = 0; I < Sites.size(); ++I) {
      acquire(Sites[I], 64 + 8 * (I % 12));
      if (I % 12 == 11)
        for (uint64_t L = 0; L < 12; ++L)
          release(64 + 8 * L);
    }
  decode::Trace T = trace();
  EXPECT_EQ(T.Sites.size(), 41u);
  EXPECT_GT(only(T).Places.size(), 100u);
  std::set<uint64_t> Seen;
  size_t N = 0;
  for (const decode::Record &R : only(T).records())
    if (R.Kind == UNDERLOCK_RECORD_ACQUIRED) {
      EXPECT_EQ(only(T).Places.at(R.Number).Site, underlock_site(Sites[N % 40]).id & 0xffffff);
      ++N;
    }
  EXPECT_EQ(N, 120u);
}

TEST_F(Run, MoreLocksThanSlotsInterleave) {
  for (int Round = 0; Round < 4; ++Round)
    for (uint64_t L = 1; L <= 1000; ++L) {
      acquire(Acquire, L * 64);
      release(L * 64);
    }
  decode::Trace T = trace();
  auto All = only(T).records();
  ASSERT_EQ(All.size(), 8000u);
  for (size_t I = 0; I < All.size(); ++I)
    ASSERT_EQ(All[I].Lock, (I / 2 % 1000 + 1) * 64);
}

TEST_F(Run, TheHeldSetOverflowsIntoUnknown) {
  for (uint64_t L = 1; L <= 20; ++L)
    acquire(Acquire, L * 8);
  EXPECT_EQ(holds(8), UNDERLOCK_HELD);
  EXPECT_EQ(holds(20 * 8), UNDERLOCK_UNKNOWN);
  EXPECT_EQ(holds(8888), UNDERLOCK_UNKNOWN);
  for (int I = 0; I < 4; ++I)
    release((20 - I) * 8);
  EXPECT_EQ(holds(20 * 8), UNDERLOCK_NOT_HELD);
  release(5 * 8); // from the middle
  EXPECT_EQ(holds(5 * 8), UNDERLOCK_NOT_HELD);
  EXPECT_EQ(holds(16 * 8), UNDERLOCK_HELD);
}

TEST_F(Run, AReleaseEndsTheNewestHoldOfALock) {
  underlock_site Shared = site(UNDERLOCK_VERB_ACQUIRE, UNDERLOCK_MODE_SHARED);
  acquire(Acquire, 8);
  acquire(Shared, 8);
  EXPECT_EQ(holds(8), UNDERLOCK_HELD);
  release(8);
  EXPECT_EQ(holds(8), UNDERLOCK_HELD);
  release(8);
  acquire(Shared, 8);
  EXPECT_EQ(holds(8), UNDERLOCK_HELD_SHARED);
}

TEST_F(Run, WithoutSpaceWhatIsLostIsCountedAndComesBackWithTheHeldSet) {
  ChunksLeft = 0;
  uint64_t Calls = 0;
  while (!test_running->dropped) {
    acquire(Acquire, 8);
    release(8);
    Calls += 2;
  }
  acquire(Acquire, 16);
  acquire(Acquire, 24);
  underlock_site New = site(UNDERLOCK_VERB_ACQUIRE); // nor can it be defined now
  acquire(New, 32);
  Calls += 3;
  EXPECT_EQ(holds(32), UNDERLOCK_HELD);
  decode::Trace Full = trace();
  EXPECT_EQ(only(Full).records().size() + only(Full).lost(), Calls);
  EXPECT_EQ(only(Full).last().state, UNDERLOCK_CHUNK_OPEN);
  ChunksLeft = 1;
  release(24);
  decode::Trace T = trace();
  ASSERT_EQ(only(T).Chunks.size(), 2u);
  std::vector<uint64_t> Held;
  for (const decode::Record &R : only(T).Chunks[1].Held)
    Held.push_back(R.Lock);
  EXPECT_EQ(Held, (std::vector<uint64_t>{16, 24})); // the third has no place that could be named
  EXPECT_EQ(only(T).last().lost, only(Full).lost());
  EXPECT_EQ(only(T).Chunks[1].Timed.size(), 1u);
}

TEST_F(Run, WithoutAnyChunkOnlyTheHeldSetIsKept) {
  ChunksLeft = 0;
  test_running = make();
  acquire(Acquire, 8);
  EXPECT_EQ(holds(8), UNDERLOCK_HELD);
  EXPECT_EQ(test_running->dropped, 1u);
  release(8);
  underlock_context_end(test_running);
  EXPECT_EQ(test_running->number, 0u);
}

// A handler inside the core: what it would record is lost, and shown to be.
TEST_F(Run, AHookInsideTheCoreIsDroppedAndCounted) {
  int Handled = 0;
  InChunkNew = [&] {
    ++Handled;
    acquire(Acquire, 800);
    release(800);
    EXPECT_EQ(holds(8), UNDERLOCK_UNKNOWN);
  };
  uint64_t Calls = 0;
  while (Handled < 3) {
    acquire(Acquire, 8);
    release(8);
    Calls += 2;
  }
  InChunkNew = nullptr;
  decode::Trace T = trace();
  EXPECT_EQ(only(T).lost(), 6u);
  EXPECT_EQ(only(T).records().size(), Calls);
  EXPECT_EQ(only(T).Chunks[1].Header.lost, 2u);
}

TEST_F(Run, ContextsShareSitesAndAForkDefinesThemAnew) {
  acquire(Acquire, 8);
  test_running = make(UNDERLOCK_CONTEXT_HARDIRQ);
  acquire(Acquire, 8);
  decode::Trace Both = trace();
  EXPECT_EQ(Both.Contexts.size(), 2u);
  EXPECT_EQ(Both.Sites.size(), 1u);
  EXPECT_EQ(Both.ofThread(2).last().kind, uint32_t(UNDERLOCK_CONTEXT_HARDIRQ));
  // The child's view: the cells hold its parent's numbers.
  ++underlock_generation;
  Chunks.clear();
  underlock_held Held[1] = {test_running->held[0]};
  test_running = make();
  underlock_inherit_held(test_running, Held, 1);
  EXPECT_EQ(holds(8), UNDERLOCK_HELD);
  release(8);
  decode::Trace Child = trace(); // throws where a site was not defined
  EXPECT_EQ(Child.Sites.size(), 2u);
  EXPECT_TRUE(Child.ofThread(3).Places.begin()->second.Frames.empty());
}

TEST_F(Run, LongNamesAreCutAndStillFit) {
  std::string Long(5000, 'x');
  underlock_site S = site(UNDERLOCK_VERB_ACQUIRE);
  S.mark = S.file = S.function = S.expression = S.class_name = Long.c_str();
  for (int I = 0; I < 200; ++I) { // at every position of a chunk
    S.id = 0;
    acquire(S, 8);
    release(8);
  }
  decode::Trace T = trace();
  EXPECT_EQ(T.Sites.size(), 201u);
  EXPECT_EQ(T.siteOf(only(T), only(T).records()[0]).Function, Long.substr(0, 100));
}

TEST_F(Run, AnAcquisitionBegunBeforeTheRecordingGetsItsPlaceLate) {
  underlock_context *C = test_running;
  test_running = nullptr;
  int Lock;
  uint32_t Place = __underlock_v1_begin(&Acquire, &Lock);
  EXPECT_EQ(Place, 0u);
  EXPECT_EQ(underlock_holds(&Lock), UNDERLOCK_UNKNOWN);
  test_running = C;
  __underlock_v1_acquired(&Acquire, &Lock, Place);
  EXPECT_EQ(trace().count(UNDERLOCK_RECORD_ACQUIRED), 1u);
}

} // namespace
