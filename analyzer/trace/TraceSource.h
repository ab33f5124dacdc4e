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
#include <optional>

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
  struct Head {
    Ticks Time;
    uint32_t Slot;      // of Running
    bool After = false; // releases go first among equal times
    bool operator<(const Head &O) const {
      return Time != O.Time ? Time < O.Time : After != O.After ? After < O.After : Slot < O.Slot;
    }
  };
  bool startContexts();
  bool advance(size_t HeapIndex);
  void siftDown(size_t Index);
  void siftUp(size_t Index);
  bool contextEnded(Cursor &C);
  bool resolveSite(const Cursor &C, uint32_t Number, SiteId &Out);
  bool readAllDefinitions();
  void endOfRecording();
  void remark(Remark::Kind Level, const llvm::Twine &Text) { R.Remarks.push_back({Level, Text.str()}); }

  const TraceFile &File;
  Recording &R;
  llvm::raw_ostream &Errors;
  Tables Names;
  std::vector<std::unique_ptr<Cursor>> Running; // null: a slot that is free
  std::vector<uint32_t> FreeSlots;
  std::vector<Head> Heap;
  size_t NextContext = 0; // of File.contexts(): the first that has not begun
  std::vector<Waiting> StillWaiting;
  std::optional<uint64_t> LostAtExit;
  uint64_t Decoded = 0; // bytes since pages were last released
  unsigned CutContexts = 0;   // whose last chunk is full and has no successor
  llvm::DenseSet<uint64_t> Forked; // tokens whose child has not started
  bool AllDefinitionsRead = false, Failed = false, Done = false;
};

} // namespace underlock

#endif
