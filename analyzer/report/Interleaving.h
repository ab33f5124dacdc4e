// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The deadlocking interleaving of a cycle, in columns by thread.
#ifndef UNDERLOCK_ANALYZER_REPORT_INTERLEAVING_H
#define UNDERLOCK_ANALYZER_REPORT_INTERLEAVING_H

#include "analyzer/analyses/Finding.h"
#include "analyzer/replay/Recording.h"

namespace underlock::report {

// The hold of step `Index` of an order finding that the step before it waits for. Over classes alone the lock held is
// another object's than the one waited for. Null where neither is held.
const Hold *heldInCycle(const Recording &R, const Finding &F, size_t Index);

// Text in a column: filled up, or what is too long cut in its middle, where names differ least.
std::string cell(std::string Text, size_t Width);

// Prints the steps of an order finding: first each thread locks what it holds, then each waits for the next one's.
void interleaving(const Recording &R, const Finding &F, llvm::raw_ostream &Out);

} // namespace underlock::report

#endif
