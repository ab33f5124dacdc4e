// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The words for certainties, severities, standings and modes: the same on the command line, in every format, and in a
// report that is read again.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_WORDS_H
#define UNDERLOCK_ANALYZER_ANALYSES_WORDS_H

#include "analyzer/analyses/Finding.h"

namespace underlock {

llvm::StringRef nameOf(Certainty C);
llvm::StringRef nameOf(Standing S);
llvm::StringRef nameOf(model::Severity S);
llvm::StringRef nameOf(model::Mode M);

// Nothing where there is no such word.
std::optional<Certainty> certaintyNamed(llvm::StringRef Name);
std::optional<Standing> standingNamed(llvm::StringRef Name);
std::optional<model::Severity> severityNamed(llvm::StringRef Name);

// All there are, for options.
std::vector<std::string> certainties();
std::vector<std::string> severities();

} // namespace underlock

#endif
