// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What was done to one translation unit, for people and tests: one line of JSON.
#ifndef UNDERLOCK_PLUGIN_SUMMARY_H
#define UNDERLOCK_PLUGIN_SUMMARY_H

#include "Plan.h"
#include "underlock/hooks.h"
#include "llvm/Support/Error.h"

namespace underlock::plugin {

// One mark as it was placed.
struct PlacedMark {
  underlock_verb Verb;
  std::string Mark, Function, Callee, File;
  unsigned Line = 0, Column = 0;
  std::string ClassName, Expression;
};

struct Summary {
  std::string Source, Model;
  uint64_t ModelHash = 0;
  std::vector<PlacedMark> Placed;
  std::vector<Skipped> Skips;
  std::vector<std::string> Matched;   // the model's functions that this unit calls or defines
  std::vector<std::string> Unmatched; // … and those that it does not

  // One line, its parts sorted, so that two builds of one source can be compared.
  std::string line() const;
  // Appends the line to a file with one write, so that parallel compilers do not mix theirs.
  llvm::Error append(llvm::StringRef Path) const;
};

} // namespace underlock::plugin

#endif
