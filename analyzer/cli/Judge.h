// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Judging recordings: what `check` does, and `run` after its command has ended.
#ifndef UNDERLOCK_ANALYZER_CLI_JUDGE_H
#define UNDERLOCK_ANALYZER_CLI_JUDGE_H

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace underlock::cli {

struct JudgeOptions {
  std::vector<std::string> Models; // empty: those that the traces name
  std::string Binary;              // stands in for the recorded program when looking for names
  std::string Format = "text";
  std::string Output; // a file; empty: standard output
  std::string Gate = "assumed";
  std::string Show; // empty: like the gate
  std::string Color = "auto";
  bool RequireExercised = false;
  bool FullStacks = false;
  bool Temporary = false; // their files will be gone: reports name the program instead
  bool Together = false;  // the recordings are of one run: it proves something when one of them does
};

// Declares the options above on a subcommand.
void addJudgeOptions(CLI::App &Command, JudgeOptions &Options);

// Judges all, prints one report, and returns the exit status: unusable when one of them proves nothing or cannot be
// read, else findings, else clean. Messages about bad input go to standard error.
int judge(const std::vector<std::string> &Traces, const JudgeOptions &Options);

} // namespace underlock::cli

#endif
