// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The self analysis; its rules are told in Self.cpp.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_SELF_H
#define UNDERLOCK_ANALYZER_ANALYSES_SELF_H

#include "analyzer/analyses/Analysis.h"
#include "analyzer/analyses/Writers.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringMap.h"

namespace underlock {

class SelfAnalysis : public Analysis {
public:
  using Analysis::Analysis;
  llvm::StringRef name() const override { return "self"; }
  std::optional<std::vector<std::string>> rules() const override;
  void acquired(const Moment &M, const Hold &New) override;
  void waiting(const Moment &M, InstanceId Lock, PlaceRef At, Ticks Since) override;
  void failed(const Moment &M, InstanceId Lock, PlaceRef At) override;
  void releasedUnheld(const Moment &M, InstanceId Lock, SiteId At, ContextId Holder) override;
  void contextEnd(const Moment &M) override;
  void died(const Moment &M, InstanceId Lock, SiteId At, ContextId HeldBy) override;
  void finish(std::vector<Finding> &Out) override;
  void remarks(std::vector<Remark> &Out) const override;

private:
  bool isLock(InstanceId I) const;
  Finding *note(llvm::StringRef Rule, Certainty Sure, Step Here);

  std::vector<Finding> Findings;
  llvm::StringMap<size_t> ByKey;
  Writers WritersOf;
  llvm::DenseSet<InstanceId> Orphans;           // their holder ended, and that was said
  llvm::StringMap<uint64_t> UnseenAcquisitions; // by class
};

} // namespace underlock

#endif
