// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A baseline: the findings that are known and do not fail, in a text file that people review.
//
//     # comments, kept as they are
//     f5d02e1902e5691e  contract:drop-under-queue-lock  drop_job, shut_down, main  # why it may stay
//
// The fingerprint alone decides; the rest is for who reads it: the names that the fingerprint is made of, which no edit
// moves. A line that cannot be read is an error: who meant to name a finding would be told that it is new.
#ifndef UNDERLOCK_ANALYZER_GATE_BASELINE_H
#define UNDERLOCK_ANALYZER_GATE_BASELINE_H

#include "analyzer/gate/Item.h"
#include "analyzer/gate/Outcome.h"
#include "llvm/ADT/StringMap.h"

namespace underlock::gate {

class Baseline {
public:
  // Empty, to be filled.
  explicit Baseline(std::string Path) : Path(std::move(Path)) {}
  // Nothing after errors, each with file, line and column.
  static std::optional<Baseline> read(llvm::StringRef Path, llvm::raw_ostream &Errors);

  // Judging: those of the findings that are known, and those that are new. A suppressed finding stays suppressed.
  void apply(llvm::MutableArrayRef<Finding> Findings);
  // After the last recording: what is gone, how many lines give no reason.
  void finish(Outcome &Out) const;

  // Writing: what is found now stands in it afterwards, and what is gone does not, unless it is kept. Lines that stay
  // keep their place and their reason.
  struct Change {
    size_t Added = 0, Stayed = 0;
    std::vector<Known> Gone; // whether or not they are kept
  };
  bool contains(llvm::StringRef Fingerprint) const { return ByFingerprint.contains(Fingerprint); }
  Change update(llvm::ArrayRef<Item> Found, bool KeepGone);
  void write(llvm::raw_ostream &Out) const;
  size_t withoutReason() const;

private:
  struct Line {
    std::string Text; // as it stands in the file
    std::optional<Known> Entry;
    bool Seen = false;
  };
  bool parse(Line &L, unsigned Number, llvm::raw_ostream &Errors);

  std::string Path;
  std::vector<Line> Lines;
  llvm::StringMap<size_t> ByFingerprint; // index into Lines
};

} // namespace underlock::gate

#endif
