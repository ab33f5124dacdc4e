// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A trace in few bytes, for mutation: blocks of context, flags, start and length, then records. A whole trace is made of
// it with all checksums right, so that what is fuzzed is the decoder and all behind it, and not the checksum.
#ifndef UNDERLOCK_TESTCASES_FUZZ_COMPACT_H
#define UNDERLOCK_TESTCASES_FUZZ_COMPACT_H

#include "testcases/badinput/Traces.h"
#include <map>

namespace underlock::test {

enum : uint8_t { BlockSealed = 1, BlockDefines = 2, BlockWaits = 4 };

inline void appendBlock(std::string &Out, uint8_t Context, uint8_t Flags, uint16_t Start, const std::string &Records) {
  Out += Bytes().u8(Context).u8(Flags).u8(Start).u8(Start >> 8).u8(Records.size()).u8(Records.size() >> 8).raw(Records).Data;
}

inline std::string expand(const uint8_t *Data, size_t Size) {
  TraceWriter W;
  W.ChunkSize = 8192;
  std::map<uint32_t, uint32_t> Sequences;
  const uint64_t Hash = smallModel().marksHash();
  size_t Length;
  for (size_t At = 0; At + 6 <= Size; At += Length) {
    uint32_t Context = (Data[At] & 7) + 1;
    ChunkWriter &C = W.chunk(Context, Sequences[Context]++);
    C.Kind = (Context - 1) % 6 + 1;
    uint8_t Flags = Data[At + 1];
    C.Sealed = Flags & BlockSealed;
    C.StartTicks = 1000 + (Data[At + 2] | Data[At + 3] << 8);
    Length = Data[At + 4] | Data[At + 5] << 8;
    At += 6;
    Length = std::min({Length, Size - At, size_t(4096)});
    if (Flags & BlockDefines)
      defineAll(C, Hash);
    if ((Flags & BlockWaits) && !C.Sealed) {
      C.WaitingLock = 0x7000 + 0x40 * (Flags >> 6);
      C.WaitingSince = C.StartTicks;
      C.WaitingPlace = 1;
    }
    C.Records.raw({reinterpret_cast<const char *>(Data) + At, Length});
  }
  return W.finish();
}

} // namespace underlock::test

#endif
