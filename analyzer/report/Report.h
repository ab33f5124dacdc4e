// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a report is made of, and the formats. A report prints what stands here and decides nothing.
#ifndef UNDERLOCK_ANALYZER_REPORT_REPORT_H
#define UNDERLOCK_ANALYZER_REPORT_REPORT_H

#include "analyzer/analyses/Analysis.h"
#include "analyzer/analyses/WhatIf.h"
#include "analyzer/analyses/Words.h"
#include "analyzer/gate/Outcome.h"

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
  Certainty Gate = Certainty::Assumed;            // findings at or above it fail
  model::Severity FailOn = model::Severity::Note; // … if they are of this severity, or worse
  Certainty Show = Certainty::Assumed;            // findings below it are counted only
  bool FullStacks = false;
  bool ShowKnown = false; // those that do not fail because they are known or suppressed are printed too
  std::string SourceRoot; // files below it are named relative to it, in the formats for a CI
  int Status = 0;         // that the command will end with: 0 clean, 1 findings, 2 no verdict
  gate::Outcome Gated;
  bool Sources = false; // each finding with the line of source that it is at
};

// Whether a finding makes the gate fail.
bool fails(const Finding &F, const Options &O);

// A format: one function of a file of its own in this folder, and one line in Formats.cpp.
struct Format {
  llvm::StringLiteral Name, About;
  void (*Write)(llvm::ArrayRef<Judged> All, const Options &O, llvm::raw_ostream &Out);
};
llvm::ArrayRef<Format> formats();
const Format *formatNamed(llvm::StringRef Name); // null where there is none

// For people, in the manner of Clang's diagnostics, within 100 columns where names allow. Colours when Out has them.
void text(llvm::ArrayRef<Judged> All, const Options &O, llvm::raw_ostream &Out);

// One finding as text has it.
void describe(const Judged &J, const Finding &F, const Options &O, llvm::raw_ostream &Out);
// … its first line alone, and a stack.
void headline(const Judged &J, const Finding &F, const Options &O, llvm::raw_ostream &Out);
void stack(const Judged &J, PlaceRef P, const Options &O, llvm::raw_ostream &Out);
// Text broken at words, its further lines indented under the first.
void wrapped(llvm::StringRef Head, llvm::StringRef Text, llvm::raw_ostream &Out);

// What a prediction says. `AsIs` and `Edited` have the recordings that its findings are of.
struct Supposed {
  const Judged &AsIs, &Edited;
  llvm::ArrayRef<Edit> Edits;
  const Prediction &P;
};
void text(const Supposed &S, const Options &O, llvm::raw_ostream &Out);
void json(const Supposed &S, const Options &O, llvm::raw_ostream &Out);

// For programs: one object with everything that the text has, and every frame.
void json(llvm::ArrayRef<Judged> All, const Options &O, llvm::raw_ostream &Out);

// For code scanning: SARIF 2.1.0, within the limits of GitHub.
void sarif(llvm::ArrayRef<Judged> All, const Options &O, llvm::raw_ostream &Out);

// JUnit XML: a test case for each recording, contract, analysis and finding.
void junit(llvm::ArrayRef<Judged> All, const Options &O, llvm::raw_ostream &Out);

// GitHub's workflow commands: annotations at lines of the source, within the number that are shown.
void github(llvm::ArrayRef<Judged> All, const Options &O, llvm::raw_ostream &Out);

// GitLab's code quality report.
void gitlab(llvm::ArrayRef<Judged> All, const Options &O, llvm::raw_ostream &Out);

// A page for people in a CI, within the size of GitHub's job summaries.
void markdown(llvm::ArrayRef<Judged> All, const Options &O, llvm::raw_ostream &Out);

} // namespace underlock::report

#endif
