// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finding a trace inside an image of memory: how a kernel's recording is fetched from outside the guest.
#ifndef UNDERLOCK_ANALYZER_TRACE_EXTRACT_H
#define UNDERLOCK_ANALYZER_TRACE_EXTRACT_H

#include "llvm/ADT/ArrayRef.h"
#include <optional>

namespace underlock {

// Where a trace lies in an image: its header, and the chunks that have been used.
struct Extent {
  uint64_t Offset = 0; // of the header, a multiple of the page size
  uint64_t Size = 0;   // of the header and all whole chunks up to the last used one
  uint64_t Chunks = 0;
};

// The trace with the most chunks in the image: memory may hold stale copies of a header. Nothing when there is none.
// Chunks are handed out in order and the header does not say how many there are, so the trace ends where they do.
std::optional<Extent> findTrace(llvm::ArrayRef<uint8_t> Image);

} // namespace underlock

#endif
