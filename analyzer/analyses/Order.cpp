// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// order: lock-order cycles of any length, over lock instances.
//
//   observed   the recording ends with the contexts of the cycle waiting for each other
//   assumed    a cycle of instances, none of whose edges the rules of Cycles.cpp keep from meeting
//   possible   a cycle of classes whose instances never form one here; or one through an object's lock that, in a
//              program, only its creator had taken so far (nobody else may know the object yet)
//
// A try never waits, so it makes no edge; what was got by a try is held like anything else. One finding for each cycle
// of classes: its fix is one rule of order, however many objects take part.
#include "analyzer/analyses/Order.h"
#include "analyzer/analyses/Cycles.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <map>

using namespace underlock;

// Longer cycles are hard to believe and harder to mend, and the search for them grows without bound.
static constexpr unsigned MaxCycle = 8, MaxClassCycle = 4;
static constexpr uint64_t SearchBudget = 50'000'000, ClassSearchBudget = 5'000'000;

// A thread that is neither an interrupt nor bound to a CPU. (A kernel in userspace has threads for tasks.)
static bool isTask(underlock_context_kind Kind) {
  return Kind == UNDERLOCK_CONTEXT_TASK || Kind == UNDERLOCK_CONTEXT_THREAD;
}

bool underlock::standsForAny(const Recording &R, ContextId C, uint64_t PhaseMask) {
  return R.Model.Who == model::Threads::Any && isTask(R.Contexts[C].Kind) && PhaseMask == 0;
}

// ---- While the replay runs ----

void OrderAnalysis::acquired(const Moment &M, const Hold &New) {
  if (New.Lock >= Writers.size())
    Writers.resize(New.Lock + 1, 0);
  Writers[New.Lock] |= New.Mode != model::Mode::Shared;
  if (!M.Held.empty() && !New.ByTry)
    addEdges(M, New, false);
}

void OrderAnalysis::waiting(const Moment &M, InstanceId Lock, PlaceRef At, Ticks Since) {
  Hold Wanted;
  Wanted.Lock = Lock;
  Wanted.Mode = R.Sites[At.Site].Mode;
  Wanted.Place = At;
  Wanted.Since = Since;
  addEdges(M, Wanted, true);
  Step W;
  W.What = Step::Kind::Waits;
  W.Context = M.Context;
  W.Place = At;
  W.Lock = Lock;
  W.Held.assign(M.Held.begin(), M.Held.end());
  Waiters.push_back(std::move(W));
}

// Locks are mostly taken in the order of the time before, so `Expected` is mostly the one.
uint32_t OrderAnalysis::findEdge(const Kind &K, uint32_t Expected, const OrderEdge &Like) const {
  auto Same = [&](const OrderEdge &E) {
    return E.From == Like.From && E.FromMode == Like.FromMode && E.Private == Like.Private;
  };
  for (uint32_t From : {Expected, K.First})
    for (uint32_t E = From; E != None; E = Edges[E].Next)
      if (Same(Edges[E]))
        return E;
  return None;
}

void OrderAnalysis::addEdge(Kind &K, OrderEdge E) {
  uint32_t Index = Edges.size();
  (K.First == None ? K.First : Edges[K.Last].Next) = Index;
  K.Last = Index;
  Edges.push_back(std::move(E));
}

void OrderAnalysis::addEdges(const Moment &M, const Hold &New, bool Waits) {
  bool Themselves = R.Model.Who == model::Threads::Themselves;
  Acquisition A;
  A.Context = M.Context;
  A.PhaseMask = Phases.mask(R.Model.ThemselvesDuring);
  A.AnyCaller = standsForAny(R, M.Context, A.PhaseMask);
  A.Segment = Themselves ? Order.segment(M.Context) : NoSegment;
  A.Waits = Waits;
  A.To = New.Lock;
  A.ToMode = New.Mode;
  A.Place = New.Place;
  A.Time = Waits ? New.Since : M.Time;

  uint64_t Gates = 0;
  for (const Hold &H : M.Held) {
    uint32_t By = H.own() ? 0 : standsForAny(R, H.By, A.PhaseMask) ? 1 : H.By + 2;
    Gates += llvm::hash_combine(H.Lock, static_cast<int>(H.Mode), By);
    A.Delegated |= !H.own();
  }
  Gates = llvm::hash_combine(Gates, A.PhaseMask, static_cast<int>(A.ToMode), Waits);
  uint32_t Who = Themselves ? A.Segment : A.AnyCaller ? None : M.Context;
  Kind &K = Kinds[{Gates, uint64_t(A.To) << 32 | Who}];
  bool Unseen = K.First == None;
  uint32_t Expected = K.First;
  const Acquisition *By = nullptr;
  for (const Hold &H : M.Held) {
    // Taking a lock again is self's matter.
    if (H.Lock == New.Lock)
      continue;
    OrderEdge E;
    E.From = H.Lock;
    E.FromMode = H.Mode;
    E.Private = Themselves && !(R.Instances[H.Lock].SharedUse && R.Instances[New.Lock].SharedUse);
    if (uint32_t Known = Unseen ? None : findEdge(K, Expected, E); Known != None) {
      ++Edges[Known].Count;
      Expected = Edges[Known].Next;
      continue;
    }
    if (!By) {
      A.Held = llvm::ArrayRef(M.Held).copy(Holds);
      By = new (Acquisitions.Allocate()) Acquisition(A);
    }
    E.By = By;
    addEdge(K, E);
  }
}

// ---- At the end ----

// All instance cycles over the same classes.
struct OrderAnalysis::Group {
  Cycle Best;
  Certainty Sure = Certainty::Possible;
  uint64_t Cycles = 0;
  std::vector<std::string> Classes; // as in Identity
};

Certainty OrderAnalysis::certaintyOf(llvm::ArrayRef<uint32_t> C) const {
  bool AllWait = true, AnyPrivate = false;
  for (size_t I = 0; I < C.size(); ++I) {
    AllWait &= Edges[C[I]].By->Waits;
    AnyPrivate |= Edges[C[I]].Private;
    for (size_t J = 0; J < I; ++J)
      AllWait &= Edges[C[I]].By->Context != Edges[C[J]].By->Context;
  }
  return AllWait ? Certainty::Observed : AnyPrivate ? Certainty::Possible : Certainty::Assumed;
}

// The classes of the cycle, from the smallest on: the same whichever lock the search began with.
std::vector<std::string> OrderAnalysis::classNames(llvm::ArrayRef<uint32_t> C) const {
  std::vector<std::string> Names;
  for (uint32_t E : C)
    Names.push_back(R.className(Edges[E].From));
  std::vector<std::string> Best = Names;
  for (size_t I = 1; I < Names.size(); ++I) {
    std::rotate(Names.begin(), Names.begin() + 1, Names.end());
    Best = std::min(Best, Names);
  }
  return Best;
}

static std::vector<std::string> assumptions(const Recording &R, Certainty Sure,
                                            llvm::ArrayRef<const OrderEdge *> Edges) {
  std::vector<std::string> Out;
  if (Sure == Certainty::Observed)
    return Out;
  if (R.Model.Who == model::Threads::Any)
    Out.push_back("these paths can run at the same time: the model says that a task stands for any caller");
  else
    Out.push_back(
        "these threads can reach these places at the same time: no fork, join or common lock of this recording "
        "keeps them apart");
  for (const OrderEdge *E : Edges)
    if (E->By->ToMode == model::Mode::Shared) {
      Out.push_back("a writer waits for " + R.lockName(E->to()) + " between two readers, where a reader waits");
      break;
    }
  if (llvm::any_of(Edges, [](const OrderEdge *E) { return E->Private; }))
    Out.push_back("the object of a lock that only its creator had taken so far is known to other threads by then");
  return Out;
}

static Step stepOf(const OrderEdge &E) {
  Step S;
  S.What = E.By->Waits ? Step::Kind::Waits : Step::Kind::Acquires;
  S.Context = E.By->Context;
  S.Place = E.By->Place;
  S.Lock = E.By->To;
  S.Mode = E.By->ToMode;
  S.Held = E.By->Held.vec();
  S.Time = E.By->Time;
  S.Count = E.Count;
  return S;
}

Finding OrderAnalysis::describe(const Group &G) const {
  Finding F;
  F.Analysis = "order";
  F.Rule = "inversion";
  F.Sure = G.Sure;
  F.Identity = G.Classes;
  std::vector<const OrderEdge *> Chosen;
  std::vector<std::string> Locks, Who;
  for (uint32_t E : G.Best) {
    Chosen.push_back(&Edges[E]);
    F.Steps.push_back(stepOf(Edges[E]));
    Locks.push_back(R.lockName(Edges[E].From));
    Who.push_back(R.contextName(Edges[E].By->Context));
  }
  if (G.Sure == Certainty::Observed)
    F.Title = "deadlock: " + llvm::join(Who, " and ") + " wait for each other over " + llvm::join(Locks, " and ");
  else if (Locks.size() == 2 && Locks[0] == Locks[1])
    F.Title = "two locks " + Locks[0] + " are taken in both orders";
  else if (Locks.size() == 2)
    F.Title = Locks[0] + " and " + Locks[1] + " are taken in both orders";
  else
    F.Title = llvm::join(Locks, ", ") + " are taken in a circle";
  F.Assumptions = assumptions(R, G.Sure, Chosen);
  F.Why = G.Sure == Certainty::Observed ? "each waits for a lock that the next one holds, for ever"
                                        : "each path can hold its first lock while it waits for the next path's";
  return F;
}

void OrderAnalysis::finish(std::vector<Finding> &Out) {
  CycleRules Rules{Edges, Order, Writers, R};
  std::map<std::vector<std::string>, Group> Groups;
  auto Note = [&](const Cycle &C, Certainty Sure) {
    std::vector<std::string> Classes = classNames(C);
    Group &G = Groups[Classes];
    if (G.Cycles++ == 0 || Sure > G.Sure) {
      G.Best = C;
      G.Sure = Sure;
      G.Classes = std::move(Classes);
    }
    return true;
  };
  BudgetSpent = !findCycles(
      Rules, [](InstanceId I) { return I; }, MaxCycle, SearchBudget,
      [&](const Cycle &C) { return Note(C, certaintyOf(C)); });
  // Classes only: what no group has yet.
  findCycles(
      Rules, [&](InstanceId I) { return R.Instances[I].Class; }, MaxClassCycle, ClassSearchBudget,
      [&](const Cycle &C) { return Groups.count(classNames(C)) || Note(C, Certainty::Possible); });
  for (const auto &[Classes, G] : Groups)
    Out.push_back(describe(G));
}

void OrderAnalysis::remarks(std::vector<Remark> &Out) const {
  if (BudgetSpent)
    Out.push_back(
        {Remark::Kind::Warning, llvm::formatv("the search for lock-order cycles was given up after {0} steps: "
                                              "longer cycles may have been missed",
                                              SearchBudget)
                                    .str()});
  for (const Step &W : Waiters) {
    std::string Holder;
    auto Holds = [&](const Step &Of, bool Own) {
      return llvm::find_if(Of.Held, [&](const Hold &H) { return H.Lock == W.Lock && H.own() == Own; });
    };
    for (const Step &Other : Waiters)
      if (Holds(Other, true) != Other.Held.end())
        Holder = ", held by " + (Other.Context == W.Context ? "itself" : R.contextName(Other.Context));
    if (auto Delegated = Holds(W, false); Delegated != W.Held.end())
      Holder = ", held by " + R.contextName(Delegated->By) + ", which waited for it";
    Out.push_back({Remark::Kind::Note, R.contextName(W.Context) + " still waited for " + R.lockName(W.Lock) + Holder +
                                           ", when the recording ended"});
  }
}
