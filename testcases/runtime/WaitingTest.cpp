// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a context waits for, noted while it waits, and when such a note is over.
#include "Core.h"

using namespace underlock::test;

namespace {

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
  }
  ();
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
  std::function<void()> Hooks[] = {
      [&] { __underlock_v1_release(&Release, &Other); }, [&] { __underlock_v1_try(&Try, &Other); },
      [&] { __underlock_v1_signal(&Signal, &Other); },   [&] { __underlock_v1_init(&Init, &Other); },
      [&] { __underlock_v1_destroy(&Destroy, &Other); }, [&] { __underlock_v1_event(&Event, 0, 0, 0, 0, 0); }};
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
  }
  ();
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

} // namespace
