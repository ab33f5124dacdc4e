// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes traces: what `pack` adds to one, and whole ones made from other formats.
//
// A context's chunks are written to the stream as they fill, so that memory is bounded by what is alive; chunks of
// several contexts may come in any order. Thread-safety: none. Whether the stream took it all is the owner's to ask.
#ifndef UNDERLOCK_ANALYZER_TRACE_WRITER_H
#define UNDERLOCK_ANALYZER_TRACE_WRITER_H

#include "analyzer/replay/Events.h"
#include "analyzer/trace/Encoder.h"
#include "llvm/Support/raw_ostream.h"

namespace underlock {

// The header of a file that this writes, but for what is told: a recording of everything, without a clock of its own.
underlock_file_header newHeader(uint32_t ChunkSize, llvm::StringRef Program);
// Puts the checksum on it.
void writeHeader(underlock_file_header Header, llvm::raw_ostream &Out);

class ContextWriter {
public:
  ContextWriter(llvm::raw_ostream &Out, uint32_t ChunkSize, uint32_t Context, underlock_context_kind Kind,
                uint64_t OsId, Ticks Start);

  // The largest payload of one DEFINE record.
  static size_t largestPayload(uint32_t ChunkSize);

  // `Payload` is no larger than that.
  void define(underlock_definition What, llvm::StringRef Payload);
  // A record of a lock; times never run backwards. `At` is a place for ACQUIRED, else a site.
  void lock(underlock_record_kind Kind, Ticks Time, uint64_t Address, uint32_t At);
  void thread(Ticks Time, underlock_thread_record What, uint64_t Value);
  void exit(Ticks Time);

  // Writes the last chunk. Left open, it is that of a context that had not ended when the recording did.
  void finish(bool Open = false);

private:
  void begin();
  void makeRoom(size_t Bytes);
  void timed(underlock_record_kind Kind, Ticks Time);
  void operand(uint64_t Address);
  void writeChunk(bool Open);

  struct HeldLock {
    uint64_t Address;
    uint32_t Place;
  };
  llvm::raw_ostream &Out;
  const uint32_t ChunkSize;
  underlock_chunk_header Header{};
  Encoder Records;
  Ticks Now;
  std::vector<HeldLock> Held;
  uint64_t Slots[UNDERLOCK_LOCK_SLOTS]; // 0: empty
};

} // namespace underlock

#endif
