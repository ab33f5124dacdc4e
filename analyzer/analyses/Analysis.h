// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An analysis: a file of its own in this folder and one line in Registry.cpp. It observes a replay and leaves findings;
// it never reads a trace and never prints.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_ANALYSIS_H
#define UNDERLOCK_ANALYZER_ANALYSES_ANALYSIS_H

#include "analyzer/analyses/Finding.h"
#include "analyzer/replay/Events.h"
#include "analyzer/replay/Recording.h"
#include <memory>
#include <vector>

namespace underlock {

// How far a contract was put to the test.
struct ContractStatistics {
  const model::Contract *Contract = nullptr;
  uint64_t Exercised = 0; // its event happened
  uint64_t Exempt = 0;    // … of these, in a phase during which it does not bind
  uint64_t Violated = 0;
};

class Analysis : public Observer {
public:
  // `Recording` grows while the replay runs and outlives the analysis.
  explicit Analysis(const Recording &R) : R(R) {}
  virtual llvm::StringRef name() const = 0;
  // Called once, after the last event. Appends.
  virtual void finish(std::vector<Finding> &Out) = 0;
  // What else has to be said. Called after finish().
  virtual void remarks(std::vector<Remark> &Out) const {}
  virtual llvm::ArrayRef<ContractStatistics> contracts() const { return {}; }

protected:
  const Recording &R;
};

// All analyses there are, in the order of reports.
std::vector<std::unique_ptr<Analysis>> makeAnalyses(const Recording &R);

} // namespace underlock

#endif
