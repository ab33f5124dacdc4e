// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// SARIF in two files: one result (SarifResult.cpp), and the document around them (Sarif.cpp).
#ifndef UNDERLOCK_ANALYZER_REPORT_SARIF_H
#define UNDERLOCK_ANALYZER_REPORT_SARIF_H

#include "analyzer/report/Results.h"
#include "llvm/Support/JSON.h"

namespace underlock::sarif {

// What GitHub's code scanning takes, as its documentation has it in 2026 ("SARIF results exceed one or more limits").
// A file beyond them is rejected whole. Several runs of one tool in a file are rejected too, so there is always one.
constexpr size_t ResultsPerRun = 25000;
constexpr size_t RulesPerRun = 25000;
constexpr size_t LocationsPerResult = 1000;
constexpr size_t FlowLocationsPerResult = 10000;
constexpr size_t TagsPerRule = 20;
constexpr size_t CompressedBytes = 10'000'000; // of the file, gzipped
constexpr size_t ResultsShown = 5000;          // of those taken: the others need no stacks

struct ResultOptions {
  unsigned RuleIndex = 0;
  bool Detailed = true;  // stacks, flows and held locks
  bool Compared = false; // there is a baseline, so each result has a state
};

// Writes one object of `results`.
void result(const report::Result &R, const ResultOptions &How, const report::Options &O, llvm::json::OStream &W);

// A message object; braces and links have a meaning in its text, and get none.
void message(llvm::json::OStream &W, llvm::StringRef Key, llvm::StringRef Text);

} // namespace underlock::sarif

#endif
