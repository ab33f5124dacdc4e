// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order analysis: what it records while a replay runs. What is a cycle and what cuts one away is in Cycles.cpp.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_ORDER_H
#define UNDERLOCK_ANALYZER_ANALYSES_ORDER_H

#include "analyzer/analyses/Analysis.h"
#include "analyzer/analyses/HappensBefore.h"
#include "analyzer/analyses/Phases.h"
#include "analyzer/analyses/Sections.h"
#include "analyzer/analyses/Writers.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/Allocator.h"

namespace underlock {

// References that contexts have waited for, to the last one, while they held something. Nobody has them any more, and
// each is there once: what lies at its address later is another one.
class DrainedReferences {
public:
  // How many there were when a context began to hold something, and how many there are. A count and no time: two
  // moments of a context can be of the same tick.
  struct Busy {
    uint32_t Since = 0, Now = 0;
  };

  // The context holds nothing, and is about to. What it has drained so far was in another operation.
  void begins(ContextId C) {
    if (C < Since.size())
      Since[C] = All.size();
  }
  void add(ContextId C, InstanceId Reference) {
    if (C >= Since.size())
      Since.resize(C + 1, 0);
    All.try_emplace(Reference, Drain{C, static_cast<uint32_t>(All.size())});
  }
  Busy busy(ContextId C) const { return {C < Since.size() ? Since[C] : 0, static_cast<uint32_t>(All.size())}; }
  // Has this context drained it meanwhile?
  bool has(InstanceId Reference, ContextId C, Busy Meanwhile) const {
    auto It = All.find(Reference);
    return It != All.end() && It->second.By == C && It->second.When >= Meanwhile.Since &&
           It->second.When < Meanwhile.Now;
  }

private:
  struct Drain {
    ContextId By = None;
    uint32_t When = 0; // in the count of all
  };
  llvm::DenseMap<InstanceId, Drain> All;
  std::vector<uint32_t> Since; // by context: in that count too
};

// A context blocks to get a lock while it holds others: an edge from each of these. What it held may be much, so all
// edges of one acquisition share it.
struct Acquisition {
  ContextId Context = None;
  bool AnyCaller = false;        // the context stands for any: its edges can meet themselves in another task
  SegmentId Segment = NoSegment; // for fork/join order, where threads are who they are
  uint64_t PhaseMask = 0;        // of the phases in which tasks are who they are, those going on
  bool Waits = false;            // never got it: the recording ends with the context waiting
  InstanceId To = None;
  model::Mode ToMode = model::Mode::Exclusive;
  PlaceRef Place;
  Ticks Time = 0;
  llvm::ArrayRef<Hold> Held;
  std::vector<Hold> OwnHeld; // where Held lies, if nowhere else
  bool Delegated = false;    // some of it is held by others, who wait for this context
  std::optional<DrainedReferences::Busy> Busy; // where it waits for the last of a reference
};

// Where the model says that a context stands for any caller, it can meet itself.
bool standsForAny(const Recording &R, ContextId C, uint64_t PhaseMask);

// A stretch of what a context does; a moment begins where it ends.
struct Stretch {
  ContextId Who = None;
  uint64_t PhaseMask = 0; // of the phases in which tasks are who they are, those going on
  SegmentId First = NoSegment, Last = NoSegment;
};
// Can the moment never come within the stretch, by who they are and by fork and join, whatever the order of this run
// was?
bool cannotMeet(const Recording &R, const HappensBefore &Order, const Stretch &Moment, const Stretch &Other);

// Edges that no rule can tell apart are one edge.
struct OrderEdge {
  const Acquisition *By = nullptr; // the evidence: the first of its kind
  InstanceId From = None;
  model::Mode FromMode = model::Mode::Exclusive;
  bool Private = false; // a lock that only its creator had taken so far
  uint32_t Next = None; // of the same kind of acquisition
  uint64_t Count = 1;
  // `From` is no lock that is held, but what others wait for until the context has brought it about (Sections.h): it
  // has this one's lock to take before, for the last time at that moment. A guess: others may bring it about too.
  bool Behind = false, Guess = false;
  uint32_t Moment = 0;
  SignalOrder::Known Knew; // where `To` is no lock: what the context knew when it took `From`

  InstanceId to() const { return By->To; }
};

class OrderAnalysis : public Analysis {
public:
  explicit OrderAnalysis(const Recording &R) : Analysis(R), Phases(R.Model), Behind(R) {}
  llvm::StringRef name() const override { return "order"; }
  std::optional<std::vector<std::string>> rules() const override;
  void acquired(const Moment &M, const Hold &New) override;
  void failed(const Moment &M, InstanceId Lock, PlaceRef At) override;
  void released(const Moment &M, const Hold &Old, SiteId At) override;
  void awaited(const Moment &M, InstanceId Lock, PlaceRef At) override;
  void signalled(const Moment &M, InstanceId Lock, PlaceRef At) override;
  void waiting(const Moment &M, InstanceId Lock, PlaceRef At, Ticks Since) override;
  void fork(const Moment &M, uint64_t Token) override;
  void start(const Moment &M, uint64_t Token) override;
  void join(const Moment &M, uint64_t Token) override;
  void contextEnd(const Moment &M) override;
  void phaseBegin(const Moment &, PlaceRef, const model::Phase &P) override { Phases.begin(P); }
  void phaseEnd(const Moment &, SiteId, const model::Phase &P) override { Phases.end(P); }
  void finish(std::vector<Finding> &Out) override;
  void remarks(std::vector<Remark> &Out) const override;

private:
  // The edges of one kind of acquisition: a list through OrderEdge::Next.
  struct Kind {
    uint32_t First = None, Last = None;
  };
  struct Group;

  Acquisition acquisition(const Moment &M, const Hold &New, bool Waits);
  uint64_t like(const Moment &M, const Acquisition &A) const;
  void addEdges(const Moment &M, const Hold &New, bool Waits);
  bool endsWhenDrained(InstanceId Lock) const;
  void took(const Moment &M, const Hold &New, bool Waits);
  void addBehind(InstanceId Of, const Sections::Before &What);
  SignalOrder::Known knewWhenTaking(ContextId C, InstanceId Lock) const;
  bool isReducible(llvm::ArrayRef<uint32_t> Cycle) const;
  void addEdge(Kind &K, OrderEdge E);
  uint32_t findEdge(const Kind &K, uint32_t Expected, const OrderEdge &Like) const;
  Certainty certaintyOf(llvm::ArrayRef<uint32_t> Cycle) const;
  std::vector<std::string> classNames(llvm::ArrayRef<uint32_t> Cycle) const;
  Finding describe(const Group &G) const;

  ActivePhases Phases;
  HappensBefore Order;
  llvm::SpecificBumpPtrAllocator<Acquisition> Acquisitions; // those of which some edge is the first of its kind
  llvm::BumpPtrAllocator Holds;                             // what they held
  DrainedReferences Drained;
  std::vector<OrderEdge> Edges;
  // By what makes two acquisitions different to every rule: a hash of all that was held, in any order, and of the
  // phases; the lock wanted and who wants it. The stacks of the evidence are not among it.
  llvm::DenseMap<std::pair<uint64_t, uint64_t>, Kind> Kinds;
  Writers WritersOf;

  Sections Behind;
  std::vector<SegmentId> BeforeJoin; // by context: where it was when it began to wait for a thread
  // By context: of what it holds, what it knew when it took it.
  std::vector<llvm::SmallVector<std::pair<InstanceId, SignalOrder::Known>, 4>> Knew;
  std::vector<std::shared_ptr<const Acquisition>> Used; // of Sections, by edges
  llvm::DenseMap<std::pair<InstanceId, const Acquisition *>, uint32_t> BehindEdges;
  std::vector<Step> Waiters; // contexts that waited when the recording ended
  bool BudgetSpent = false;
};

} // namespace underlock

#endif
