// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A finding without its evidence: what a baseline and a comparison need. Taken from an analysis, or out of a JSON
// report.
#ifndef UNDERLOCK_ANALYZER_GATE_ITEM_H
#define UNDERLOCK_ANALYZER_GATE_ITEM_H

#include "analyzer/analyses/Finding.h"
#include "analyzer/replay/Recording.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>

namespace underlock::gate {

struct Item {
  std::string Fingerprint, Rule, Title; // Rule: ANALYSIS:RULE
  Certainty Sure = Certainty::Assumed;
  model::Severity Level = model::Severity::Error;
  Standing Stands = Standing::None;
  std::string File, Function; // of its first step; "" where that has no place
  unsigned Line = 0;
  std::vector<std::string> Identity; // the names that the fingerprint is made of

  // For who reads a baseline. Nothing that edits move: "drop_job, shut_down, main".
  std::string where() const;
};

Item itemOf(const Recording &R, const Finding &F);

// The part of it that has a control character in it ("title"), or nothing: no name has one, and a line break would
// write lines of its own into a baseline.
llvm::StringRef unfit(const Item &I);

// The findings of a report that `check --format json` wrote. Nothing after an error, with its place in the file. A
// report in which a recording proves nothing is one.
std::optional<std::vector<Item>> readReport(llvm::StringRef Path, llvm::StringRef Text, llvm::raw_ostream &Errors);

// One of each fingerprint, the most certain; those that do not count stay so only if all of it do not.
std::vector<Item> distinct(std::vector<Item> Items);

} // namespace underlock::gate

#endif
