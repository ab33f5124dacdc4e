// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The phase analysis; its rules are told in Phase.cpp.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_PHASE_H
#define UNDERLOCK_ANALYZER_ANALYSES_PHASE_H

#include "analyzer/analyses/Analysis.h"
#include "analyzer/analyses/HappensBefore.h"
#include "analyzer/analyses/Phases.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace underlock {

class PhaseAnalysis : public Analysis {
public:
  explicit PhaseAnalysis(const Recording &R);
  llvm::StringRef name() const override { return "phase"; }
  std::optional<std::vector<std::string>> rules() const override;
  void event(const Moment &M, PlaceRef At, llvm::ArrayRef<uint64_t> Objects) override;
  void phaseBegin(const Moment &M, PlaceRef At, const model::Phase &P) override;
  void phaseEnd(const Moment &M, SiteId, const model::Phase &P) override;
  void fork(const Moment &M, uint64_t Token) override { Order.fork(M.Context, Token); }
  void start(const Moment &M, uint64_t Token) override { Order.start(M.Context, Token); }
  void join(const Moment &M, uint64_t Token) override { Order.join(M.Context, Token); }
  void finish(std::vector<Finding> &Out) override;
  void remarks(std::vector<Remark> &Out) const override;
  llvm::ArrayRef<ContractStatistics> contracts() const override { return Statistics; }

private:
  // A phase from its begin to its end, in one context.
  struct Interval {
    const model::Phase *Phase = nullptr;
    Step Begin; // held: from begin to end
    SegmentId First = NoSegment, Last = NoSegment;
    uint64_t PhaseMask = 0;
  };
  struct Happening {
    size_t Contract = 0; // index into Statistics
    Step Event;
    SegmentId Segment = NoSegment;
    uint64_t PhaseMask = 0;
    llvm::SmallVector<uint32_t, 2> Inside; // phases of the model during which it happened, in another context
    llvm::SmallVector<Step, 2> Begins;     // where those began
  };
  bool excluded(const model::Contract &C, const model::Phase &P) const;
  void keep(Interval I);
  bool apart(const Happening &H, const Interval &I) const;
  Certainty certaintyOf(const Happening &H, const Interval &I) const;
  Finding describe(const Happening &H, const model::Phase &P, const Step &Begin, Certainty Sure) const;

  ActivePhases Phases;
  HappensBefore Order;
  std::vector<llvm::SmallVector<size_t, 2>> ByEvent; // contracts by event, as indices into Statistics
  std::vector<ContractStatistics> Statistics;         // of the contracts with `excluded-during`
  llvm::DenseSet<const model::Phase *> Wanted, Seen;
  std::vector<Interval> Active, Intervals;
  std::vector<Happening> Happenings;
  llvm::DenseMap<uint64_t, size_t> Known; // what no rule can tell apart is kept once: a hash
  uint64_t Dropped = 0;
};

} // namespace underlock

#endif
