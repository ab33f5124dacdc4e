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
#include <optional>
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
  // Whether it has looked for anything in this recording, whose replay is over. Where it has not, that it found nothing
  // says nothing.
  virtual bool applies() const { return true; }
  // All that it can put into a finding's Rule, so that a model that names another one is told. Nothing: these are not
  // known beforehand, and any name is taken for one.
  virtual std::optional<std::vector<std::string>> rules() const { return std::nullopt; }
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

class Titles;
// What they say of a replay that is over: the findings, the most certain first, with the titles of what was going on
// then; and remarks into the recording.
void conclude(llvm::ArrayRef<std::unique_ptr<Analysis>> Analyses, const Titles &Titled, Recording &R,
              std::vector<Finding> &Out);

} // namespace underlock

#endif
