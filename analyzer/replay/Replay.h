// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Replay: from records, merged by time, to the events of Events.h.
//
// Source ── records ──> Replay ── events with held sets ──> Observers
#ifndef UNDERLOCK_ANALYZER_REPLAY_REPLAY_H
#define UNDERLOCK_ANALYZER_REPLAY_REPLAY_H

#include "analyzer/replay/Recording.h"

namespace underlock {

// One timed record, its operands resolved: addresses for locks, indices into the Recording's tables for the rest. A
// report of ThreadSanitizer, which is a DEFINE, is one too: its Value is an index.
struct Record {
  underlock_record_kind Kind = UNDERLOCK_RECORD_NONE;
  uint8_t State = 0;
  Ticks Time = 0;
  ContextId Context = None;
  uint64_t Lock = 0;    // lock records
  SiteId Site = None;   // all but THREAD and EXIT
  StackId Stack = None; // where the record has a place
  uint8_t What = 0;     // THREAD: enum underlock_thread_record
  // THREAD: token. BORN: the creator's ContextId, or None. PHASE_BEGIN: an index into the Recording's Titles, or None
  uint64_t Value = 0;
  llvm::SmallVector<uint64_t, 4> Objects; // EVENT
  // It tells what the state is and is not to be judged: it stands before a ring's horizon. Beside timed records there
  // are HELD, SNAPSHOT and BORN, which never are.
  bool Quiet = false;
};

// What a context waited for when the recording ended.
struct Waiting {
  ContextId Context = None;
  uint64_t Lock = 0;
  PlaceRef Place;
  Ticks Since = 0;
};

// Where records come from: a trace file, several, or a test's text. It appends to the Recording's Sites, Stacks,
// Contexts and Images as definitions come by; a record's indices are valid when next() returns it.
class Source {
public:
  enum class Status { Record, End, Failed };
  virtual ~Source() = default;
  // The next record in order of time (equal times: releases first). Failed: the error has been reported to the user.
  virtual Status next(Record &Out) = 0;
  // Valid after End.
  virtual const std::vector<Waiting> &waiting() const = 0;
};

// Runs the whole replay. False when the source failed. Adds remarks to the recording: unbalanced traces, lock sections
// that overlap in time (a broken clock), lost records, contexts that did not end.
bool replay(Source &From, Recording &R, llvm::ArrayRef<Observer *> To);

} // namespace underlock

#endif
