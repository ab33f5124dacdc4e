// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// order: lock-order cycles of any length, over lock instances.
//
//   observed   the recording ends with the contexts of the cycle waiting for each other
//   assumed    a cycle of instances, none of whose edges the rules of Cycles.cpp keep from meeting
//   possible   a cycle of classes whose instances never form one here; or one through an object's lock that, in a
//              program, only its creator had taken so far (nobody else may know the object yet)
//
// Waits for what is no lock (the model's `waits`) are edges too: to it from all that is held meanwhile, and from it to
// what its bringer has to take (Sections.h); a reference is held by who has it. A cycle with such an edge is a
// wait-cycle.
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

bool underlock::cannotMeet(const Recording &R, const HappensBefore &Order, const Stretch &Moment,
                           const Stretch &Other) {
  if (R.Model.Who == model::Threads::Any)
    return Moment.PhaseMask || Other.PhaseMask || (Moment.Who == Other.Who && !standsForAny(R, Moment.Who, 0));
  return Moment.Who == Other.Who ||
         (!Order.concurrent(Moment.First, Other.First) && !Order.concurrent(Moment.First, Other.Last));
}

// ---- While the replay runs ----

void OrderAnalysis::acquired(const Moment &M, const Hold &New) {
  if (M.Held.empty())
    Drained.begins(M.Context);
  if (!New.ByTry) {
    WritersOf.waits(New.Lock, New.Mode);
    if (!M.Held.empty())
      addEdges(M, New, false);
  }
  if (!Behind.watches())
    return;
  if (R.Sites[New.Place.Site].Verb == UNDERLOCK_VERB_WAIT)
    Behind.waited(M.Context);
  if (!New.ByTry && Behind.watches(M.Context))
    took(M, New, false);
  if (M.Context >= Knew.size())
    Knew.resize(M.Context + 1);
  auto &Own = Knew[M.Context];
  if (Own.size() > M.Held.size()) // released elsewhere, or unseen
    llvm::erase_if(Own, [&](const auto &K) {
      return llvm::none_of(M.Held, [&](const Hold &H) { return H.own() && H.Lock == K.first; });
    });
  Own.push_back({New.Lock, Behind.Order.known(M.Context)});
}

void OrderAnalysis::released(const Moment &M, const Hold &Old, SiteId) {
  if (M.Context >= Knew.size())
    return;
  auto &Own = Knew[M.Context];
  auto It = std::find_if(Own.rbegin(), Own.rend(), [&](const auto &K) { return K.first == Old.Lock; });
  if (It != Own.rend())
    Own.erase(std::next(It).base());
}

static Hold wanted(InstanceId Lock, model::Mode Mode, PlaceRef At, Ticks Since) {
  Hold Wanted;
  Wanted.Lock = Lock;
  Wanted.Mode = Mode;
  Wanted.Place = At;
  Wanted.Since = Since;
  return Wanted;
}

void OrderAnalysis::awaited(const Moment &M, InstanceId Lock, PlaceRef At) {
  Hold Wanted = wanted(Lock, model::Mode::Exclusive, At, M.Time);
  if (!M.Held.empty()) {
    addEdges(M, Wanted, false);
    if (endsWhenDrained(Lock))
      Drained.add(M.Context, Lock);
  }
  if (!Behind.watches())
    return;
  ContextId Ends = R.Instances[Lock].EndOf;
  if (!M.Held.empty() && Ends == None)
    addBehind(Lock, Behind.beforeSignal(M.Context, Lock));
  if (Ends != None) {
    if (!M.Held.empty() || Behind.isThread(M.Context))
      addBehind(Lock, Behind.beforeEnd(Ends));
    Behind.forget(Ends);
  }
  Behind.Order.await(M.Context, Lock);
  Behind.waited(M.Context);
  if (Behind.watches(M.Context))
    took(M, Wanted, false);
}

void OrderAnalysis::signalled(const Moment &M, InstanceId Lock, PlaceRef) {
  if (!Behind.watches())
    return;
  Behind.signalled(M.Context, Lock);
  Behind.Order.signal(M.Context, Lock);
}

void OrderAnalysis::failed(const Moment &, InstanceId Lock, PlaceRef At) {
  if (R.Sites[At.Site].Verb != UNDERLOCK_VERB_TRY)
    WritersOf.waits(Lock, R.Sites[At.Site].Mode);
}

void OrderAnalysis::waiting(const Moment &M, InstanceId Lock, PlaceRef At, Ticks Since) {
  Hold Wanted = wanted(Lock, R.Sites[At.Site].Mode, At, Since);
  WritersOf.waits(Lock, Wanted.Mode);
  addEdges(M, Wanted, true);
  if (Behind.watches(M.Context))
    took(M, Wanted, true);
  Waiters.push_back(stepAt(M, Step::Kind::Waits, At, Lock));
}

void OrderAnalysis::fork(const Moment &M, uint64_t Token) {
  Order.fork(M.Context, Token);
  if (Behind.watches())
    Behind.Order.fork(M.Context, Token);
}

void OrderAnalysis::start(const Moment &M, uint64_t Token) {
  Order.start(M.Context, Token);
  if (!Behind.watches())
    return;
  Behind.Order.start(M.Context, Token);
  Behind.started(M.Context);
}

// The join is told when it is over; what others did meanwhile, they did while it went on.
void OrderAnalysis::join(const Moment &M, uint64_t Token) {
  if (Behind.watches()) {
    if (M.Context >= BeforeJoin.size())
      BeforeJoin.resize(M.Context + 1, NoSegment);
    BeforeJoin[M.Context] = Order.segment(M.Context);
    Behind.Order.join(M.Context, Token);
  }
  Order.join(M.Context, Token);
}

void OrderAnalysis::contextEnd(const Moment &M) { Behind.ended(M.Context); }

// ---- Edges ----

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

Acquisition OrderAnalysis::acquisition(const Moment &M, const Hold &New, bool Waits) {
  bool Themselves = R.Model.Who == model::Threads::Themselves;
  Acquisition A;
  A.Context = M.Context;
  A.PhaseMask = Phases.mask(R.Model.ThemselvesDuring);
  A.AnyCaller = standsForAny(R, M.Context, A.PhaseMask);
  bool Joins = !Waits && R.Instances[New.Lock].EndOf != None && M.Context < BeforeJoin.size();
  A.Segment = !Themselves ? NoSegment : Joins ? BeforeJoin[M.Context] : Order.segment(M.Context);
  A.Waits = Waits;
  A.To = New.Lock;
  A.ToMode = New.Mode;
  A.Place = New.Place;
  A.Time = Waits ? New.Since : M.Time;
  A.Delegated = llvm::any_of(M.Held, [](const Hold &H) { return !H.own(); });
  return A;
}

// Of what was held, and where, in any order.
uint64_t OrderAnalysis::like(const Moment &M, const Acquisition &A) const {
  uint64_t Gates = 0;
  for (const Hold &H : M.Held) {
    uint32_t By = H.own() ? 0 : standsForAny(R, H.By, A.PhaseMask) ? 1 : H.By + 2;
    Gates += llvm::hash_combine(H.Lock, static_cast<int>(H.Mode), By);
  }
  return llvm::hash_combine(Gates, A.PhaseMask, static_cast<int>(A.ToMode), A.Waits);
}

bool OrderAnalysis::endsWhenDrained(InstanceId Lock) const {
  const model::Lock *Kind = R.classOf(Lock).Lock;
  return Kind && Kind->Kind == model::LockKind::Reference && Kind->Ends;
}

void OrderAnalysis::addEdges(const Moment &M, const Hold &New, bool Waits) {
  bool Themselves = R.Model.Who == model::Threads::Themselves;
  Acquisition A = acquisition(M, New, Waits);
  uint32_t Who = Themselves ? A.Segment : A.AnyCaller ? None : M.Context;
  Kind &K = Kinds[{like(M, A), uint64_t(A.To) << 32 | Who}];
  bool NoLock = !R.isLock(New.Lock);
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
    E.Private = Themselves && !(R.Instances[H.Lock].SharedUse && (NoLock || R.Instances[New.Lock].SharedUse));
    if (uint32_t Known = Unseen ? None : findEdge(K, Expected, E); Known != None) {
      ++Edges[Known].Count;
      Expected = Edges[Known].Next;
      continue;
    }
    if (!By) {
      A.Held = llvm::ArrayRef(M.Held).copy(Holds);
      if (endsWhenDrained(New.Lock))
        A.Busy = Drained.busy(M.Context);
      By = new (Acquisitions.Allocate()) Acquisition(A);
    }
    E.By = By;
    if (NoLock && H.own())
      E.Knew = knewWhenTaking(M.Context, H.Lock);
    addEdge(K, E);
  }
}

SignalOrder::Known OrderAnalysis::knewWhenTaking(ContextId C, InstanceId Lock) const {
  if (C >= Knew.size())
    return nullptr;
  auto It = llvm::find_if(Knew[C], [&](const auto &K) { return K.first == Lock; });
  return It == Knew[C].end() ? nullptr : It->second;
}

void OrderAnalysis::took(const Moment &M, const Hold &New, bool Waits) {
  Acquisition A = acquisition(M, New, Waits);
  uint64_t Like = llvm::hash_combine(like(M, A), A.To, A.Segment);
  Behind.took(M.Context, Like, [&] {
    auto Kept = std::make_shared<Acquisition>(A);
    Kept->OwnHeld.assign(M.Held.begin(), M.Held.end());
    Kept->Held = Kept->OwnHeld;
    return Kept;
  });
}

// What `Of` waits behind.
void OrderAnalysis::addBehind(InstanceId Of, const Sections::Before &Before) {
  for (const Sections::Taken &T : Before.What) {
    auto [It, New] = BehindEdges.try_emplace({Of, T.First.get()}, Edges.size());
    if (!New) {
      ++Edges[It->second].Count;
      Edges[It->second].Moment = T.Moment;
      continue;
    }
    Used.push_back(T.First);
    OrderEdge E;
    E.By = T.First.get();
    E.From = Of;
    E.FromMode = model::Mode::Shared;
    E.Behind = true;
    E.Guess = !Before.Alone;
    E.Moment = T.Moment;
    Edges.push_back(std::move(E));
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
    AnyPrivate |= Edges[C[I]].Private || Edges[C[I]].Guess;
    for (size_t J = 0; J < I; ++J)
      AllWait &= Edges[C[I]].By->Context != Edges[C[J]].By->Context;
  }
  return AllWait ? Certainty::Observed : AnyPrivate ? Certainty::Possible : Certainty::Assumed;
}

std::vector<std::string> OrderAnalysis::classNames(llvm::ArrayRef<uint32_t> C) const {
  std::vector<std::string> Names;
  for (uint32_t E : C)
    Names.push_back(R.className(Edges[E].From));
  return fromTheSmallest(std::move(Names));
}

// Several can hold one reference: where one who is further along holds it too, the cycle without those between is the
// same deadlock.
bool OrderAnalysis::isReducible(llvm::ArrayRef<uint32_t> C) const {
  for (size_t I = 0; I < C.size(); ++I) {
    const OrderEdge &E = Edges[C[I]];
    const model::Lock *Kind = R.classOf(E.to()).Lock;
    if (!Kind || Kind->Kind != model::LockKind::Reference)
      continue;
    for (size_t J = 2; J < C.size(); ++J)
      if (llvm::any_of(Edges[C[(I + J) % C.size()]].By->Held, [&](const Hold &H) { return H.Lock == E.to(); }))
        return true;
  }
  return false;
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
  for (const OrderEdge *E : Edges)
    if (E->Behind && R.Instances[E->From].EndOf == None)
      Out.push_back("nothing but " + R.contextName(E->By->Context) + " signals " + R.lockName(E->From) +
                    (E->Guess ? ", though others have in this recording" : ": nothing else did in this recording"));
  if (llvm::any_of(Edges, [](const OrderEdge *E) { return E->Private; }))
    Out.push_back("the object of a lock that only its creator had taken so far is known to other threads by then");
  return Out;
}

static Step stepOf(const Recording &R, const OrderEdge &E) {
  Step S;
  S.What = E.By->Waits ? Step::Kind::Waits : Step::Kind::Acquires;
  S.Context = E.By->Context;
  S.Place = E.By->Place;
  S.Lock = E.By->To;
  S.Mode = E.By->ToMode;
  S.Held = E.By->Held.vec();
  S.Time = E.By->Time;
  S.Count = E.Count;
  if (E.Behind)
    S.Says =
        "is wanted before " + (R.Instances[E.From].EndOf != None ? "it ends" : R.lockName(E.From) + " is signalled");
  return S;
}

std::optional<std::vector<std::string>> OrderAnalysis::rules() const {
  return std::vector<std::string>{"inversion", "wait-cycle"};
}

// One holds `Held` and waits for `For`, the other one brings that about, and takes the first before.
static std::string waitTitle(const Recording &R, InstanceId Held, InstanceId For) {
  const model::Lock &Kind = *R.classOf(For).Lock;
  std::string What = Kind.What.empty() ? Kind.Id : Kind.What, Name = R.lockName(For);
  switch (Kind.Kind) {
  case model::LockKind::Reference:
    if (Kind.isHeldDuring())
      return R.lockName(Held) + " is held while " + What + " is waited for, and is wanted in there";
    return R.lockName(Held) + " is held while the last " + What + " is waited for, and is wanted by who holds one";
  case model::LockKind::Thread:
    return R.lockName(Held) + " is held while " + Name + " is waited for, and is wanted there before";
  default:
    return R.lockName(Held) + " is held while " + Name + " is waited for, and is wanted before that is signalled";
  }
}

Finding OrderAnalysis::describe(const Group &G) const {
  Finding F;
  F.Analysis = "order";
  std::optional<size_t> Waits; // the edge that waits for what is no lock
  for (size_t I = 0; I < G.Best.size(); ++I)
    if (!R.isLock(Edges[G.Best[I]].to()))
      Waits = I;
  F.Rule = Waits ? "wait-cycle" : "inversion";
  F.Sure = G.Sure;
  F.Identity = G.Classes;
  std::vector<const OrderEdge *> Chosen;
  std::vector<std::string> Locks, Who;
  for (uint32_t E : G.Best) {
    Chosen.push_back(&Edges[E]);
    F.Steps.push_back(stepOf(R, Edges[E]));
    Locks.push_back(R.lockName(Edges[E].From));
    Who.push_back(R.contextName(Edges[E].By->Context));
  }
  if (G.Sure == Certainty::Observed)
    F.Title = "deadlock: " + llvm::join(Who, " and ") + " wait for each other over " + llvm::join(Locks, " and ");
  else if (Waits && Locks.size() == 2 && R.isLock(Edges[G.Best[*Waits]].From))
    F.Title = waitTitle(R, Edges[G.Best[*Waits]].From, Edges[G.Best[*Waits]].to());
  else if (Waits)
    F.Title = llvm::join(Locks, ", ") + " are waited for in a circle";
  else if (Locks.size() == 2 && Locks[0] == Locks[1])
    F.Title = "two locks " + Locks[0] + " are taken in both orders";
  else if (Locks.size() == 2)
    F.Title = Locks[0] + " and " + Locks[1] + " are taken in both orders";
  else
    F.Title = llvm::join(Locks, ", ") + " are taken in a circle";
  F.Assumptions = assumptions(R, G.Sure, Chosen);
  if (G.Sure == Certainty::Observed)
    F.Why = Waits ? "each waits for what the next one keeps from coming, for ever"
                  : "each waits for a lock that the next one holds, for ever";
  else
    F.Why = Waits ? "who waits holds what the one needs that is waited for: neither goes on"
                  : "each path can hold its first lock while it waits for the next path's";
  return F;
}

void OrderAnalysis::finish(std::vector<Finding> &Out) {
  for (const Step &W : Waiters)
    if (ContextId Ends = R.Instances[W.Lock].EndOf; Ends != None)
      addBehind(W.Lock, Behind.beforeEnd(Ends));
  CycleRules Rules{Edges, Order, WritersOf, Drained, R};
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
      [&](const Cycle &C) { return isReducible(C) || Note(C, certaintyOf(C)); });
  // Classes only: what no group has yet.
  findCycles(
      Rules, [&](InstanceId I) { return R.Instances[I].Class; }, MaxClassCycle, ClassSearchBudget,
      [&](const Cycle &C) {
        // The ends of threads are of one class, which says nothing.
        bool Ends = llvm::any_of(C, [&](uint32_t E) { return R.Instances[Edges[E].From].EndOf != None; });
        return Ends || isReducible(C) || Groups.count(classNames(C)) || Note(C, Certainty::Possible);
      });
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
}
