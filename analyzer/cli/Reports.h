// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where reports go: the one of --format, and those of --also.
#ifndef UNDERLOCK_ANALYZER_CLI_REPORTS_H
#define UNDERLOCK_ANALYZER_CLI_REPORTS_H

#include "analyzer/cli/Judge.h"
#include "analyzer/report/Report.h"

namespace underlock::cli {

// Declares the options that say which reports are written, and how.
void addReportOptions(CLI::App &Command, JudgeOptions &Options);

// Whether none of these recordings is a file that a report would be written over; says which is.
bool sparesRecordings(const JudgeOptions &O, llvm::ArrayRef<std::string> Recordings);

// Writes all of them. `How.Status` is what the command is going to end with. Returns it, or Unusable after a message
// when one could not be written.
int writeReports(llvm::ArrayRef<report::Judged> All, const JudgeOptions &O, report::Options How);

} // namespace underlock::cli

#endif
