// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes traces for tests, byte by byte, from the description in runtime/include/underlock/trace.h and from nothing
// else: neither the runtime's encoder nor the analyzer's structs are used, so that both are tested against the page and
// not against each other. It writes what it is told, nonsense too.
#ifndef UNDERLOCK_TESTCASES_UNIT_TRACEWRITER_H
#define UNDERLOCK_TESTCASES_UNIT_TRACEWRITER_H

#include <cstdint>
#include <cstring>
#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>

namespace underlock::test {

// Little-endian numbers, varints, strings.
struct Bytes {
  std::string Data;

  Bytes &u8(uint64_t V) { return number(V, 1); }
  Bytes &u32(uint64_t V) { return number(V, 4); }
  Bytes &u64(uint64_t V) { return number(V, 8); }
  Bytes &varint(uint64_t V) {
    for (; V >= 0x80; V >>= 7)
      u8((V & 0x7f) | 0x80);
    return u8(V);
  }
  Bytes &svarint(int64_t V) { return varint((uint64_t(V) << 1) ^ uint64_t(V >> 63)); }
  Bytes &string(std::string_view S) {
    varint(S.size());
    Data.append(S);
    return *this;
  }
  Bytes &raw(std::string_view S) {
    Data.append(S);
    return *this;
  }

private:
  Bytes &number(uint64_t V, unsigned Size) {
    for (unsigned I = 0; I < Size; ++I)
      Data.push_back(char(V >> (8 * I)));
    return *this;
  }
};

inline void putNumber(std::string &Data, size_t At, uint64_t V, unsigned Size) {
  for (unsigned I = 0; I < Size; ++I)
    Data[At + I] = char(V >> (8 * I));
}

// The checksum as the page describes it: FNV-1a over words of 64 bits.
inline uint64_t wordChecksum(std::string_view Data) {
  uint64_t State = 0xcbf29ce484222325u;
  for (size_t At = 0; At + 8 <= Data.size(); At += 8) {
    uint64_t Word = 0;
    for (unsigned I = 0; I < 8; ++I)
      Word |= uint64_t(uint8_t(Data[At + I])) << (8 * I);
    State = (State ^ Word) * 0x100000001b3u;
  }
  return State;
}

// The values the page gives to kinds and verbs, written out again.
enum : uint8_t {
  Acquired = 1,
  Released,
  Failed,
  Event,
  PhaseBegin,
  PhaseEnd,
  Init,
  Destroy,
  Thread,
  Held,
  Define,
  Exit,
  Born,
  Snapshot,
  Name,
};
enum : uint32_t { Everything, Ring, Distinct };
enum : uint32_t { Definitions = 7 }; // a context's kind
enum : uint8_t {
  DefineSite = 1,
  DefinePlace,
  DefineUnit,
  DefineImage,
  DefineContext,
  DefineClock,
  DefineTsan = 11,
  DefineTitle
};
enum : uint8_t { Fork = 1, Start, Join, End };
enum : uint8_t {
  VerbAcquire = 1,
  VerbTry,
  VerbRelease,
  VerbInit,
  VerbDestroy,
  VerbEvent,
  VerbPhaseBegin,
  VerbPhaseEnd,
  VerbWait,
  VerbFree = 13
};

struct SiteText {
  uint8_t Verb = VerbAcquire;
  uint8_t Mode = 0;
  std::string Mark = "mutex", File = "a.c", Function = "f", Expression = "&m", Class = "m";
  uint32_t Line = 1;
};

class ChunkWriter {
public:
  uint32_t Context = 1, Sequence = 0, Kind = 1;
  uint64_t OsId = 100, StartTicks = 1000, Lost = 0, LostHere = 0;
  uint64_t WaitingLock = 0, WaitingSince = 0;
  uint32_t WaitingPlace = 0;
  uint64_t EndedTicks = 0, DroppedUntil = 0;
  uint32_t Magic = 0x4b434c55;
  bool Sealed = true;
  Bytes Records;

  // Locks are written with their address each time, in a slot of their own choice; slot() writes a reference instead.
  ChunkWriter &lockRecord(uint8_t What, uint64_t Dt, uint64_t Lock, uint64_t PlaceOrSite, uint8_t Slot = 0) {
    Records.u8(What).varint(Dt).u8(0x80 | Slot).u64(Lock).varint(PlaceOrSite);
    return *this;
  }
  ChunkWriter &slotRecord(uint8_t What, uint64_t Dt, uint8_t Slot, uint64_t PlaceOrSite) {
    Records.u8(What).varint(Dt).u8(Slot).varint(PlaceOrSite);
    return *this;
  }
  ChunkWriter &event(uint64_t Dt, uint64_t Place, std::initializer_list<uint64_t> Objects) {
    Records.u8(Event).varint(Dt).varint(Place).varint(Objects.size());
    for (uint64_t O : Objects)
      Records.varint(O);
    return *this;
  }
  ChunkWriter &thread(uint64_t Dt, uint8_t What, uint64_t Token) {
    Records.u8(Thread).varint(Dt).u8(What).varint(Token);
    return *this;
  }
  ChunkWriter &exit(uint64_t Dt, uint64_t LostInAll = 0) {
    Records.u8(Exit).varint(Dt).varint(LostInAll);
    return *this;
  }
  ChunkWriter &define(uint8_t What, const Bytes &Payload) {
    Records.u8(Define).u8(What).string(Payload.Data);
    return *this;
  }
  ChunkWriter &unit(uint64_t Id, uint64_t Hash, std::string_view Model = "test", std::string_view Source = "a.c") {
    return define(DefineUnit, Bytes().varint(Id).u64(Hash).string(Model).string(Source));
  }
  ChunkWriter &site(uint64_t Id, const SiteText &S, uint64_t Unit = 1) {
    return define(DefineSite, Bytes()
                                  .varint(Id)
                                  .varint(Unit)
                                  .u8(S.Verb)
                                  .u8(S.Mode)
                                  .u8(0)
                                  .varint(S.Line)
                                  .varint(1)
                                  .string(S.Mark)
                                  .string(S.File)
                                  .string(S.Function)
                                  .string(S.Expression)
                                  .string(S.Class));
  }
  ChunkWriter &place(uint64_t Id, uint64_t Site, std::initializer_list<uint64_t> Frames) {
    Bytes Payload;
    Payload.varint(Id).varint(Site).varint(Frames.size());
    uint64_t Previous = 0;
    bool First = true;
    for (uint64_t F : Frames) {
      if (First)
        Payload.u64(F);
      else
        Payload.svarint(int64_t(F - Previous));
      Previous = F;
      First = false;
    }
    return define(DefinePlace, Payload);
  }

  std::string finish(uint32_t Size) const {
    Bytes B;
    B.u32(Magic).u32(Context).raw(Sealed ? "!sealed!" : ".open...").u64(0).u32(Sequence).u32(Kind);
    B.u64(OsId).u64(StartTicks).u64(Lost).u64(LostHere).u64(WaitingLock).u64(WaitingSince).u32(WaitingPlace);
    B.u32(Records.Data.size()).u64(EndedTicks).u64(DroppedUntil);
    B.Data.resize(128);
    B.raw(Records.Data);
    B.Data.resize(Size);
    if (Sealed)
      seal(B.Data);
    return B.Data;
  }

  // Puts the right checksum on a chunk, whatever is in it.
  static void seal(std::string &Chunk) {
    putNumber(Chunk, 16, 0, 8);
    putNumber(Chunk, 16, wordChecksum(Chunk), 8);
  }
};

class TraceWriter {
public:
  uint32_t Mode = Everything, RingChunks = 0;
  uint32_t Version = 3, HeaderSize = 4096, ChunkSize = 4096, Platform = 1, FrameLimit = 32;
  uint64_t StartTicks = 1000, TicksPerSecond = 1000000000;
  std::string Program = "a.out";
  std::deque<ChunkWriter> Chunks; // stay where they are when one is added

  ChunkWriter &chunk(uint32_t Context = 1, uint32_t Sequence = 0) {
    Chunks.emplace_back();
    Chunks.back().Context = Context;
    Chunks.back().Sequence = Sequence;
    Chunks.back().OsId = 100 + Context;
    return Chunks.back();
  }

  std::string header() const {
    Bytes B;
    B.raw("UNDRLOCK").u32(Version).u32(HeaderSize).u32(ChunkSize).u32(Platform).u32(62).u32(FrameLimit);
    B.u64(100).u64(StartTicks).u64(0).u64(TicksPerSecond).raw(Program);
    B.Data.resize(64 + 1024);
    B.u32(Mode).u32(RingChunks);
    B.Data.resize(4096);
    sealHeader(B.Data);
    return B.Data;
  }
  static void sealHeader(std::string &Data) {
    putNumber(Data, 4088, wordChecksum(std::string_view(Data).substr(0, 4088)), 8);
  }

  std::string finish() const {
    std::string Out = header();
    for (const ChunkWriter &C : Chunks)
      Out += C.finish(ChunkSize);
    return Out;
  }
};

} // namespace underlock::test

#endif
