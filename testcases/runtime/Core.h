// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The core alone, on a port made for tests (Core.cpp): what tests turn in the port, and a run with one context.
#ifndef UNDERLOCK_TESTCASES_RUNTIME_CORE_H
#define UNDERLOCK_TESTCASES_RUNTIME_CORE_H

#include "Decode.h"
#include <functional>
#include <gtest/gtest.h>
#include <memory>

extern "C" {
#include "context.h"
#include "underlock/underlock.h"
// Stacks of one frame: unknown but for the one that a test makes.
extern uintptr_t StackLow, StackHigh;
}

namespace underlock::test {

extern std::vector<std::unique_ptr<unsigned char[]>> Chunks;
extern size_t ChunksLeft;
extern std::function<void()> InChunkNew;
extern bool StackIsOwn, MemoryLeft;
extern std::vector<std::pair<const void *, uint64_t>> Asked; // whose block is how large

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

} // namespace underlock::test

#endif
