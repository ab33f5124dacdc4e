// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Walks over stacks, of which the runtime remembers the last one, against walks that remember nothing: random calls,
// returns, and changes that only an outer frame shows.
#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <sys/mman.h>
#include <vector>

extern "C" {
#include "stack.h"
extern uintptr_t StackLow, StackHigh; // Core.cpp: what the port says
}

namespace {

using Frames = std::vector<uint64_t>;

// What stack.h promises, written down once more in the plainest way.
Frames wholeWalk(uintptr_t Frame, uintptr_t High, uint32_t Limit) {
  Frames Out;
  for (uintptr_t At = Frame;;) {
    auto *Words = reinterpret_cast<const uintptr_t *>(At);
    if (!Words[1])
      break;
    Out.push_back(Words[1]);
    bool Goes = Words[0] > At && Words[0] <= High - 16 && Words[0] % sizeof(uintptr_t) == 0;
    if (!Goes || Out.size() >= Limit)
      break;
    At = Words[0];
  }
  return Out;
}

// A thread's stack with frames that are made up. It grows downwards, as real ones do.
class Stack {
public:
  explicit Stack(unsigned Seed) : Random(Seed), Words(4096) {
    Top = Words.size() - 8;
    for (uintptr_t &W : Words)
      W = number(3) ? 0 : uintptr_t(&Words[number(Words.size() - 1)]); // what may be taken for a frame
    Context->number = 1;
    Context->stack_low = low();
    Context->stack_high = high();
  }

  unsigned number(unsigned Most) { return std::uniform_int_distribution<unsigned>(0, Most)(Random); }
  uintptr_t low() const { return uintptr_t(Words.data()); }
  uintptr_t high() const { return uintptr_t(Words.data() + Words.size()); }

  void call() {
    size_t Frame = Top - 2 - number(4);
    if (Frame < 64)
      return;
    Words[Frame] = Calls.empty() ? end() : uintptr_t(&Words[Calls.back()]);
    Words[Frame + 1] = 0x1000 + 16 * number(5);
    if (!number(40))
      Words[Frame] = end(); // a function without a frame pointer
    Calls.push_back(Frame);
    Top = Frame;
  }
  void leave(unsigned Many) {
    for (; Many && !Calls.empty(); --Many)
      Calls.pop_back();
    Top = Calls.empty() ? Words.size() - 8 : Calls.back();
  }
  // As if all had returned and been called again, by another way and with frames of the same size.
  void change() {
    if (Calls.empty())
      return;
    size_t Frame = Calls[number(Calls.size() - 1)];
    if (number(3))
      Words[Frame + 1] = 0x1000 + 16 * number(5);
    else
      Words[Frame] = number(1) ? end() : uintptr_t(&Words[Calls.front()]);
  }
  void changeWhatIsOutside() { Words[Words.size() - 1 - number(7)] = number(2) ? 0 : 0x9000; }

  void hook() {
    size_t Before = Calls.size(), Was = Top;
    call();
    if (Calls.size() == Before)
      return leave(20);
    auto Frame = uintptr_t(&Words[Calls.back()]);
    Frames Wanted = wholeWalk(Frame, high(), underlock_frame_limit);
    uint64_t Hash = underlock_walk(Context.get(), Frame);
    underlock_walk_frames(Context.get());
    Frames Got(Context->frames, Context->frames + Context->walk_count);
    ASSERT_EQ(Got, Wanted);
    // A hash is that of one stack, and a stack has one hash.
    EXPECT_EQ(HashOf.try_emplace(Got, Hash).first->second, Hash);
    EXPECT_EQ(StackOf.try_emplace(Hash, Got).first->second, Got);
    Calls.pop_back();
    Top = Was;
  }

private:
  uintptr_t end() {
    switch (number(4)) {
    case 0:
      return 0;
    case 1:
      return low() + number(4096 * 8 - 1); // anywhere, mostly unaligned
    case 2:
      return high() - 8 * (1 + number(7));
    default:
      return uintptr_t(&Words[Words.size() - 8 + number(5)]); // a frame that returns nowhere, or to something
    }
  }

  std::mt19937 Random;
  std::vector<uintptr_t> Words;
  size_t Top;
  std::vector<size_t> Calls; // where their frames are
  std::unique_ptr<underlock_context> Context = std::make_unique<underlock_context>();
  std::map<Frames, uint64_t> HashOf;
  std::map<uint64_t, Frames> StackOf;
};

TEST(StackWalk, WhatIsRememberedIsWhatIsThere) {
  const char *Given = getenv("UNDERLOCK_SEED");
  unsigned Seed = Given ? unsigned(atol(Given)) : std::random_device()();
  printf("UNDERLOCK_SEED=%u\n", Seed);
  const uint32_t Limit = underlock_frame_limit;
  for (unsigned Round = 0; Round < 60 && !HasFatalFailure(); ++Round) {
    Stack S(Seed + Round);
    const uint32_t Limits[] = {1, 2, 5, 8, 32, UNDERLOCK_FRAMES_MAX};
    underlock_frame_limit = Limits[Round % 6];
    const unsigned Depth = Round % 3 ? 12 : 70;
    for (unsigned Step = 0; Step < 4000 && !HasFatalFailure(); ++Step) {
      unsigned What = S.number(99);
      if (What < 30)
        S.call();
      else if (What < 50)
        S.leave(1 + S.number(What < 32 ? Depth : 2));
      else if (What < 54)
        S.change();
      else if (What < 55)
        S.changeWhatIsOutside();
      else
        for (unsigned Times = S.number(3); Times-- > 0 && !HasFatalFailure();)
          S.hook();
    }
  }
  underlock_frame_limit = Limit;
}

// A fiber's stack, alone in memory: who reads beside it, or when it is gone, falls.
class Fiber {
public:
  explicit Fiber(size_t Size, void *At = nullptr)
      : Size(Size), Memory(static_cast<char *>(mmap(At, Size, PROT_READ | PROT_WRITE,
                                                    MAP_PRIVATE | MAP_ANONYMOUS | (At ? MAP_FIXED : 0), -1, 0))) {
    EXPECT_NE(static_cast<void *>(Memory), MAP_FAILED);
  }
  ~Fiber() { munmap(Memory, Size); }
  char *memory() const { return Memory; }
  void run() const {
    StackLow = uintptr_t(Memory);
    StackHigh = StackLow + Size;
  }
  // Two frames and one that returns nowhere, the innermost at `Depth` bytes from the top.
  uintptr_t call(size_t Depth) {
    auto At = [&](size_t Up) { return reinterpret_cast<uintptr_t *>(Memory + Size - Depth + Up); };
    At(0)[0] = uintptr_t(At(32));
    At(0)[1] = 0x1000;
    At(32)[0] = uintptr_t(At(64));
    At(32)[1] = 0x2000;
    At(64)[0] = At(64)[1] = 0;
    return uintptr_t(At(0));
  }

private:
  size_t Size;
  char *Memory;
};

TEST(StackWalk, AStackThatIsGoneIsNotLookedAt) {
  auto Context = std::make_unique<underlock_context>();
  Context->number = 1;
  auto Main = std::make_unique<Fiber>(65536);
  {
    Fiber Gone(65536);
    Gone.run();
    underlock_walk(Context.get(), Gone.call(128));
    EXPECT_EQ(Context->walk_count, 2u);
  }
  Main->run();
  underlock_walk(Context.get(), Main->call(256));
  EXPECT_EQ(Context->walk_count, 2u);
  StackLow = StackHigh = 0;
}

// A smaller stack where one was before: the bounds that were known are those of memory that is gone.
TEST(StackWalk, AStackThatIsMadeWhereOneWasHasItsOwnBounds) {
  auto Context = std::make_unique<underlock_context>();
  Context->number = 1;
  auto Large = std::make_unique<Fiber>(65536);
  char *At = Large->memory();
  Large->run();
  uintptr_t Frame = Large->call(65536 - 4096 + 128);
  underlock_walk(Context.get(), Frame);
  underlock_walk(Context.get(), Large->call(128));
  Large.reset();
  Fiber Small(4096, At);
  Small.run();
  ++underlock_stack_generation; // as makecontext() does
  underlock_walk(Context.get(), Small.call(128));
  EXPECT_EQ(Context->walk_count, 2u);
  EXPECT_EQ(Context->stack_high, uintptr_t(At) + 4096);
  StackLow = StackHigh = 0;
}

} // namespace
