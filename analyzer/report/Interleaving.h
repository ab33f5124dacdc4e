// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The deadlocking interleaving of a cycle, in columns by thread.
#ifndef UNDERLOCK_ANALYZER_REPORT_INTERLEAVING_H
#define UNDERLOCK_ANALYZER_REPORT_INTERLEAVING_H

#include "analyzer/analyses/Finding.h"
#include "analyzer/replay/Recording.h"

namespace underlock::report {

// Prints the steps of an order finding: first each thread locks what it holds, then each waits for the next one's.
void interleaving(const Recording &R, const Finding &F, llvm::raw_ostream &Out);

} // namespace underlock::report

#endif
