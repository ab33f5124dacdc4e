// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An STD trace to a trace of our own, to be judged like any other by the shipped model `std`.
//
// The text is gone over twice: every line is read, and every mistake found, before anything is written. Memory is
// bounded by what is alive and by the names in it, not by the length.
#ifndef UNDERLOCK_ANALYZER_STD_IMPORT_H
#define UNDERLOCK_ANALYZER_STD_IMPORT_H

#include "analyzer/std/Format.h"
#include "analyzer/trace/Writer.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringMap.h"
#include <memory>

namespace underlock::std_format {

struct ImportOptions {
  llvm::StringRef Name;   // the text's, for messages, and as the recorded program
  uint64_t ModelHash = 0; // of the model `std`
  llvm::StringMap<Location> Locations;
};

struct Imported {
  uint64_t Events = 0, Threads = 0, Locks = 0;
  uint64_t Accesses = 0; // reads and writes
  uint64_t Blocks = 0;   // begin, end
  uint64_t Dummies = 0;
  uint64_t LateForks = 0;  // of a thread that had run already, or was started already
  uint64_t EarlyJoins = 0; // of a thread that ran on, or was awaited already
};

// Reads a table of locations. False after an error that has been reported.
bool readLocations(llvm::StringRef Text, llvm::StringRef Name, llvm::StringMap<Location> &Out,
                   llvm::raw_ostream &Errors);

// survey(), then write(), with the same text.
class Importer {
public:
  Importer(const ImportOptions &O, llvm::raw_ostream &Errors) : O(O), Errors(Errors) {}
  // False after a mistake, reported as FILE:LINE:COLUMN: error: …
  bool survey(llvm::StringRef Text);
  void write(llvm::StringRef Text, llvm::raw_ostream &To);
  const Imported &counts() const { return Counts; }

private:
  // A thread: its lines, and whether a fork and a join of it make sense where they are.
  struct Thread {
    uint32_t Number = 0; // as the trace will have it, and its token
    uint64_t First = 0, Last = 0, ForkedAt = 0, JoinedAt = 0;
    std::unique_ptr<ContextWriter> Writer; // while it runs
    llvm::DenseSet<uint32_t> Places;       // that it has defined
    bool forked() const { return ForkedAt && (!First || ForkedAt < First); }
    bool joined() const { return JoinedAt > Last && JoinedAt > ForkedAt; }
  };
  Thread &threadNamed(llvm::StringRef Name);
  void count(const Event &E, uint64_t Line);
  void begin(Thread &T, llvm::StringRef Name, Ticks Time);
  void one(const Event &E, uint64_t Line);
  void lock(Thread &T, const Event &E, Ticks Time);
  void fork(Thread &Parent, llvm::StringRef Child, uint64_t Line);
  void join(Thread &By, llvm::StringRef Child, uint64_t Line);
  void end(Thread &T, uint64_t Line);
  uint32_t siteFor(Thread &T, const Event &E, uint32_t Lock);

  const ImportOptions &O;
  llvm::raw_ostream &Errors, *Out = nullptr;
  Imported Counts;
  llvm::StringMap<Thread> Threads;
  llvm::StringMap<uint32_t> Locks;
  llvm::StringMap<uint32_t> Sites; // by operation, lock and location
  uint64_t LastLine = 0;           // of an event
};

} // namespace underlock::std_format

#endif
