// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a model says that is no error and still hardly meant: entries that nothing refers to or that can never match,
// entries that another one says already, reports that will lack a line.
#ifndef UNDERLOCK_ANALYZER_MODEL_LINT_H
#define UNDERLOCK_ANALYZER_MODEL_LINT_H

#include "analyzer/model/Model.h"
#include "llvm/ADT/StringSet.h"

namespace underlock::model {

// About the entries that stand in `File`; what it extends is only asked whether it uses them.
std::vector<Warning> lint(const Model &M, llvm::StringRef File);

// What a program or a recording of one has in it.
struct Seen {
  std::string Where;                                   // its name
  llvm::StringSet<> Marks;                             // the ids of locks, events and phases that are marked in it
  std::optional<llvm::StringSet<>> Classes, Functions; // their names; nothing where it cannot tell
};

// The entries of `File` that match nothing in it, and the functions that it does not have.
std::vector<Warning> unmatched(const Model &M, llvm::StringRef File, const Seen &S);

} // namespace underlock::model

#endif
