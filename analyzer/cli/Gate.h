// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The gate of `check` and `run`: what the command line and the models say of it, laid over what was found.
#ifndef UNDERLOCK_ANALYZER_CLI_GATE_H
#define UNDERLOCK_ANALYZER_CLI_GATE_H

#include "analyzer/cli/Command.h"
#include "analyzer/cli/Judge.h"
#include "analyzer/gate/Baseline.h"
#include "analyzer/report/Report.h"

namespace underlock::cli {

// What stands in files, on the command line and in the environment, read before anything is recorded or judged.
struct GateInputs {
  std::optional<gate::Baseline> Baseline;
  std::vector<model::Floor> Floors;
  model::Date Today;
};

void addGateOptions(CLI::App &Command, JudgeOptions &Options);
// --gate and --fail-on alone.
void addThresholds(CLI::App &Command, JudgeOptions &Options);
report::Options thresholds(const JudgeOptions &O);

// Nothing after an error that was printed.
std::optional<GateInputs> readGate(const JudgeOptions &O);

// How each finding stands, what the gate says besides, and whether enough was seen: where it was not, the first
// recording proves nothing. False after an error that was printed.
bool applyGate(GateInputs &In, llvm::MutableArrayRef<report::Judged> All, report::Options &How);

// What a manual says of it.
extern const Term TodayVariable;

} // namespace underlock::cli

#endif
