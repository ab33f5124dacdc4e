// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a rule is, for formats that describe rules apart from findings.
#ifndef UNDERLOCK_ANALYZER_REPORT_RULES_H
#define UNDERLOCK_ANALYZER_REPORT_RULES_H

#include "analyzer/report/Report.h"

namespace underlock::report {

struct RuleText {
  std::string Id;             // "contract:vf-remove-locked"
  std::string Short;          // a sentence
  std::string Why, See;       // may be empty
  std::vector<std::string> Tags;
  model::Severity Level = model::Severity::Error;
};

RuleText ruleOf(const Finding &F);
RuleText ruleOf(const model::Contract &C, const model::Model &M);

} // namespace underlock::report

#endif
