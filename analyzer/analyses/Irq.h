// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The irq analysis; its rules are told in Irq.cpp.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_IRQ_H
#define UNDERLOCK_ANALYZER_ANALYSES_IRQ_H

#include "analyzer/analyses/Analysis.h"
#include "analyzer/analyses/Phases.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Allocator.h"
#include <array>

namespace underlock {

class IrqAnalysis : public Analysis {
public:
  explicit IrqAnalysis(const Recording &R);
  llvm::StringRef name() const override { return "irq"; }
  bool applies() const override { return Applies; }
  std::optional<std::vector<std::string>> rules() const override;
  void acquired(const Moment &M, const Hold &New) override;
  void released(const Moment &M, const Hold &, SiteId) override { stillHeld(M); }
  void awaited(const Moment &M, InstanceId Lock, PlaceRef At) override;
  void event(const Moment &M, PlaceRef At, llvm::ArrayRef<uint64_t>) override;
  void waiting(const Moment &M, InstanceId Lock, PlaceRef At, Ticks Since) override;
  void phaseBegin(const Moment &, PlaceRef, const model::Phase &P) override { Phases.begin(P); }
  void phaseEnd(const Moment &, SiteId, const model::Phase &P) override { Phases.end(P); }
  void finish(std::vector<Finding> &Out) override;
  void remarks(std::vector<Remark> &Out) const override;

  // What may come in between: an interrupt of this level. Lockdep's terms (Documentation/locking/lockdep-design.rst):
  // a lock taken *in* it is safe only where it is never held with the level *on*.
  enum Level { Hard, Soft, Levels };

private:
  enum Use { In, On, Uses };
  // The first occurrence with the fewest locks held: the one that fewest gates can excuse.
  struct Evidence {
    ContextId Context = None;
    PlaceRef Place;
    Ticks Time = 0;
    llvm::ArrayRef<Hold> Held;
    bool Waits = false;
    explicit operator bool() const { return Context != None; }
  };
  struct Usage { // by level, use, and shared or not
    Evidence Of[Levels][Uses][2];
  };
  // `From` is held while `To` is waited for: evidence by 2 * (From shared) + (To shared).
  using Edge = std::pair<InstanceId, InstanceId>;
  // A use of one lock in an interrupt, and one of a lock (the same, or one behind it) with that interrupt on.
  struct Clash {
    const Evidence *In = nullptr, *On = nullptr;
    const Evidence *Path = nullptr; // the edge between the two locks; nullptr: one lock
    bool InShared = false, OnShared = false, PathShared = false;
  };

  // A context is in a read side (`grace-periods`), so many of them deep.
  struct ReadSide {
    unsigned Depth = 0;
    PlaceRef Begin; // of the outermost
    Ticks Since = 0;
    std::vector<Hold> Held;
  };

  bool spins(InstanceId I) const;
  const ReadSide *readSide(ContextId C, const model::GracePeriod *&Of) const;
  void keep(Evidence &E, const Moment &M, PlaceRef At, Ticks Time, bool Waits);
  void blocks(const Moment &M, InstanceId Lock, model::Mode Mode, PlaceRef At, Ticks Time, bool Waits);
  void holdsOn(const Moment &M, const Hold &H);
  void stillHeld(const Moment &M);
  void sleeps(const Moment &M, InstanceId Lock, PlaceRef At, Ticks Time, bool Waits);
  Step stepOf(const Evidence &E, InstanceId Lock, bool Shared, llvm::StringRef Says) const;
  Clash clash(const Usage &Inner, const Usage &Outer, Level L) const;
  Clash clash(const Usage &Inner, const Usage &Outer, Level L, llvm::ArrayRef<Evidence> Paths) const;
  void inconsistent(std::vector<Finding> &Out);
  void inversions(std::vector<Finding> &Out);

  bool Applies; // the model's threads stand for any caller: a kernel
  ActivePhases Phases;
  llvm::BumpPtrAllocator Holds;
  llvm::MapVector<InstanceId, Usage> Used;
  llvm::MapVector<Edge, std::array<Evidence, 4>> Edges;
  llvm::DenseMap<std::pair<ContextId, unsigned>, ReadSide> Reading; // by context and index of the grace period
  bool Untold = false; // there were such read sides, and it is not known when
  std::vector<Finding> Sleeps;
  llvm::StringMap<size_t> SleepByKey;
  llvm::StringSet<> Inconsistent[Levels]; // classes with a finding of their own
};

} // namespace underlock

#endif
