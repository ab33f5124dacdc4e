// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A second reader of traces, for the runtime's tests: written from trace.h alone, and sharing nothing with the
// analyzer, so that a mistake made on both sides of the format does not cancel out. It throws on anything that trace.h
// forbids.
#ifndef UNDERLOCK_TESTCASES_RUNTIME_DECODE_H
#define UNDERLOCK_TESTCASES_RUNTIME_DECODE_H

#include "underlock/hooks.h"
#include "underlock/trace.h"
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace decode {

struct Record {
  unsigned Kind = 0, State = 0;
  uint64_t Time = 0;
  uint64_t Lock = 0;
  uint64_t Number = 0; // place or site
  unsigned What = 0;   // THREAD
  uint64_t Value = 0;  // THREAD, EXIT
  std::vector<uint64_t> Objects;
  bool Snapshot = false;       // distinct: one stands before it …
  std::vector<uint64_t> Holds; // … with these locks
};

struct Place {
  uint64_t Site = 0;
  std::vector<uint64_t> Frames;
};

struct Site {
  unsigned Verb = 0, Mode = 0;
  uint64_t Unit = 0, Line = 0;
  std::string Mark, File, Function, Expression, Class;
};

struct Image {
  uint64_t Start = 0, End = 0, Bias = 0;
  std::string Path, BuildId;
};

struct Chunk {
  underlock_chunk_header Header;
  std::vector<Record> Held, Timed;
};

struct Context {
  std::vector<Chunk> Chunks;
  std::map<uint64_t, Place> Places;
  std::vector<std::string> Names;
  std::vector<std::string> Titles; // of phases
  std::string Executes;

  const underlock_chunk_header &last() const { return Chunks.back().Header; }
  uint64_t lost() const { return last().lost + last().lost_here; }
  std::vector<Record> records() const {
    std::vector<Record> All;
    for (const Chunk &C : Chunks)
      All.insert(All.end(), C.Timed.begin(), C.Timed.end());
    return All;
  }
  size_t count(unsigned Kind) const {
    size_t N = 0;
    for (const Chunk &C : Chunks)
      for (const Record &R : C.Timed)
        N += R.Kind == Kind;
    return N;
  }
};

inline void require(bool Condition, const std::string &What) {
  if (!Condition)
    throw std::runtime_error(What);
}

class Bytes {
public:
  Bytes(const unsigned char *At, size_t Size) : At(At), End(At + Size) {}
  bool done() const { return At == End; }
  unsigned byte() {
    require(At != End, "a record ends beyond what is published");
    return *At++;
  }
  uint64_t varint() {
    uint64_t Value = 0;
    for (unsigned Shift = 0; Shift < 70; Shift += 7) {
      unsigned B = byte();
      Value |= uint64_t(B & 0x7f) << Shift;
      if (!(B & 0x80))
        return Value;
    }
    throw std::runtime_error("a varint of more than ten bytes");
  }
  int64_t svarint() {
    uint64_t Value = varint();
    return int64_t(Value >> 1) ^ -int64_t(Value & 1);
  }
  uint64_t word() {
    uint64_t Value = 0;
    for (unsigned I = 0; I < 8; ++I)
      Value |= uint64_t(byte()) << (8 * I);
    return Value;
  }
  Bytes part(uint64_t Size) {
    require(Size <= size_t(End - At), "a part is longer than the whole");
    Bytes Out(At, Size);
    At += Size;
    return Out;
  }
  std::string string() {
    Bytes Text = part(varint());
    return std::string(reinterpret_cast<const char *>(Text.At), Text.End - Text.At);
  }

private:
  const unsigned char *At, *End;
};

class Trace {
public:
  underlock_file_header Header;
  std::map<uint32_t, Context> Contexts;
  std::map<uint64_t, Site> Sites;
  std::map<uint64_t, std::string> Units; // id -> model
  std::vector<Image> Images;
  std::vector<std::pair<uint64_t, uint64_t>> Clocks;
  size_t FreeChunks = 0, Recycled = 0, DefinitionChunks = 0;
  uint64_t Horizon = 0; // of a ring

  static Trace read(const std::string &Path) {
    std::ifstream In(Path, std::ios::binary);
    require(In.good(), Path + " cannot be read");
    std::vector<unsigned char> Data((std::istreambuf_iterator<char>(In)), std::istreambuf_iterator<char>());
    return Trace(Data);
  }

  explicit Trace(const std::vector<unsigned char> &Data) {
    require(Data.size() >= sizeof(Header), "no header");
    std::memcpy(&Header, Data.data(), sizeof(Header));
    require(Header.magic == UNDERLOCK_FILE_MAGIC && Header.version == 4 && Header.header_size == 4096, "bad header");
    require(Header.checksum == underlock_checksum(Data.data(), 4088), "bad header checksum");
    require((Data.size() - 4096) % Header.chunk_size == 0, "the file ends inside a chunk");
    std::map<uint32_t, std::map<uint32_t, const unsigned char *>> Order;
    for (size_t At = 4096; At < Data.size(); At += Header.chunk_size) {
      underlock_chunk_header C;
      std::memcpy(&C, &Data[At], sizeof(C));
      if (!C.magic) {
        ++FreeChunks;
        continue;
      }
      Horizon = std::max(Horizon, C.dropped_until);
      require(!Horizon || Header.mode == UNDERLOCK_RECORDING_RING, "records were dropped, and this is no ring");
      if (C.magic == UNDERLOCK_CHUNK_RECYCLED) {
        Horizon = std::max(Horizon, C.ended_ticks);
        ++Recycled;
        continue;
      }
      require(C.magic == UNDERLOCK_CHUNK_MAGIC, "bad chunk magic");
      if (C.kind == UNDERLOCK_CONTEXT_DEFINITIONS)
        Definer = C.context;
      require(Order[C.context].emplace(C.sequence, &Data[At]).second, "a chunk is there twice");
    }
    if (Order.count(Definer)) { // of a process that was killed at once, there may be none
      readContext(Definer, Order[Definer]);
      require(Contexts[Definer].records().empty(), "a record among definitions");
      DefinitionChunks = Contexts[Definer].Chunks.size();
      RunPlaces = Contexts[Definer].Places;
      Contexts.erase(Definer);
      Order.erase(Definer);
    }
    for (auto &[Number, Chunks] : Order)
      readContext(Number, Chunks);
    checkNumbers();
  }

  // The one context that the test is about, by thread id.
  const Context &ofThread(uint64_t OsId) const {
    for (auto &[Number, C] : Contexts)
      if (C.last().os_id == OsId)
        return C;
    throw std::runtime_error("no context of thread " + std::to_string(OsId));
  }
  const Context &main() const { return ofThread(Header.process); }
  const Site &siteOf(const Context &C, const Record &R) const {
    bool ByPlace = R.Kind != UNDERLOCK_RECORD_RELEASED && R.Kind != UNDERLOCK_RECORD_INIT &&
                   R.Kind != UNDERLOCK_RECORD_DESTROY && R.Kind != UNDERLOCK_RECORD_PHASE_END &&
                   R.Kind != UNDERLOCK_RECORD_NAME;
    return Sites.at(ByPlace ? C.Places.at(R.Number).Site : R.Number);
  }
  size_t count(unsigned Kind) const {
    size_t N = 0;
    for (auto &[Number, C] : Contexts)
      N += C.count(Kind);
    return N;
  }
  uint64_t lost() const {
    uint64_t N = 0;
    for (auto &[Number, C] : Contexts)
      N += C.lost();
    return N;
  }

private:
  uint32_t Definer = 0;
  std::map<uint64_t, Place> RunPlaces; // where definitions are the run's

  void readContext(uint32_t Number, const std::map<uint32_t, const unsigned char *> &Chunks) {
    Context &C = Contexts[Number];
    C.Places = RunPlaces;
    uint64_t Now = 0;
    size_t First = Header.mode == UNDERLOCK_RECORDING_RING && Number != Definer ? Chunks.begin()->first : 0;
    for (auto &[Sequence, Start] : Chunks) {
      require(Sequence == First + C.Chunks.size(), "a chunk is missing");
      Chunk Out;
      std::memcpy(&Out.Header, Start, sizeof(Out.Header));
      bool Sealed = Out.Header.state == UNDERLOCK_CHUNK_SEALED;
      require(Sealed || Out.Header.state == UNDERLOCK_CHUNK_OPEN, "neither open nor sealed");
      require(Sealed || Start == Chunks.rbegin()->second, "an open chunk before the last");
      require(Out.Header.used <= Header.chunk_size - sizeof(Out.Header), "too much is used");
      if (Sealed) {
        require(Out.Header.checksum == underlock_chunk_checksum(Start, Header.chunk_size), "bad checksum");
        require(!Out.Header.waiting_lock && !Out.Header.waiting_since && !Out.Header.waiting_place,
                "sealed and waiting");
        for (size_t At = sizeof(Out.Header) + Out.Header.used; At < Header.chunk_size; ++At)
          require(!Start[At], "not zero behind the last record");
      }
      require(Out.Header.start_ticks >= Now, "a chunk begins before the one before it ends");
      Now = Out.Header.start_ticks;
      readRecords(C, Out, Bytes(Start + sizeof(Out.Header), Out.Header.used), Now);
      C.Chunks.push_back(Out);
    }
  }

  void readRecords(Context &C, Chunk &Out, Bytes From, uint64_t &Now) {
    uint64_t Slots[UNDERLOCK_LOCK_SLOTS] = {};
    std::set<unsigned> Filled;
    Record Next; // collects what stands before it
    auto Lock = [&] {
      unsigned First = From.byte();
      if (First & 0x80) {
        Slots[First & 0x7f] = From.word();
        Filled.insert(First & 0x7f);
      }
      require(Filled.count(First & 0x7f), "an empty lock slot");
      return Slots[First & 0x7f];
    };
    while (!From.done()) {
      Record R = Next;
      unsigned First = From.byte();
      R.Kind = First & 15;
      R.State = First & 0xf0;
      if (R.Kind == UNDERLOCK_RECORD_DEFINE) {
        unsigned What = From.byte();
        define(C, What, From.part(From.varint()));
        continue;
      }
      if (R.Kind == UNDERLOCK_RECORD_SNAPSHOT) {
        require(Header.mode == UNDERLOCK_RECORDING_DISTINCT, "a snapshot in another recording than a distinct one");
        Next.Snapshot = true;
        Next.Holds.clear();
        continue;
      }
      if (R.Kind == UNDERLOCK_RECORD_BORN) {
        require(R.Snapshot, "a birth outside a snapshot");
        Lock();
        require(Sites.count(From.varint()), "born at an undefined site");
        From.varint();
        continue;
      }
      require(R.Kind >= UNDERLOCK_RECORD_ACQUIRED && R.Kind <= UNDERLOCK_RECORD_NAME, "no such kind of record");
      if (R.Kind != UNDERLOCK_RECORD_HELD)
        R.Time = Now += From.varint();
      bool HasLock = R.Kind <= UNDERLOCK_RECORD_FAILED || R.Kind == UNDERLOCK_RECORD_INIT ||
                     R.Kind == UNDERLOCK_RECORD_DESTROY || R.Kind == UNDERLOCK_RECORD_HELD ||
                     R.Kind == UNDERLOCK_RECORD_NAME;
      if (HasLock)
        R.Lock = Lock();
      if (R.Kind == UNDERLOCK_RECORD_THREAD)
        R.What = From.byte();
      if (R.Kind == UNDERLOCK_RECORD_THREAD || R.Kind == UNDERLOCK_RECORD_EXIT)
        R.Value = From.varint();
      else
        R.Number = From.varint();
      if (R.Kind == UNDERLOCK_RECORD_EVENT)
        for (uint64_t Count = From.varint(); Count; --Count)
          R.Objects.push_back(From.varint());
      bool UsesPlace = R.Kind == UNDERLOCK_RECORD_ACQUIRED || R.Kind == UNDERLOCK_RECORD_FAILED ||
                       R.Kind == UNDERLOCK_RECORD_EVENT || R.Kind == UNDERLOCK_RECORD_PHASE_BEGIN ||
                       R.Kind == UNDERLOCK_RECORD_HELD;
      require(!UsesPlace || C.Places.count(R.Number), "a place is used before its definition");
      require(R.Kind != UNDERLOCK_RECORD_HELD || R.Snapshot || Out.Timed.empty(), "HELD behind other records");
      if (R.Kind == UNDERLOCK_RECORD_HELD && R.Snapshot) {
        Next.Holds.push_back(R.Lock);
        continue;
      }
      if (R.Kind != UNDERLOCK_RECORD_HELD)
        Next = Record();
      (R.Kind == UNDERLOCK_RECORD_HELD ? Out.Held : Out.Timed).push_back(R);
    }
  }

  void define(Context &C, unsigned What, Bytes P) {
    if (What == UNDERLOCK_DEFINE_PLACE) {
      uint64_t Id = P.varint();
      Place New;
      New.Site = P.varint();
      uint64_t Count = P.varint();
      require(Count <= Header.frame_limit, "more frames than the header allows");
      while (New.Frames.size() < Count)
        New.Frames.push_back(New.Frames.empty() ? P.word() : New.Frames.back() + uint64_t(P.svarint()));
      C.Places[Id] = New;
    } else if (What == UNDERLOCK_DEFINE_SITE) {
      uint64_t Id = P.varint();
      Site S;
      S.Unit = P.varint();
      S.Verb = P.byte();
      S.Mode = P.byte();
      P.byte();
      S.Line = P.varint();
      P.varint();
      for (std::string *Text : {&S.Mark, &S.File, &S.Function, &S.Expression, &S.Class})
        *Text = P.string();
      require(Sites.emplace(Id, S).second, "a site number is given twice");
    } else if (What == UNDERLOCK_DEFINE_UNIT) {
      uint64_t Id = P.varint();
      P.word();
      Units[Id] = P.string();
      P.string();
    } else if (What == UNDERLOCK_DEFINE_IMAGE) {
      Image I;
      I.Start = P.word();
      I.End = P.word();
      I.Bias = P.word();
      I.Path = P.string();
      I.BuildId = P.string();
      Images.push_back(I);
    } else if (What == UNDERLOCK_DEFINE_CONTEXT) {
      require(!Contexts.count(Definer) || &C != &Contexts[Definer], "a context's name among the run's definitions");
      C.Names.push_back(P.string());
    } else if (What == UNDERLOCK_DEFINE_CLOCK) {
      uint64_t Ticks = P.word();
      Clocks.push_back({Ticks, P.word()});
    } else if (What == UNDERLOCK_DEFINE_EXEC) {
      P.varint();
      C.Executes = P.string();
    } else if (What == UNDERLOCK_DEFINE_UNBORN) {
      P.varint();
    } else if (What == UNDERLOCK_DEFINE_TSAN) {
      return; // testcases/tsan reads them
    } else if (What == UNDERLOCK_DEFINE_TITLE) {
      C.Titles.push_back(P.string());
    } else {
      throw std::runtime_error("an unknown definition");
    }
    require(P.done(), "a definition with bytes left over");
  }

  // What is used is defined, in whatever context.
  void checkNumbers() const {
    for (auto &[Number, C] : Contexts) {
      for (auto &[Id, P] : C.Places)
        require(Sites.count(P.Site), "a place of an undefined site");
      for (const Chunk &Part : C.Chunks)
        for (const Record &R : Part.Timed)
          if (R.Kind != UNDERLOCK_RECORD_THREAD && R.Kind != UNDERLOCK_RECORD_EXIT)
            siteOf(C, R);
    }
    for (auto &[Id, S] : Sites)
      require(Units.count(S.Unit), "a site of an undefined unit");
  }
};

} // namespace decode

#endif
