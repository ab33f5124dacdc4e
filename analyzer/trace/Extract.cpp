// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Looks for a trace in an image of memory.
#include "analyzer/trace/Extract.h"
#include "analyzer/trace/TraceFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"

using namespace underlock;
using llvm::ArrayRef;

static constexpr uint64_t PageSize = 4096;
// A processor may have been stopped between taking a chunk and giving it its magic, while others went on: so many
// chunks without magic may lie between two that are used.
static constexpr uint64_t ChunksInTheMaking = 64;

static bool isHeader(ArrayRef<uint8_t> Page, uint32_t &ChunkSize) {
  if (!TraceFile::begins(llvm::toStringRef(Page)))
    return false;
  const size_t Checksum = offsetof(underlock_file_header, checksum);
  if (llvm::support::endian::read64le(Page.data() + Checksum) != underlock_checksum(Page.data(), Checksum))
    return false;
  ChunkSize = llvm::support::endian::read32le(Page.data() + offsetof(underlock_file_header, chunk_size));
  return ChunkSize >= PageSize;
}

static uint64_t countChunks(ArrayRef<uint8_t> Pool, uint32_t ChunkSize) {
  uint64_t Used = 0;
  for (uint64_t I = 0; (I + 1) * ChunkSize <= Pool.size() && I <= Used + ChunksInTheMaking; ++I)
    if (llvm::support::endian::read32le(Pool.data() + I * ChunkSize) == UNDERLOCK_CHUNK_MAGIC)
      Used = I + 1;
  return Used;
}

std::optional<Extent> underlock::findTrace(ArrayRef<uint8_t> Image) {
  std::optional<Extent> Best;
  for (uint64_t At = 0; At + UNDERLOCK_HEADER_SIZE <= Image.size(); At += PageSize) {
    uint32_t ChunkSize;
    if (!isHeader(Image.slice(At, UNDERLOCK_HEADER_SIZE), ChunkSize))
      continue;
    uint64_t Chunks = countChunks(Image.drop_front(At + UNDERLOCK_HEADER_SIZE), ChunkSize);
    if (!Best || Chunks > Best->Chunks)
      Best = Extent{At, UNDERLOCK_HEADER_SIZE + Chunks * ChunkSize, Chunks};
  }
  return Best;
}
