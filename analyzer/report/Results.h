// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The findings of all recordings of one command as a CI wants them: each once, the most important first, with a file
// and a line; and what was not proven. What the formats for programs have in common.
#ifndef UNDERLOCK_ANALYZER_REPORT_RESULTS_H
#define UNDERLOCK_ANALYZER_REPORT_RESULTS_H

#include "analyzer/report/Report.h"

namespace underlock::report {

// Where a person would look for it.
struct Where {
  std::string File; // relative to the source root where it lies below it; never empty
  uint32_t Line = 0, Column = 0;
  std::string Function;
};

struct Result {
  const Judged *In = nullptr; // the recording whose evidence is printed
  const Finding *Found = nullptr;
  std::string Fingerprint;
  uint64_t Times = 0;      // seen, in all recordings
  unsigned Recordings = 1; // that have it
  bool Fails = false;

  std::string rule() const { return Found->Analysis + ":" + Found->Rule; }
};

// Those that are shown, one for each fingerprint. Failing ones come first, then those that are new, then by severity
// and certainty.
std::vector<Result> results(llvm::ArrayRef<Judged> All, const Options &O);

// The finding's site; else the first frame of its stack that has a file; else the program.
Where whereIs(const Result &R, const Options &O);

// A source file relative to the source root, where it lies below it; else as it was recorded.
std::string path(llvm::StringRef File, const Options &O);

// What a reader must not miss beside the findings. An error means that there is no verdict: no format may look clean
// then.
struct Doubt {
  enum class Kind { NoVerdict, Warning, Note } Level = Kind::Warning;
  std::string Recording; // "": all
  std::string Text;
};
// The gravest first; the same text once.
std::vector<Doubt> doubts(llvm::ArrayRef<Judged> All, const Options &O);

// How far a contract was put to the test, in all recordings.
struct ContractTotal {
  const model::Contract *Contract = nullptr;
  uint64_t Exercised = 0, Exempt = 0, Violated = 0;
};
std::vector<ContractTotal> contracts(llvm::ArrayRef<Judged> All);

// "3 finding(s) fail", "clean", "no verdict": one line without a full stop, the same in each format.
std::string headline(llvm::ArrayRef<Result> Results, llvm::ArrayRef<Doubt> Doubts, const Options &O);

} // namespace underlock::report

#endif
