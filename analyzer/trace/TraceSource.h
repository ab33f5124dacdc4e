// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the chunks of a trace to records in one order of time, with the tables of the Recording filled on the way.
//
// Contexts are merged with a heap; of each, one timed record is decoded ahead, which is what makes definitions precede
// their uses (trace.h, "place"). A context's cursor exists from its first chunk's start to its last record, so memory
// follows what is alive in the recording and not its length.
//
// Thread-safety: none. Errors go to the stream given, name file, chunk and byte, and make next() return Failed.
#ifndef UNDERLOCK_ANALYZER_TRACE_TRACESOURCE_H
#define UNDERLOCK_ANALYZER_TRACE_TRACESOURCE_H

#include "analyzer/replay/Replay.h"
#include "analyzer/trace/Cursor.h"
#include "analyzer/trace/Tables.h"
#include "analyzer/trace/TraceFile.h"
#include "llvm/ADT/DenseSet.h"
#include <tuple>

namespace underlock {

class TraceSource : public Source {
public:
  // `File`, `R` and `Errors` outlive this. Facts of the file's header and its remarks are in R from here on.
  TraceSource(const TraceFile &File, Recording &R, llvm::raw_ostream &Errors);
  Status next(Record &Out) override;
  const std::vector<Waiting> &waiting() const override { return StillWaiting; }

  // Whether any marked place was run. If not, the recording proves nothing. Valid after End.
  bool instrumented() const { return Names.sites() > 0; }

private:
  // A running context's next record, for the heap.
  struct Head {
    Ticks Time;
    uint32_t Slot; // of Running
    bool After;    // releases go first among equal times
    bool operator<(const Head &O) const { return std::tie(Time, After, Slot) < std::tie(O.Time, O.After, O.Slot); }
  };
  bool startContexts();
  bool start(const TraceFile::ContextChunks &Chunks);
  bool readDefinitions(const TraceFile::ContextChunks &Chunks);
  bool advance();
  bool contextEnded(const Cursor &C);
  Head headOf(uint32_t Slot) const;
  void siftDown(size_t Index);
  void siftUp(size_t Index);
  bool resolveSite(const Cursor &C, uint32_t Number, SiteId &Out);
  bool take(const Cursor &C, Record &Out);
  bool takePrelude(const Cursor &C);
  bool queue(const Cursor &C, underlock_record_kind Kind, uint64_t Lock, uint32_t SiteNumber, StackId Stack,
             uint64_t Value);
  bool readAllDefinitions();
  bool endOfRecording();
  void sayHowItEnded();
  void remark(Remark::Kind Level, const llvm::Twine &Text) { R.Remarks.push_back({Level, Text.str()}); }

  // A context that waits in its last chunk; its site may be defined in a context that is read later.
  struct PendingWait {
    Waiting Wait;
    uint32_t SiteNumber;
  };

  const TraceFile &File;
  Recording &R;
  llvm::raw_ostream &Errors;
  Tables Names;
  std::vector<std::unique_ptr<Cursor>> Running; // null: a free slot
  std::vector<uint32_t> FreeSlots;
  std::vector<Head> Heap;
  size_t NextContext = 0;                         // of File.contexts(): the first that has not begun
  std::vector<Record> Queue;                      // what goes out before the next record of the heap
  size_t Queued = 0;                              // of these, how many have
  llvm::DenseMap<uint32_t, ContextId> IdByNumber; // contexts that have begun
  std::vector<Waiting> StillWaiting;
  std::vector<PendingWait> Pending;
  llvm::DenseSet<uint64_t> Forked; // tokens whose child has not started
  uint64_t LostAtExit = 0;
  uint64_t ChunksSinceRelease = 0;
  unsigned CutContexts = 0; // contexts whose last chunk is sealed, and which did not end in it
  bool Exited = false, AllDefinitionsRead = false, Failed = false, Done = false;
};

} // namespace underlock

#endif
