// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Suppressions: findings that a model lets pass, with a reason and perhaps a last day.
//
// One that has expired lets nothing pass any more and fails by itself, whether or not it would match: it was a promise
// to look again on that day. One that matches nothing in any recording is said to be unused.
#ifndef UNDERLOCK_ANALYZER_GATE_SUPPRESSIONS_H
#define UNDERLOCK_ANALYZER_GATE_SUPPRESSIONS_H

#include "analyzer/analyses/Finding.h"
#include "analyzer/gate/Outcome.h"
#include "analyzer/replay/Recording.h"
#include <map>

namespace underlock::gate {

// Over all recordings of a command, which may name the same model or different ones.
class Suppressions {
public:
  explicit Suppressions(model::Date Today) : Today(Today) {}
  void apply(const Recording &R, llvm::MutableArrayRef<Finding> Findings);
  // After the last recording: what has expired, what was not used.
  void finish(Outcome &Out) const;

private:
  model::Date Today;
  struct Use {
    model::Suppression Of;
    uint64_t Count = 0;
  };
  std::map<std::string, Use> Uses; // by place
};

bool isFingerprint(llvm::StringRef Text);
// Whether a model's glob (model::globMatches) matches.
bool matches(llvm::StringRef Glob, llvm::StringRef Text);

} // namespace underlock::gate

#endif
