// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rules by name: which there are, and how severe a model wants each.
#ifndef UNDERLOCK_ANALYZER_GATE_RULES_H
#define UNDERLOCK_ANALYZER_GATE_RULES_H

#include "analyzer/analyses/Finding.h"
#include "llvm/Support/raw_ostream.h"

namespace underlock::gate {

// "order:inversion", "contract:drop-under-queue-lock": what the model and a baseline call the rule of a finding.
std::string ruleOf(const Finding &F);

// Whether the model's severities and suppressions name rules that there are; what does not is said.
bool checkRules(const model::Model &M, llvm::raw_ostream &Errors);

// Gives findings the severity that their recording's model wants.
void applySeverities(const model::Model &M, llvm::MutableArrayRef<Finding> Findings);

} // namespace underlock::gate

#endif
