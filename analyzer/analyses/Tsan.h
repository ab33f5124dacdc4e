// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tsan: what ThreadSanitizer reported beside the recording, as findings. Their rules are in Tsan.cpp.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_TSAN_H
#define UNDERLOCK_ANALYZER_ANALYSES_TSAN_H

#include "analyzer/analyses/Analysis.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include <map>

namespace underlock {

class TsanAnalysis : public Analysis {
public:
  explicit TsanAnalysis(const Recording &R) : Analysis(R) {}
  llvm::StringRef name() const override { return "tsan"; }
  bool applies() const override { return R.Tsan; } // what ThreadSanitizer looks for was looked for where it ran
  std::optional<std::vector<std::string>> rules() const override;
  void acquired(const Moment &M, const Hold &New) override;
  void tsanReport(const Moment &M, const TsanReport &T) override;
  // Joins reports to what is in Out already, so it comes behind all other analyses.
  void finish(std::vector<Finding> &Out) override;

private:
  // One report, or several alike.
  struct Reported {
    Finding F;
    std::string What;
    std::vector<std::string> Classes;  // of the locks that it is about, sorted
    llvm::SmallVector<InstanceId, 4> Locks; // of an inversion: these, in its order
  };
  Reported race(const Moment &M, const TsanReport &T) const;
  Reported inversion(const Moment &M, const TsanReport &T) const;
  Reported misuse(const Moment &M, const TsanReport &T) const;
  Step accessStep(const Moment &M, const TsanReport &T, const TsanReport::Access &A) const;
  void heldThen(const TsanReport &T, const TsanReport::Access &A, Step &S) const;
  std::string memoryName(const TsanReport &T) const;
  std::string lockName(const TsanReport::Lock &L, bool ForIdentity) const;
  bool allEdgesSeen(llvm::ArrayRef<InstanceId> Locks) const;
  void weigh(Reported &Inversion) const;
  static bool isSame(const Reported &Of, const Finding &F, const Recording &R);

  std::map<std::pair<std::string, std::vector<std::string>>, Reported> Reports; // by rule and identity
  llvm::DenseMap<std::pair<ContextId, InstanceId>, Hold> Last; // the newest of each, over or not
  llvm::DenseSet<std::pair<InstanceId, InstanceId>> Edges; // the second was asked for while the first was held
};

} // namespace underlock

#endif
