// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The self analysis; its rules are told in Self.cpp.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_SELF_H
#define UNDERLOCK_ANALYZER_ANALYSES_SELF_H

#include "analyzer/analyses/Analysis.h"
#include "analyzer/analyses/Writers.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"

namespace underlock {

class SelfAnalysis : public Analysis {
public:
  using Analysis::Analysis;
  llvm::StringRef name() const override { return "self"; }
  std::optional<std::vector<std::string>> rules() const override;
  void acquired(const Moment &M, const Hold &New) override;
  void released(const Moment &M, const Hold &Old, SiteId At) override { givenBack(Old.Lock); }
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
  void heldAtExit(Step Here);
  // Of what contexts held that have ended, and that anybody may give back: somebody has.
  void givenBack(InstanceId Lock) {
    if (auto It = llvm::find_if(Left, [&](const Step &S) { return S.Lock == Lock; }); It != Left.end())
      Left.erase(It);
  }

  std::vector<Finding> Findings;
  llvm::StringMap<size_t> ByKey;
  Writers WritersOf;
  std::vector<Step> Left;                       // of contexts that have ended, and a finding if nobody gives it back
  llvm::DenseSet<InstanceId> Orphans;           // their holder ended, and that was said
  llvm::StringMap<uint64_t> UnseenAcquisitions; // by class
};

} // namespace underlock

#endif
