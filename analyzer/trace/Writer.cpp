// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Records into chunks, chunks onto a stream.
#include "analyzer/trace/Writer.h"
#include "llvm/ADT/STLExtras.h"
#include <cstring>

using namespace underlock;

underlock_file_header underlock::newHeader(uint32_t ChunkSize, llvm::StringRef Program) {
  underlock_file_header H{};
  H.magic = UNDERLOCK_FILE_MAGIC;
  H.version = UNDERLOCK_TRACE_VERSION;
  H.header_size = UNDERLOCK_HEADER_SIZE;
  H.chunk_size = ChunkSize;
  H.platform = UNDERLOCK_PLATFORM_POSIX;
  H.mode = UNDERLOCK_RECORDING_EVERYTHING;
  Program = Program.take_front(UNDERLOCK_PROGRAM_SIZE - 1);
  std::memcpy(H.program, Program.data(), Program.size());
  return H;
}

void underlock::writeHeader(underlock_file_header Header, llvm::raw_ostream &Out) {
  Header.checksum = underlock_checksum(&Header, offsetof(underlock_file_header, checksum));
  Out.write(reinterpret_cast<const char *>(&Header), sizeof(Header));
}

// ---- Chunks ----

// Kind, what and size stand before a payload.
static constexpr size_t DefineOverhead = 2 + 10;
// Kind and state, time, lock, place.
static constexpr size_t LargestTimed = 1 + 10 + 9 + 10;

ContextWriter::ContextWriter(llvm::raw_ostream &Out, uint32_t ChunkSize, uint32_t Context, underlock_context_kind Kind,
                             uint64_t OsId, Ticks Start)
    : Out(Out), ChunkSize(ChunkSize), Now(Start) {
  Header.magic = UNDERLOCK_CHUNK_MAGIC;
  Header.context = Context;
  Header.kind = Kind;
  Header.os_id = OsId;
  begin();
}

// What is held when a chunk begins takes half of it at most (see begin()).
size_t ContextWriter::largestPayload(uint32_t ChunkSize) {
  return (ChunkSize - sizeof(underlock_chunk_header)) / 2 - DefineOverhead;
}

void ContextWriter::begin() {
  Header.start_ticks = Now;
  Records.clear();
  std::memset(Slots, 0, sizeof(Slots));
  // Nobody holds so many that this matters but who makes up a trace; a chunk has to have room for records too.
  for (const HeldLock &H : Held) {
    if (Records.size() + LargestTimed > (ChunkSize - sizeof(Header)) / 2)
      break;
    Records.byte(UNDERLOCK_RECORD_HELD);
    operand(H.Address);
    Records.varint(H.Place);
  }
}

void ContextWriter::writeChunk(bool Open) {
  std::string Chunk(ChunkSize, '\0');
  Header.state = Open ? UNDERLOCK_CHUNK_OPEN : UNDERLOCK_CHUNK_SEALED;
  Header.used = Records.size();
  Header.ended_ticks = Open ? 0 : Now;
  Header.checksum = 0;
  llvm::copy(Records.data(), Chunk.begin() + sizeof(Header));
  std::memcpy(Chunk.data(), &Header, sizeof(Header));
  if (!Open) {
    Header.checksum = underlock_chunk_checksum(Chunk.data(), Chunk.size());
    std::memcpy(Chunk.data(), &Header, sizeof(Header));
  }
  Out << Chunk;
}

void ContextWriter::makeRoom(size_t Bytes) {
  if (sizeof(Header) + Records.size() + Bytes <= ChunkSize)
    return;
  writeChunk(/*Open=*/false);
  ++Header.sequence;
  begin();
}

void ContextWriter::finish(bool Open) { writeChunk(Open); }

// ---- Records ----

void ContextWriter::define(underlock_definition What, llvm::StringRef Payload) {
  makeRoom(Payload.size() + DefineOverhead);
  Records.byte(UNDERLOCK_RECORD_DEFINE).byte(What).string(Payload);
}

void ContextWriter::timed(underlock_record_kind Kind, Ticks Time) {
  makeRoom(LargestTimed);
  Records.byte(Kind).varint(Time - Now);
  Now = Time;
}

void ContextWriter::operand(uint64_t Address) {
  uint8_t Slot = (Address >> 6) % UNDERLOCK_LOCK_SLOTS;
  if (Slots[Slot] == Address) {
    Records.byte(Slot);
    return;
  }
  Slots[Slot] = Address;
  Records.byte(0x80 | Slot).word(Address);
}

void ContextWriter::lock(underlock_record_kind Kind, Ticks Time, uint64_t Address, uint32_t At) {
  timed(Kind, Time);
  operand(Address);
  Records.varint(At);
  if (Kind == UNDERLOCK_RECORD_ACQUIRED)
    Held.push_back({Address, At});
  if (Kind != UNDERLOCK_RECORD_RELEASED)
    return;
  for (size_t I = Held.size(); I-- > 0;)
    if (Held[I].Address == Address) {
      Held.erase(Held.begin() + I);
      return;
    }
}

void ContextWriter::thread(Ticks Time, underlock_thread_record What, uint64_t Value) {
  timed(UNDERLOCK_RECORD_THREAD, Time);
  Records.byte(What).varint(Value);
}

void ContextWriter::exit(Ticks Time) {
  timed(UNDERLOCK_RECORD_EXIT, Time);
  Records.varint(0);
}
