// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All analyses there are, one line each; and what they say in the end.
#include "analyzer/analyses/Contract.h"
#include "analyzer/analyses/Hang.h"
#include "analyzer/analyses/Irq.h"
#include "analyzer/analyses/Lifetime.h"
#include "analyzer/analyses/Order.h"
#include "analyzer/analyses/Phase.h"
#include "analyzer/analyses/Self.h"
#include "analyzer/analyses/Titles.h"
#include "analyzer/analyses/Tsan.h"
#include "llvm/ADT/STLExtras.h"
#include <tuple>

std::vector<std::unique_ptr<underlock::Analysis>> underlock::makeAnalyses(const Recording &R) {
  std::vector<std::unique_ptr<Analysis>> All;
  All.push_back(std::make_unique<ContractAnalysis>(R));
  All.push_back(std::make_unique<OrderAnalysis>(R));
  All.push_back(std::make_unique<SelfAnalysis>(R));
  All.push_back(std::make_unique<IrqAnalysis>(R));
  All.push_back(std::make_unique<PhaseAnalysis>(R));
  All.push_back(std::make_unique<LifetimeAnalysis>(R));
  All.push_back(std::make_unique<HangAnalysis>(R)); // behind order and self: what they have told, it does not repeat
  All.push_back(std::make_unique<TsanAnalysis>(R)); // last: it joins its findings to theirs
  return All;
}

void underlock::conclude(llvm::ArrayRef<std::unique_ptr<Analysis>> Analyses, const Titles &Titled, Recording &R,
                         std::vector<Finding> &Out) {
  for (const auto &A : Analyses) {
    A->finish(Out);
    A->remarks(R.Remarks);
  }
  Titled.annotate(Out);
  llvm::sort(Out, [](const Finding &A, const Finding &B) {
    return std::tuple(-static_cast<int>(A.Sure), A.Analysis, A.Rule, A.Identity) <
           std::tuple(-static_cast<int>(B.Sure), B.Analysis, B.Rule, B.Identity);
  });
}
