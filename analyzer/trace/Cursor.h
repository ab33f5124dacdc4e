// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One context's records, from its first chunk to its last: decodes up to the next timed record and hands definitions
// to the Tables on the way.
//
// Nothing here trusts a byte: a record that crosses its chunk's end, a number too long, a place without definition or
// an unknown kind ends in an error that names chunk and byte. Only where the file itself is cut does the context end
// quietly, at its last complete record (TraceFile has said so).
#ifndef UNDERLOCK_ANALYZER_TRACE_CURSOR_H
#define UNDERLOCK_ANALYZER_TRACE_CURSOR_H

#include "analyzer/trace/Tables.h"
#include "analyzer/trace/TraceFile.h"

namespace underlock {

class Cursor {
public:
  // Which definitions are taken in: all, or only what other contexts may use (units and sites).
  enum class Mode { All, Shared };
  enum class Status { Timed, End, Failed };

  // A timed record. Sites are numbers of the trace still: their definition may stand in another context.
  struct Timed {
    underlock_record_kind Kind = UNDERLOCK_RECORD_NONE;
    uint8_t State = 0;
    uint8_t What = 0;
    uint32_t SiteNumber = 0;
    StackId Stack = None;
    Ticks Time = 0;
    uint64_t Lock = 0;
    uint64_t Value = 0;
    llvm::SmallVector<uint64_t, 4> Objects;
  };
  using Place = Tables::Place;

  // What stands before a timed record, or behind the last: what the context holds, where the recording says so.
  struct Prelude {
    struct Hold {
      uint64_t Lock;
      Place At;
    };
    struct Birth {
      uint64_t Lock;
      uint32_t SiteNumber, Context;
    };
    bool Snapshot = false; // what was held before is forgotten
    llvm::SmallVector<Hold, 4> Holds;
    llvm::SmallVector<Birth, 4> Births;
    bool empty() const { return !Snapshot && Holds.empty() && Births.empty(); }
    void clear() { *this = Prelude(); }
  };

  Cursor(const TraceFile &File, const TraceFile::ContextChunks &Chunks, Tables &T, Recording &R, ContextId Id, Mode M,
         llvm::raw_ostream &Errors);

  Status next();
  const Timed &head() const { return Head; }
  // Of head(), or what stands behind the last record. Empty where everything is recorded.
  const Prelude &prelude() const { return Before; }
  ContextId context() const { return Id; }
  const Chunk &lastChunk() const { return Chunks.back(); }
  size_t chunksEntered() const { return ChunkIndex; }
  // Whether the last record was one that ends a context in order.
  bool ended() const { return Ended; }
  // Tokens of threads that could not be started.
  llvm::ArrayRef<uint64_t> unborn() const { return Unborn; }
  // The run's total of lost records, where this context executed another program.
  uint64_t lostAtEnd() const { return LostAtEnd; }
  // Whether the file is cut inside this context's last chunk.
  bool cut() const { return Chunks.back().Cut; }
  const Place *findPlace(uint64_t Number) const;

  // Reports an error at the record decoded last. Returns Failed.
  Status fail(const llvm::Twine &What) const;

private:
  bool enterNextChunk();
  Status decode();
  Status decodeOperands();
  Status define();
  bool definePlace(Reader &Payload);
  bool tsanReport(Reader &Payload);
  void readHeld();
  void readBorn();
  void readLock();
  uint32_t readNumber(const char *Of);
  void readPlace();

  const TraceFile &File;
  llvm::ArrayRef<Chunk> Chunks;
  Tables &T;
  Recording &R;
  ContextId Id;
  Mode M;
  llvm::raw_ostream &Errors;

  size_t ChunkIndex = 0; // the chunk after the current one
  size_t RecordAt = 0;   // in the current chunk's records
  Reader From;
  Timed Head;
  Prelude Before;
  Ticks Now = 0;
  bool TimedInChunk = false, Ended = false;
  uint64_t LostAtEnd = 0;
  std::vector<uint64_t> Unborn;
  uint32_t Title = None; // of the next phase that begins
  std::string Problem;   // of the operand read last
  llvm::DenseMap<uint32_t, Place> Places;
  uint64_t Slots[UNDERLOCK_LOCK_SLOTS];
  uint64_t SlotsFilled[UNDERLOCK_LOCK_SLOTS / 64];
  llvm::SmallVector<uint64_t, 64> Frames; // scratch
};

} // namespace underlock

#endif
