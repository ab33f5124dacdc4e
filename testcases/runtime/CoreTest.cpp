// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The core alone, on a port made for tests, with AddressSanitizer and UBSan: limits, what happens without space, clocks
// that run backwards, forks, contexts that share sites.
#include "Decode.h"
#include <functional>
#include <gtest/gtest.h>
#include <memory>

extern "C" {
#include "context.h"
#include "underlock/underlock.h"
struct underlock_context *test_running;
uint64_t test_clock, test_waits;
uint8_t test_state;
int test_pinned;

static std::vector<std::unique_ptr<unsigned char[]>> Chunks;
static size_t ChunksLeft = ~size_t(0);
static std::function<void()> InChunkNew;

void *underlock_port_chunk_new(void) {
  EXPECT_EQ(test_pinned, 1);
  if (InChunkNew)
    InChunkNew();
  if (!ChunksLeft)
    return nullptr;
  --ChunksLeft;
  Chunks.push_back(std::make_unique<unsigned char[]>(UNDERLOCK_CHUNK_SIZE)); // zeroed
  return Chunks.back().get();
}
void underlock_port_chunk_done(void *) {}
void underlock_port_yield(void) {}
// Unknown but for the one that a test made: stacks of one frame.
uintptr_t StackLow, StackHigh;
static bool StackIsOwn;
void underlock_port_stack(struct underlock_context *C, uintptr_t Frame) {
  if (Frame < StackLow || Frame >= StackHigh)
    return;
  C->stack_low = StackLow;
  C->stack_high = StackHigh;
  C->stack_is_own = StackIsOwn;
}
void underlock_port_new_stack(struct underlock_context *, uint32_t) {}
static bool MemoryLeft = true;
void *underlock_port_memory(size_t Size) { return MemoryLeft ? calloc(1, Size) : nullptr; }
void underlock_port_memory_back(void *Memory, size_t) { free(Memory); }
static std::vector<std::pair<const void *, uint64_t>> Asked;
uint64_t underlock_port_block_size(const void *Memory, uint64_t Who) {
  Asked.push_back({Memory, Who});
  return Who == UNDERLOCK_SIZE_OF_MALLOC ? 64 : 0;
}
}

namespace {

struct Run : testing::Test {
  Run() {
    Chunks.clear();
    ChunksLeft = ~size_t(0);
    test_clock = 1000;
    test_state = 0;
    ++underlock_generation; // each test is a run of its own
    test_running = make();
  }
  // Whatever the core was asked to do, it has let go.
  void TearDown() override { EXPECT_EQ(test_pinned, 0); }
  underlock_context *make(underlock_context_kind Kind = UNDERLOCK_CONTEXT_THREAD) {
    Contexts.push_back(std::make_unique<underlock_context>());
    underlock_context_start(Contexts.back().get(), Kind, Contexts.size());
    return Contexts.back().get();
  }
  decode::Trace trace() {
    std::vector<unsigned char> Data(sizeof(underlock_file_header));
    underlock_file_header H = {};
    underlock_finish_file_header(&H, 1000);
    std::memcpy(Data.data(), &H, sizeof(H));
    for (auto &C : Chunks)
      Data.insert(Data.end(), C.get(), C.get() + UNDERLOCK_CHUNK_SIZE);
    return decode::Trace(Data);
  }
  const decode::Context &only(const decode::Trace &T) { return T.ofThread(1); }
  underlock_site site(underlock_verb Verb, underlock_mode Mode = UNDERLOCK_MODE_EXCLUSIVE) {
    return {0, uint8_t(Verb), uint8_t(Mode), 0, 0, 7, 3, &Unit, "mutex", "file.c", "function", "&a->b", "a.b"};
  }
  // Not inlined: with stacks of one frame, a site has one place then.
  [[gnu::noinline]] void acquire(underlock_site &S, uint64_t Lock) {
    auto *At = reinterpret_cast<const void *>(Lock);
    __underlock_v1_acquired(&S, At, __underlock_v1_begin(&S, At));
  }
  void release(uint64_t Lock) { __underlock_v1_release(&Release, reinterpret_cast<const void *>(Lock)); }
  underlock_answer holds(uint64_t Lock) { return underlock_holds(reinterpret_cast<const void *>(Lock)); }

  underlock_unit Unit = {0, UNDERLOCK_HOOK_ABI, 99, "posix", "file.c"};
  underlock_site Acquire = site(UNDERLOCK_VERB_ACQUIRE), Release = site(UNDERLOCK_VERB_RELEASE);
  std::vector<std::unique_ptr<underlock_context>> Contexts;
};

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

TEST_F(Run, WaitingIsNotedStackedAndMovesToTheNextChunk) {
  int Outer, Inner;
  uint32_t OuterPlace = __underlock_v1_begin(&Acquire, &Outer);
  auto Shown = [&] { return trace().ofThread(1).last().waiting_lock; };
  EXPECT_EQ(Shown(), uint64_t(&Outer));
  // As a handler would, deeper in the stack.
  [&]() __attribute__((noinline)) {
    underlock_site Other = site(UNDERLOCK_VERB_ACQUIRE);
    uint32_t InnerPlace = __underlock_v1_begin(&Other, &Inner);
    EXPECT_EQ(Shown(), uint64_t(&Inner));
    __underlock_v1_acquired(&Other, &Inner, InnerPlace);
    EXPECT_EQ(Shown(), uint64_t(&Outer));
    __underlock_v1_failed(&Other, &Inner, __underlock_v1_try(&Other, &Inner)); // a try notes nothing
    EXPECT_EQ(Shown(), uint64_t(&Outer));
    while (test_running->sequence == 1)
      release(uint64_t(&Inner));
    EXPECT_EQ(Shown(), uint64_t(&Outer));
  }();
  __underlock_v1_failed(&Acquire, &Outer, OuterPlace);
  EXPECT_EQ(Shown(), 0u);
}

TEST_F(Run, AWaitLeftByAnExceptionDoesNotStay) {
  test_running->stack_low = 1;
  test_running->stack_high = 16; // one frame only, but any address is below: no stack of this test's
  int A, B;
  auto Begin = [&](int *Lock) __attribute__((noinline)) { return __underlock_v1_begin(&Acquire, Lock); };
  for (int I = 0; I < 3; ++I)
    Begin(&A);
  EXPECT_LE(test_running->wait_count, 3);
  test_running->stack_low = uintptr_t(__builtin_frame_address(0)) - 65536;
  test_running->stack_high = uintptr_t(__builtin_frame_address(0)) + 64;
  Begin(&A);
  uint32_t Place = Begin(&B); // not from deeper than the one before: that one is over
  EXPECT_EQ(test_running->wait_count, 1);
  __underlock_v1_acquired(&Acquire, &B, Place);
  EXPECT_EQ(trace().ofThread(1).last().waiting_lock, 0u);
}

[[gnu::noinline]] void deep(int Calls, const std::function<void()> &Inside) {
  if (Calls)
    deep(Calls - 1, Inside);
  else
    Inside();
  asm volatile("");
}

// Its caller is left, and no other acquisition comes: whatever hook is further out shows it, and none that is deeper
// does.
TEST_F(Run, AWaitIsOverOnceItsCallerIsLeft) {
  StackLow = uintptr_t(__builtin_frame_address(0)) - 65536;
  StackHigh = uintptr_t(__builtin_frame_address(0)) + 4096;
  int Lock, Other;
  auto Shown = [&] { return trace().ofThread(1).last().waiting_lock; };
  underlock_site Try = site(UNDERLOCK_VERB_TRY), Event = site(UNDERLOCK_VERB_EVENT),
                 Signal = site(UNDERLOCK_VERB_SIGNAL), Init = site(UNDERLOCK_VERB_INIT),
                 Destroy = site(UNDERLOCK_VERB_DESTROY);
  std::function<void()> Hooks[] = {[&] { __underlock_v1_release(&Release, &Other); },
                                   [&] { __underlock_v1_try(&Try, &Other); },
                                   [&] { __underlock_v1_signal(&Signal, &Other); },
                                   [&] { __underlock_v1_init(&Init, &Other); },
                                   [&] { __underlock_v1_destroy(&Destroy, &Other); },
                                   [&] { __underlock_v1_event(&Event, 0, 0, 0, 0, 0); }};
  for (auto &Hook : Hooks) {
    deep(50, [&] { __underlock_v1_begin(&Acquire, &Lock); });
    EXPECT_EQ(Shown(), uint64_t(&Lock));
    Hook();
    EXPECT_EQ(Shown(), 0u);
    uint32_t Place = __underlock_v1_begin(&Acquire, &Lock);
    deep(50, Hook);
    EXPECT_EQ(Shown(), uint64_t(&Lock));
    __underlock_v1_acquired(&Acquire, &Lock, Place);
    EXPECT_EQ(Shown(), 0u);
  }
  StackLow = StackHigh = 0;
}

// On the stack of a handler that was left by a jump, say: over once the flow is on its own stack.
TEST_F(Run, AWaitOnAnotherStackIsOverOnTheOwnOne) {
  StackLow = uintptr_t(__builtin_frame_address(0)) - 65536;
  StackHigh = uintptr_t(__builtin_frame_address(0)) + 4096;
  int Lock, Other;
  for (bool Own : {false, true}) {
    StackIsOwn = Own;
    test_running = make();
    __underlock_v1_begin(&Acquire, &Lock);
    test_running->waits[0].frame = 4096;
    uint32_t Place = __underlock_v1_begin(&Acquire, &Other);
    EXPECT_EQ(test_running->wait_count, Own ? 1 : 2);
    __underlock_v1_acquired(&Acquire, &Other, Place);
    EXPECT_EQ(test_running->chunk->waiting_lock, Own ? 0u : uint64_t(&Lock));
  }
  StackIsOwn = false;
  StackLow = StackHigh = 0;
}

// Nobody could say where it waits. It is not in the way of the wait around it.
TEST_F(Run, AWaitWithoutAPlaceIsNotShown) {
  int Outer, Inner;
  auto Shown = [&] { return test_running->chunk->waiting_lock; };
  uint32_t OuterPlace = __underlock_v1_begin(&Acquire, &Outer);
  ChunksLeft = 0;
  [&]() __attribute__((noinline)) {
    while (!test_running->dropped)
      release(8);
    underlock_site New = site(UNDERLOCK_VERB_ACQUIRE);
    uint32_t Place = __underlock_v1_begin(&New, &Inner);
    EXPECT_EQ(Place, 0u);
    EXPECT_EQ(Shown(), 0u);
    EXPECT_EQ(test_running->chunk->waiting_place, 0u);
    __underlock_v1_acquired(&New, &Inner, Place);
    EXPECT_EQ(Shown(), uint64_t(&Outer));
  }();
  __underlock_v1_acquired(&Acquire, &Outer, OuterPlace);
  EXPECT_EQ(Shown(), 0u);
}

// A condition variable's wait that is cancelled has its lock again while the thread unwinds.
TEST_F(Run, AWaitThatIsUnwoundHasItsLockAgain) {
  int Lock, Other;
  auto Kinds = [&] {
    std::vector<std::pair<unsigned, uint64_t>> Out;
    decode::Trace T = trace();
    for (const decode::Record &R : only(T).records())
      Out.push_back({R.Kind, R.Kind == UNDERLOCK_RECORD_THREAD ? 0 : R.Lock});
    return Out;
  };
  const unsigned Acquired = UNDERLOCK_RECORD_ACQUIRED, Released = UNDERLOCK_RECORD_RELEASED;
  std::vector<std::pair<unsigned, uint64_t>> Wanted = {{Acquired, uint64_t(&Lock)}, {Released, uint64_t(&Lock)}};
  acquire(Acquire, uint64_t(&Lock));
  __underlock_v1_wait(&Acquire, &Lock);
  EXPECT_EQ(underlock_holds(&Lock), UNDERLOCK_UNKNOWN);
  EXPECT_EQ(underlock_holds(&Other), UNDERLOCK_NOT_HELD);
  EXPECT_EQ(Kinds(), Wanted);
  release(uint64_t(&Lock));
  Wanted.insert(Wanted.end(), {{Acquired, uint64_t(&Lock)}, {Released, uint64_t(&Lock)}});
  EXPECT_EQ(Kinds(), Wanted);
  EXPECT_EQ(trace().ofThread(1).last().waiting_lock, 0u);
  EXPECT_EQ(underlock_holds(&Lock), UNDERLOCK_NOT_HELD);

  acquire(Acquire, uint64_t(&Lock));
  __underlock_v1_wait(&Acquire, &Lock);
  underlock_context_end(test_running);
  Wanted.insert(Wanted.end(), {{Acquired, uint64_t(&Lock)},
                               {Released, uint64_t(&Lock)},
                               {Acquired, uint64_t(&Lock)},
                               {UNDERLOCK_RECORD_THREAD, 0}});
  EXPECT_EQ(Kinds(), Wanted);
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

// ---- Memory that is given back ----

struct Freed : Run {
  static constexpr uint64_t Base = 0x7abc00000000; // where no other test has a lock; the first of a region
  void give(uint64_t Memory, uint64_t Size) { __underlock_v1_free(&Free, reinterpret_cast<void *>(Memory), Size); }
  // The locks that died since the last look, by record, all at the site of the free.
  std::vector<uint64_t> died() {
    std::vector<uint64_t> Out;
    decode::Trace T = trace();
    auto All = only(T).records();
    for (; Looked < All.size(); ++Looked)
      if (All[Looked].Kind == UNDERLOCK_RECORD_DESTROY) {
        EXPECT_EQ(T.siteOf(only(T), All[Looked]).Verb, unsigned(UNDERLOCK_VERB_FREE));
        Out.push_back(All[Looked].Lock);
      }
    return Out;
  }
  void use(uint64_t Lock) {
    acquire(Acquire, Lock);
    release(Lock);
  }
  underlock_site Free = site(UNDERLOCK_VERB_FREE), Destroy = site(UNDERLOCK_VERB_DESTROY);
  size_t Looked = 0;
  using Locks = std::vector<uint64_t>;
};

TEST_F(Freed, LocksDieWithTheirMemoryOnce) {
  use(Base + 0x1010);
  use(Base + 0x1014); // as near as two can be
  use(Base + 0x10fc);
  use(Base + 0x1100);
  give(Base + 0x1000, 0x10); // beside them
  give(Base + 0x1104, 0x1000);
  EXPECT_EQ(died(), Locks());
  give(Base + 0x1014, 0xec);
  EXPECT_EQ(died(), (Locks{Base + 0x1014, Base + 0x10fc}));
  give(Base + 0x1000, 0x200);
  EXPECT_EQ(died(), (Locks{Base + 0x1010, Base + 0x1100}));
  give(Base + 0x1000, 0x200);
  EXPECT_EQ(died(), Locks());
  use(Base + 0x1010); // another one, though its address stands in the chunk's slots
  give(Base + 0x1000, 0x200);
  EXPECT_EQ(died(), Locks{Base + 0x1010});
}

TEST_F(Freed, WhateverMakesALockKnownAndWhoeverUsedIt) {
  auto *At = [](uint64_t Lock) { return reinterpret_cast<const void *>(Lock); }(Base + 0x2000);
  __underlock_v1_init(&Destroy, At);
  give(Base + 0x2000, 8);
  EXPECT_EQ(died(), Locks{Base + 0x2000});
  __underlock_v1_name(&Destroy, At);
  give(Base + 0x2000, 8);
  EXPECT_EQ(died(), Locks{Base + 0x2000});
  __underlock_v1_failed(&Acquire, At, __underlock_v1_try(&Acquire, At));
  give(Base + 0x2000, 8);
  EXPECT_EQ(died(), Locks{Base + 0x2000});
  underlock_context *Mine = test_running;
  test_running = make();
  use(Base + 0x2000);
  test_running = Mine;
  give(Base + 0x2000, 8);
  EXPECT_EQ(died(), Locks{Base + 0x2000});
  use(Base + 0x2000);
  __underlock_v1_destroy(&Free, At);
  EXPECT_EQ(died(), Locks{Base + 0x2000});
  give(Base + 0x2000, 8);
  EXPECT_EQ(died(), Locks());
}

TEST_F(Freed, BlocksOfAnySize) {
  const uint64_t Region = 1ull << 28, Page = 1ull << 17;
  Locks Wanted = {Base + 3 * Region - 4, Base + 3 * Region, Base + 5 * Region + Page - 4, Base + 5 * Region + Page};
  for (uint64_t Lock : Wanted)
    use(Lock);
  give(Base + Region, 9 * Region);
  EXPECT_EQ(died(), Wanted);
  // Beyond all that can be: nothing is there, and nothing goes wrong.
  const uint64_t Last = 0x7ffff0000000;
  give(Last, ~0ull - 2);
  give(~0ull - 7, 8);
  give(Last, 1ull << 48);
  use(1ull << 50);
  use(~0ull - 16);
  give(1ull << 50, 8);
  EXPECT_EQ(died(), Locks());
}

// munmap() of a size that was computed wrongly fails, and gives nothing back.
TEST_F(Freed, ASizeThatNoBlockHasIsNone) {
  use(Base + 0x7000);
  for (uint64_t Size : {UNDERLOCK_SIZE_NONE, ~0ull - 4096, ~0ull - 2})
    give(Base + 0x7000, Size);
  EXPECT_EQ(died(), Locks());
  give(Base + 0x7000, UNDERLOCK_SIZE_NONE - 1);
  EXPECT_EQ(died().front(), Base + 0x7000); // and those of the tests before
}

TEST_F(Freed, TheSizeIsAskedOfWhoKnowsIt) {
  Asked.clear();
  use(Base + 0x3000 + 60);
  use(Base + 0x3000 + 64);
  give(Base + 0x3000, UNDERLOCK_SIZE_OF_NEW); // and this one says that it does not know
  EXPECT_EQ(died(), Locks());
  give(Base + 0x3000, UNDERLOCK_SIZE_OF_MALLOC);
  EXPECT_EQ(died(), Locks{Base + 0x3000 + 60});
  ASSERT_EQ(Asked.size(), 2u);
  EXPECT_EQ(Asked[1].first, reinterpret_cast<void *>(Base + 0x3000));
}

TEST_F(Freed, NothingIsRecordedOfMemoryWithoutLocks) {
  use(Base + 0x4000);
  size_t Sites = trace().Sites.size();
  for (uint64_t I = 1; I < 1000; ++I)
    give(Base + 0x4000 + I * 8, 8);
  EXPECT_EQ(only(trace()).records().size(), 2u);
  EXPECT_EQ(trace().Sites.size(), Sites);
}

TEST_F(Freed, WhatLiesThereNextIsHeldByNobody) {
  acquire(Acquire, Base + 0x5000);
  acquire(Acquire, Base + 0x5008);
  acquire(Acquire, Base + 0x6000);
  acquire(Acquire, Base + 0x5008);
  give(Base + 0x5000, 0x100);
  EXPECT_EQ(died(), (Locks{Base + 0x5000, Base + 0x5008}));
  EXPECT_EQ(holds(Base + 0x5000), UNDERLOCK_NOT_HELD);
  EXPECT_EQ(holds(Base + 0x5008), UNDERLOCK_NOT_HELD);
  EXPECT_EQ(holds(Base + 0x6000), UNDERLOCK_HELD);
}

TEST_F(Freed, WithoutMemoryForTheSetItIsSaid) {
  MemoryLeft = false;
  use(Base - (1ull << 28));
  MemoryLeft = true;
  EXPECT_EQ(test_running->dropped, 1u);
  EXPECT_EQ(only(trace()).records().size(), 2u);
}

// ---- The clock is read at once only where nobody else can have had the lock ----

struct Owner : Freed {
  // Whether the acquisition waits before it reads the clock.
  bool waits(uint64_t Lock) { return waits(Lock, Acquire); }
  bool waits(uint64_t Lock, underlock_site &Site) {
    uint64_t Before = test_waits;
    acquire(Site, Lock);
    bool Waited = test_waits > Before;
    release(Lock);
    return Waited;
  }
  void inOther(const std::function<void()> &What) {
    std::swap(test_running, Other);
    What();
    std::swap(test_running, Other);
  }
  static const void *at(uint64_t Lock) { return reinterpret_cast<const void *>(Lock); }
  underlock_context *Other = make();
  underlock_site Shared = site(UNDERLOCK_VERB_ACQUIRE, UNDERLOCK_MODE_SHARED);
};

TEST_F(Owner, WhoHadItLastDoesNotWait) {
  uint64_t Lock = Base + 0x9000;
  EXPECT_TRUE(waits(Lock));
  EXPECT_FALSE(waits(Lock));
  inOther([&] { EXPECT_TRUE(waits(Lock)); });
  EXPECT_TRUE(waits(Lock));
  EXPECT_FALSE(waits(Lock));
  // Another lock is another one, whether or not it falls into the same cell, and no address is cut.
  for (uint64_t I = 1; I < 10000; ++I)
    EXPECT_TRUE(waits(Lock + 4 * I));
  for (unsigned Bit = 2; Bit < 64; ++Bit) {
    waits(Lock);
    EXPECT_TRUE(waits(Lock ^ 1ull << Bit)) << Bit;
  }
  for (uint64_t Odd : {1, 2, 3}) {
    waits(Lock);
    EXPECT_TRUE(waits(Lock + Odd));
  }
}

TEST_F(Owner, ReadersAreNotToldApart) {
  uint64_t Lock = Base + 0x9000;
  waits(Lock);
  EXPECT_TRUE(waits(Lock, Shared));
  EXPECT_TRUE(waits(Lock, Shared));
  EXPECT_TRUE(waits(Lock)); // another reader may have come after this one, and gone later
  EXPECT_FALSE(waits(Lock));
}

TEST_F(Owner, WhatBreaksTheChain) {
  uint64_t Lock = Base + 0x9000;
  auto Known = [&] {
    waits(Lock);
    return !waits(Lock);
  };
  EXPECT_TRUE(Known());
  inOther([&] { release(Lock); }); // handed over: the other one gives it back
  EXPECT_TRUE(waits(Lock));
  EXPECT_TRUE(Known());
  __underlock_v1_destroy(&Destroy, at(Lock));
  EXPECT_TRUE(waits(Lock));
  EXPECT_TRUE(Known());
  __underlock_v1_init(&Destroy, at(Lock));
  EXPECT_TRUE(waits(Lock));
  EXPECT_TRUE(Known());
  inOther([&] { give(Lock - 8, 64); });
  EXPECT_TRUE(waits(Lock));
  EXPECT_EQ(test_running->number & 0xfff80000, 0u);
  EXPECT_TRUE(Known());
  // A condition variable's wait: whoever had the lock meanwhile has said so.
  acquire(Acquire, Lock);
  uint64_t Before = test_waits;
  uint32_t Place = __underlock_v1_wait(&Acquire, at(Lock));
  inOther([&] { EXPECT_TRUE(waits(Lock)); });
  __underlock_v1_acquired(&Acquire, at(Lock), Place);
  EXPECT_EQ(test_waits, Before + 2);
}

TEST_F(Owner, ContextsBeyondTheBitsAlwaysWait) {
  uint64_t Lock = Base + 0x9000;
  test_running->number += 1u << 19;
  EXPECT_TRUE(waits(Lock));
  EXPECT_TRUE(waits(Lock));
  test_running->number -= 1u << 19;
  EXPECT_TRUE(waits(Lock));
  EXPECT_FALSE(waits(Lock));
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
