// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A recording written as text, judged under edits written as YAML.
#ifndef UNDERLOCK_TESTCASES_UNIT_SUPPOSE_H
#define UNDERLOCK_TESTCASES_UNIT_SUPPOSE_H

#include "analyzer/analyses/WhatIf.h"
#include "testcases/unit/Judge.h"

namespace underlock::test {

struct SupposedRun {
  std::string Errors;
  std::unique_ptr<model::Model> Model;
  std::unique_ptr<Recording> AsIs, Edited;
  std::unique_ptr<TextSource> FromAsIs, FromEdited;
  std::string Trace;
  std::vector<Edit> Edits;
  Prediction P;

  // "goes contract:rule t1", "stays …", "arrives …" each: fate, analysis, rule and identity; sorted.
  std::vector<std::string> changes() const;
  // "contract:rule t1" of all that would be found at `assumed` or above; sorted.
  std::vector<std::string> after() const;
  bool unknown(llvm::StringRef Text) const; // said so
};

// `FrameLimit`: stacks of so many frames are taken for cut.
SupposedRun suppose(const std::string &ModelText, const std::string &Trace, const std::string &Edits,
                    uint32_t FrameLimit = 0);

} // namespace underlock::test

#endif
