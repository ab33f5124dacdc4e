// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Judging recordings: what `check` does, and `run` after its command has ended.
#ifndef UNDERLOCK_ANALYZER_CLI_JUDGE_H
#define UNDERLOCK_ANALYZER_CLI_JUDGE_H

#include "analyzer/report/Report.h"
#include "analyzer/trace/Open.h"
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace underlock::cli {

struct JudgeOptions {
  std::vector<std::string> Models; // empty: those that the traces name
  std::string Binary;              // stands in for the recorded program when looking for names
  std::string Format = "text";
  std::string Output;            // a file; empty: standard output
  std::vector<std::string> Also; // FORMAT=FILE: further reports
  std::string SourceRoot;        // empty: the current folder
  std::string Gate = "assumed";
  std::string FailOn = "note";
  std::string Baseline;            // a file; empty: none
  std::vector<std::string> Floors; // as given: "contracts=100%,contexts=4"
  std::string Show;                // empty: like the gate
  std::string Color = "auto";
  bool RequireExercised = false;
  bool FullStacks = false;
  bool ShowKnown = false;
  bool Sources = false;   // source lines in the text report
  bool Temporary = false; // their files will be gone: reports name the program instead
  bool Together = false;  // the recordings are of one run: it proves something when one of them does
};

// Declares the options above on a subcommand.
void addJudgeOptions(CLI::App &Command, JudgeOptions &Options);

// Recordings that were judged and have passed the gate, or have not.
struct Judgement {
  std::vector<std::unique_ptr<OpenTrace>> Traces;
  std::vector<report::Judged> All; // one a trace
  report::Options How;
};
// Nothing after an error that was printed; `Unread` is the recording's name then, where it was one's fault.
std::optional<Judgement> judged(const std::vector<std::string> &Traces, const JudgeOptions &Options,
                                std::string *Unread = nullptr);

// Judges all, prints one report, and returns the exit status: unusable when one of them proves nothing or cannot be
// read, else findings, else clean. Messages about bad input go to standard error.
int judge(const std::vector<std::string> &Traces, const JudgeOptions &Options);

// Where it did not come to judging: the reports that were asked for say that there is no verdict. The messages are out.
// Returns the exit status.
int reportNoVerdict(const std::string &Name, const std::string &Reason, const JudgeOptions &Options);

} // namespace underlock::cli

#endif
