// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A port made for tests: chunks come from the heap, the clock and what is known of stacks are what a test says.
#include "Core.h"

namespace underlock::test {
std::vector<std::unique_ptr<unsigned char[]>> Chunks;
size_t ChunksLeft = ~size_t(0);
std::function<void()> InChunkNew;
bool StackIsOwn, MemoryLeft = true;
std::vector<std::pair<const void *, uint64_t>> Asked;
} // namespace underlock::test

using namespace underlock::test;

extern "C" {
struct underlock_context *test_running;
uint64_t test_clock, test_waits;
uint8_t test_state;
int test_pinned;
uintptr_t StackLow, StackHigh;

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
void underlock_port_stack(struct underlock_context *C, uintptr_t Frame) {
  if (Frame < StackLow || Frame >= StackHigh)
    return;
  C->stack_low = StackLow;
  C->stack_high = StackHigh;
  C->stack_is_own = StackIsOwn;
}
void underlock_port_new_stack(struct underlock_context *, uint32_t) {}
void *underlock_port_memory(size_t Size) { return MemoryLeft ? calloc(1, Size) : nullptr; }
void underlock_port_memory_back(void *Memory, size_t) { free(Memory); }
uint64_t underlock_port_block_size(const void *Memory, uint64_t Who) {
  Asked.push_back({Memory, Who});
  return Who == UNDERLOCK_SIZE_OF_MALLOC ? 64 : 0;
}
}
