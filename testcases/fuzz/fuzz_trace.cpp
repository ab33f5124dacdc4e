// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whole files: header, chunks, cuts. The input is tried as it is, and once more with its checksums put right, which a
// mutation never gets right by itself.
#include "testcases/badinput/Traces.h"

using namespace underlock::test;

static uint32_t chunkSize(const std::string &Trace) {
  uint32_t Size = 0;
  for (unsigned I = 0; I < 4; ++I)
    Size |= uint32_t(uint8_t(Trace[16 + I])) << (8 * I);
  return Size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *Data, size_t Size) {
  std::string Trace(reinterpret_cast<const char *>(Data), Size);
  judge(Trace);
  if (Size < 4096)
    return 0;
  TraceWriter::sealHeader(Trace);
  uint32_t Each = chunkSize(Trace);
  if (Each < 128 || Each % 8)
    Each = 4096;
  for (size_t At = 4096; At + Each <= Trace.size(); At += Each) {
    std::string Chunk = Trace.substr(At, Each);
    if (Chunk.compare(8, 8, "!sealed!") != 0)
      continue;
    ChunkWriter::seal(Chunk);
    Trace.replace(At, Each, Chunk);
  }
  judge(Trace);
  return 0;
}
