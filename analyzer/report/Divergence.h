// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two ways to one function, side by side: the one without a lock that it needs, and one with it.
#ifndef UNDERLOCK_ANALYZER_REPORT_DIVERGENCE_H
#define UNDERLOCK_ANALYZER_REPORT_DIVERGENCE_H

#include "analyzer/report/Report.h"

namespace underlock::report {

void divergence(const Recording &R, const Finding &F, const Divergence &D, llvm::raw_ostream &Out);

} // namespace underlock::report

#endif
