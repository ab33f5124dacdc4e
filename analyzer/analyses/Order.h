// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order analysis: what it records while a replay runs. What is a cycle and what cuts one away is in Cycles.cpp.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_ORDER_H
#define UNDERLOCK_ANALYZER_ANALYSES_ORDER_H

#include "analyzer/analyses/Analysis.h"
#include "analyzer/analyses/HappensBefore.h"
#include "analyzer/analyses/Phases.h"
#include <unordered_map>

namespace underlock {

// One context, holding `From`, blocks to get `To`. Edges that no rule can tell apart are one edge.
struct OrderEdge {
  InstanceId From = None, To = None;
  model::Mode FromMode = model::Mode::Exclusive, ToMode = model::Mode::Exclusive;
  ContextId Context = None;      // of the evidence
  bool AnyCaller = false;        // the context stands for any: the edge can meet itself in another task
  SegmentId Segment = NoSegment; // for fork/join order, where threads are who they are
  uint64_t PhaseMask = 0;        // of the phases in which tasks are who they are, those going on
  bool Private = false;          // a lock that only its creator had taken so far
  bool Waits = false;            // never got it: the recording ends with the context waiting
  Step Evidence;                 // the acquisition, with all that was held
  uint64_t Count = 1;
};

class OrderAnalysis : public Analysis {
public:
  explicit OrderAnalysis(const Recording &R) : Analysis(R), Phases(R.Model) {}
  llvm::StringRef name() const override { return "order"; }
  void acquired(const Moment &M, const Hold &New) override;
  void waiting(const Moment &M, InstanceId Lock, PlaceRef At, Ticks Since) override;
  void fork(const Moment &M, uint64_t Token) override { Order.fork(M.Context, Token); }
  void start(const Moment &M, uint64_t Token) override { Order.start(M.Context, Token); }
  void join(const Moment &M, uint64_t Token) override { Order.join(M.Context, Token); }
  void phaseBegin(const Moment &, PlaceRef, const model::Phase &P) override { Phases.begin(P); }
  void phaseEnd(const Moment &, SiteId, const model::Phase &P) override { Phases.end(P); }
  void finish(std::vector<Finding> &Out) override;
  void remarks(std::vector<Remark> &Out) const override;

private:
  // What makes two edges different to every rule; the stacks of the evidence are not among it.
  struct Key {
    InstanceId From, To;
    uint64_t Gates; // hash of all that was held, in any order
    uint64_t PhaseMask;
    uint32_t Who; // context, or None for any caller
    SegmentId Segment;
    uint32_t Flags; // From shared, To shared, private, waits
    bool operator==(const Key &) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key &K) const;
  };
  struct Group;

  void addEdges(const Moment &M, const Hold &New, bool Waits);
  bool anyCaller(ContextId C, uint64_t PhaseMask) const;
  Certainty certaintyOf(llvm::ArrayRef<uint32_t> Cycle) const;
  std::vector<std::string> classNames(llvm::ArrayRef<uint32_t> Cycle) const;
  Finding describe(const Group &G) const;

  ActivePhases Phases;
  HappensBefore Order;
  std::vector<OrderEdge> Edges;
  std::unordered_map<Key, uint32_t, KeyHash> Known; // -> index into Edges
  std::vector<uint8_t> Writers;                     // by instance: somebody took it exclusively
  std::vector<Step> Waiters;                        // contexts that waited when the recording ended
  bool BudgetSpent = false;
};

} // namespace underlock

#endif
