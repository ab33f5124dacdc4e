// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the gate makes of all recordings of one command, beside how each finding stands (Finding::Stands).
#ifndef UNDERLOCK_ANALYZER_GATE_OUTCOME_H
#define UNDERLOCK_ANALYZER_GATE_OUTCOME_H

#include "analyzer/replay/Recording.h"

namespace underlock::gate {

// One line of a baseline.
struct Known {
  std::string Fingerprint; // 16 hex digits
  std::string Rule;        // "contract:drop-under-queue-lock"
  std::string Where;       // for who reads the file: "drop_job, shut_down, main"
  std::string Reason;      // "" where none is given
  model::Place Place;      // of the line
};

struct Outcome {
  std::string Baseline;             // its file; "" without one
  std::vector<Known> Gone;          // known findings that nothing matched: no failure
  std::vector<Remark> Remarks;      // about the baseline and the suppressions: no failure either
  std::vector<std::string> Expired; // suppressions whose day has come, each with its place: the gate fails (status 1)
};

} // namespace underlock::gate

#endif
