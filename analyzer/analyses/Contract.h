// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The contract analysis, and how far each contract was put to the test.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_CONTRACT_H
#define UNDERLOCK_ANALYZER_ANALYSES_CONTRACT_H

#include "analyzer/analyses/Analysis.h"
#include "analyzer/analyses/Divergence.h"
#include "analyzer/analyses/Phases.h"
#include "llvm/ADT/DenseMap.h"

namespace underlock {

class ContractAnalysis : public Analysis {
public:
  explicit ContractAnalysis(const Recording &R);
  llvm::StringRef name() const override { return "contract"; }
  std::optional<std::vector<std::string>> rules() const override;
  void event(const Moment &M, PlaceRef At, llvm::ArrayRef<uint64_t> Objects) override;
  void phaseBegin(const Moment &, PlaceRef, const model::Phase &P) override { Phases.begin(P); }
  void phaseEnd(const Moment &, SiteId, const model::Phase &P) override { Phases.end(P); }
  void finish(std::vector<Finding> &Out) override;
  void remarks(std::vector<Remark> &Out) const override;
  llvm::ArrayRef<ContractStatistics> contracts() const override { return Statistics; }

private:
  struct Violation {
    size_t Contract; // index into Statistics
    Step Evidence;
  };
  bool kept(const model::Contract &C, llvm::ArrayRef<Hold> Held) const;
  const Hold *keeper(const model::Contract &C, llvm::ArrayRef<Hold> Held) const;
  Finding describe(const Violation &V) const;

  ActivePhases Phases;
  Divergences Apart;
  std::vector<llvm::SmallVector<size_t, 2>> ByEvent; // contracts by event
  std::vector<ContractStatistics> Statistics;
  std::vector<Violation> Violations;
  llvm::DenseMap<std::pair<uint64_t, uint64_t>, size_t> Seen; // (contract, place) -> index into Violations
};

} // namespace underlock

#endif
