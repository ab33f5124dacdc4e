// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A recording written as text (analyzer/replay/TextSource.h), judged by all analyses under a model given as YAML.
#ifndef UNDERLOCK_TESTCASES_UNIT_JUDGE_H
#define UNDERLOCK_TESTCASES_UNIT_JUDGE_H

#include "analyzer/analyses/Analysis.h"
#include "analyzer/replay/TextSource.h"
#include <memory>
#include <string>
#include <vector>

namespace underlock::test {

// The models of these tests: threads of a program, and tasks of a kernel. Both have the locks m (mutex), rec (recursive),
// rw (a read-write lock), rrw (whose readers may nest), counted (taken when a counter drops to zero), spin, rwspin (spinning; readers may nest) and sem (without an
// owner), the events removed and looked-up, the phases boot and setup, and the delegation job; contracts come from `Contracts`.
std::string program(const std::string &Contracts = "");
std::string kernel(const std::string &Contracts = "");

struct Judged {
  std::string Errors; // of model or text; empty when all was read
  std::vector<Finding> Findings;
  std::vector<Remark> Remarks;
  std::vector<ContractStatistics> Contracts;
  std::unique_ptr<model::Model> Model;
  std::unique_ptr<Recording> R;

  // "order:inversion assumed a b" each: analysis, rule, certainty and identity; sorted.
  std::vector<std::string> findings() const;
  bool says(llvm::StringRef Text) const; // in a remark
};

Judged judge(const std::string &ModelText, const std::string &Trace,
             underlock_recording_mode Mode = UNDERLOCK_RECORDING_EVERYTHING);

using Findings = std::vector<std::string>; // as Judged::findings() has them
// What is found, where nothing else of it matters. A model or a text that cannot be read fails the test.
Findings findingsIn(const std::string &ModelText, const std::string &Trace);

} // namespace underlock::test

#endif
