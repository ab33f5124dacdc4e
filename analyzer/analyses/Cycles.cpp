// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finding cycles in the graph of order edges, and what cuts one away.
//
// The method is Goodlock's (Havelund, "Using runtime analysis to guide model checking of Java programs", SPIN 2000; for
// any length and with gate locks: Bensalem and Havelund, "Dynamic deadlock analysis of multi-threaded programs", HVC
// 2005), widened by fork/join order, shared mode and threads that stand for any caller.
//
// Strongly connected components first: most locks are in none, and a search never leaves the one it is in. Within one,
// a depth-first search from each lock, smallest first and never back below it, so that each cycle is found once, by its
// smallest lock. A rule that two edges break is checked when the second one is tried, not when the cycle is whole.
#include "analyzer/analyses/Cycles.h"
#include "llvm/ADT/STLExtras.h"

using namespace underlock;

static bool shared(model::Mode M) { return M == model::Mode::Shared; }

// Who is engaged in an acquisition: who makes it, and who waits for that meanwhile. Nobody can be engaged in two.
static bool engagedInBoth(const Recording &R, const Acquisition &A, const Acquisition &B) {
  auto Engages = [](const Acquisition &In, ContextId C) {
    return In.Context == C || llvm::any_of(In.Held, [&](const Hold &H) { return H.By == C; });
  };
  auto Alone = [&](ContextId C) { return Engages(B, C) && !standsForAny(R, C, A.PhaseMask); };
  return Alone(A.Context) || llvm::any_of(A.Held, [&](const Hold &H) { return !H.own() && Alone(H.By); });
}

bool CycleRules::isBehind(const Acquisition &A, const Acquisition &B) const {
  return A.Busy && llvm::any_of(B.Held, [&](const Hold &H) { return Drained.has(H.Lock, A.Context, *A.Busy); });
}

bool CycleRules::canMeet(const Acquisition &A, const Acquisition &B) const {
  // During boot and init calls tasks are who they are, and nothing of later is there yet.
  if (A.PhaseMask != B.PhaseMask)
    return false;
  if (A.Context == B.Context && !(A.AnyCaller && B.AnyCaller))
    return false;
  if (!A.AnyCaller && !B.AnyCaller && !Order.concurrent(A.Segment, B.Segment))
    return false;
  if ((A.Delegated || B.Delegated) && engagedInBoth(R, A, B))
    return false;
  if (isBehind(A, B) || isBehind(B, A))
    return false;
  // Reaching its own edge, a context holds `From` as well as the other locks, so all that is held counts.
  return !haveGate(A.Held, B.Held);
}

bool CycleRules::blocks(const OrderEdge &Waiter, const OrderEdge &Holder) const {
  // What had to be taken before a signal, or an end, was taken for the last time before the holder took it.
  if (Waiter.Behind && SignalOrder::isOver(Waiter.By->Context, Waiter.Moment, Holder.Knew))
    return false;
  if (!shared(Waiter.By->ToMode) || !shared(Holder.FromMode))
    return true;
  // A reader stops for a reader only where a writer waits between them, and never where readers may nest.
  const model::Lock *Kind = R.classOf(Waiter.to()).Lock;
  if (Kind && Kind->Recursive)
    return false;
  return HasWriter.has(Waiter.to());
}

namespace {

class Finder {
public:
  Finder(const CycleRules &Rules, llvm::function_ref<uint32_t(InstanceId)> NodeOf, unsigned MaxLength, uint64_t Budget,
         llvm::function_ref<bool(const Cycle &)> Found)
      : Rules(Rules), NodeOf(NodeOf), MaxLength(MaxLength), Budget(Budget), Found(Found) {}

  bool run() {
    for (uint32_t E = 0; E < Rules.Edges.size(); ++E) {
      uint32_t From = NodeOf(Rules.Edges[E].From), To = NodeOf(Rules.Edges[E].to());
      uint32_t Needed = std::max(From, To) + 1;
      if (Out.size() < Needed)
        Out.resize(Needed);
      Out[From].push_back(E);
    }
    components();
    // Short cycles first: they are the ones that a person believes.
    for (Limit = 1; Limit <= MaxLength; ++Limit)
      for (Start = 0; Start < Out.size(); ++Start)
        if (InCycle[Component[Start]] && !extend(Start))
          return false;
    return true;
  }

private:
  // Tarjan's algorithm with a stack of its own: lock graphs of kernels are deep.
  void components() {
    Component.assign(Out.size(), None);
    std::vector<uint32_t> Index(Out.size(), 0), Low(Out.size(), 0), Stack;
    std::vector<bool> OnStack(Out.size(), false);
    std::vector<std::pair<uint32_t, size_t>> Work;
    uint32_t Next = 0;
    for (uint32_t Root = 0; Root < Out.size(); ++Root) {
      if (Index[Root])
        continue;
      Work.push_back({Root, 0});
      while (!Work.empty()) {
        auto &[Node, Edge] = Work.back();
        if (Edge == 0 && !Index[Node]) {
          Index[Node] = Low[Node] = ++Next;
          Stack.push_back(Node);
          OnStack[Node] = true;
        }
        if (Edge < Out[Node].size()) {
          uint32_t To = NodeOf(Rules.Edges[Out[Node][Edge++]].to());
          if (!Index[To])
            Work.push_back({To, 0});
          else if (OnStack[To])
            Low[Node] = std::min(Low[Node], Index[To]);
          continue;
        }
        uint32_t Done = Node;
        if (Low[Done] == Index[Done]) {
          uint32_t Id = InCycle.size(), Members = 0;
          for (uint32_t Member = None; Member != Done; ++Members) {
            Member = Stack.back();
            Stack.pop_back();
            OnStack[Member] = false;
            Component[Member] = Id;
          }
          InCycle.push_back(Members > 1);
        }
        Work.pop_back();
        if (!Work.empty())
          Low[Work.back().first] = std::min(Low[Work.back().first], Low[Done]);
      }
    }
  }

  bool onPath(uint32_t Node) const {
    return llvm::any_of(Path, [&](uint32_t E) { return NodeOf(Rules.Edges[E].From) == Node; });
  }

  bool fits(const OrderEdge &E) const {
    if (!Path.empty() && !Rules.blocks(Rules.Edges[Path.back()], E))
      return false;
    return llvm::all_of(Path, [&](uint32_t P) { return Rules.canMeet(*Rules.Edges[P].By, *E.By); });
  }

  // Tries every edge out of `Node`. False: stop altogether.
  bool extend(uint32_t Node) {
    for (uint32_t Index : Out[Node]) {
      if (Budget-- == 0)
        return false;
      const OrderEdge &E = Rules.Edges[Index];
      uint32_t To = NodeOf(E.to());
      if (To < Start || To == Node || Component[To] != Component[Start] || !fits(E))
        continue;
      bool Closes = To == Start;
      // Each length has a round of its own, so a cycle is reported in the round of its length alone.
      if (Closes != (Path.size() + 1 == Limit) || (!Closes && onPath(To)))
        continue;
      Path.push_back(Index);
      bool GoOn = true;
      if (!Closes)
        GoOn = extend(To);
      else if (Rules.blocks(E, Rules.Edges[Path.front()]))
        GoOn = Found(Path);
      Path.pop_back();
      if (!GoOn)
        return false;
    }
    return true;
  }

  const CycleRules &Rules;
  llvm::function_ref<uint32_t(InstanceId)> NodeOf;
  unsigned MaxLength, Limit = 0;
  uint64_t Budget;
  llvm::function_ref<bool(const Cycle &)> Found;
  std::vector<std::vector<uint32_t>> Out; // edges by node
  std::vector<uint32_t> Component;
  std::vector<bool> InCycle; // by component
  uint32_t Start = 0;
  Cycle Path;
};

} // namespace

bool underlock::findCycles(const CycleRules &Rules, llvm::function_ref<uint32_t(InstanceId)> NodeOf, unsigned MaxLength,
                           uint64_t Budget, llvm::function_ref<bool(const Cycle &)> Found) {
  return Finder(Rules, NodeOf, MaxLength, Budget, Found).run();
}
