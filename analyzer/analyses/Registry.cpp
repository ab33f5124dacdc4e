// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All analyses there are: one line each.
#include "analyzer/analyses/Contract.h"
#include "analyzer/analyses/Order.h"
#include "analyzer/analyses/Self.h"

std::vector<std::unique_ptr<underlock::Analysis>> underlock::makeAnalyses(const Recording &R) {
  std::vector<std::unique_ptr<Analysis>> All;
  All.push_back(std::make_unique<ContractAnalysis>(R));
  All.push_back(std::make_unique<OrderAnalysis>(R));
  All.push_back(std::make_unique<SelfAnalysis>(R));
  return All;
}
