// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a report is made of, and the formats. A report prints what stands here and decides nothing.
#ifndef UNDERLOCK_ANALYZER_REPORT_REPORT_H
#define UNDERLOCK_ANALYZER_REPORT_REPORT_H

#include "analyzer/analyses/Analysis.h"

namespace underlock::report {

// One recording and what was found in it.
struct Judged {
  const Recording *R = nullptr;
  std::vector<Finding> Findings; // the most certain first
  std::vector<ContractStatistics> Contracts;
  bool Instrumented = false;  // marked code ran
  bool ProvesNothing = false; // exit status 2, for the reason below
  std::string Reason;
};

struct Options {
  Certainty Gate = Certainty::Assumed; // findings at or above it fail
  Certainty Show = Certainty::Assumed; // findings below it are counted only
  bool FullStacks = false;
};

llvm::StringRef nameOf(Certainty C);
llvm::StringRef nameOf(model::Severity S);
llvm::StringRef nameOf(model::Mode M);
std::optional<Certainty> certaintyNamed(llvm::StringRef Name);

// For people, in the manner of Clang's diagnostics, within 100 columns where names allow. Colours when Out has them.
void text(llvm::ArrayRef<Judged> All, const Options &O, llvm::raw_ostream &Out);

// For programs: one object with everything that the text has, and every frame.
void json(llvm::ArrayRef<Judged> All, const Options &O, llvm::raw_ostream &Out);

} // namespace underlock::report

#endif
