// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// phase: events that are excluded during a phase of another context (`excluded-during` of a contract).
//
//   observed   the event happened while the phase went on
//   assumed    it happened before or after, and nothing of this recording would have kept it out: no lock that both
//              hold, not shared by both, and no fork or join between them
//   possible   they hold locks of one class, which here were two locks
//
// What the phase's own context does is the phase's work, and so is what is done for it while it waits (delegation). A
// lock counts for the phase when it is held from begin to end: the lock that bringup_cpu() takes around __cpu_up()
// does, one that is taken inside does not. The event is right, too, where its context holds one of the contract's
// `unless`. While nothing else can run (`themselves-during`), nothing has to be kept apart.
//
// One finding for each event and phase, whatever paths lead to them: where the lock is missing around the phase, every
// path to the event is at odds with it, and that is one defect.
#include "analyzer/analyses/Phase.h"
#include "analyzer/analyses/Order.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <map>

using namespace underlock;

// Pairs are compared at the end. More kinds than this of one or the other are dropped, and that is said.
static constexpr size_t MaxKinds = 4096;

std::optional<std::vector<std::string>> PhaseAnalysis::rules() const {
  std::vector<std::string> Out;
  for (const model::Contract &C : R.Model.Contracts)
    if (C.analysis() == name())
      Out.push_back(C.Id);
  return Out;
}

PhaseAnalysis::PhaseAnalysis(const Recording &R) : Analysis(R), Phases(R.Model) {
  ByEvent.resize(R.Model.Events.size());
  for (const model::Contract &C : R.Model.Contracts) {
    const model::Event *E = R.Model.findEvent(C.Event);
    if (!E || C.ExcludedDuring.empty())
      continue;
    ByEvent[E - R.Model.Events.data()].push_back(Statistics.size());
    Statistics.push_back({&C});
    for (const std::string &Id : C.ExcludedDuring)
      if (const model::Phase *P = R.Model.findPhase(Id))
        Wanted.insert(P);
  }
  for (const model::Phase *P : Wanted)
    if (P->FromStart) {
      Interval I;
      I.Phase = P;
      Active.push_back(I);
      Seen.insert(P);
    }
}

bool PhaseAnalysis::excluded(const model::Contract &C, const model::Phase &P) const {
  return llvm::is_contained(C.ExcludedDuring, P.Id);
}

static uint64_t hashOf(llvm::ArrayRef<Hold> Held) {
  uint64_t H = 0;
  for (const Hold &L : Held)
    H += llvm::hash_combine(L.Lock, static_cast<int>(L.Mode), L.By);
  return H;
}

// ---- While the replay runs ----

void PhaseAnalysis::phaseBegin(const Moment &M, PlaceRef At, const model::Phase &P) {
  if (Wanted.contains(&P)) {
    Seen.insert(&P);
    Interval I;
    I.Phase = &P;
    I.Begin = stepAt(M, Step::Kind::Event, At);
    I.PhaseMask = Phases.mask(R.Model.ThemselvesDuring);
    if (R.Model.Who == model::Threads::Themselves)
      I.First = Order.segment(M.Context);
    Active.push_back(std::move(I));
  }
  Phases.begin(P);
}

void PhaseAnalysis::phaseEnd(const Moment &M, SiteId, const model::Phase &P) {
  Phases.end(P);
  for (size_t A = Active.size(); A-- > 0;) {
    Interval &I = Active[A];
    if (I.Phase != &P || (I.Begin.Context != M.Context && !P.FromStart))
      continue;
    llvm::erase_if(I.Begin.Held, [&](const Hold &H) {
      return llvm::none_of(M.Held, [&](const Hold &Now) { return Now.Lock == H.Lock && Now.Since == H.Since; });
    });
    if (R.Model.Who == model::Threads::Themselves)
      I.Last = Order.segment(M.Context);
    Interval Ended = std::move(I);
    Active.erase(Active.begin() + A);
    if (!P.FromStart)
      keep(std::move(Ended));
    return;
  }
}

void PhaseAnalysis::keep(Interval I) {
  uint64_t Key = llvm::hash_combine(I.Phase, I.Begin.Context, I.Begin.Place.Site, I.Begin.Place.Stack,
                                    hashOf(I.Begin.Held), I.First, I.Last, I.PhaseMask);
  auto [It, New] = Known.try_emplace(Key, 0);
  if (!New)
    return;
  if (Intervals.size() < MaxKinds) {
    Intervals.push_back(std::move(I));
  } else {
    Known.erase(It); // as with events below: each one that comes is counted, and no more are remembered
    ++Dropped;
  }
}

void PhaseAnalysis::event(const Moment &M, PlaceRef At, llvm::ArrayRef<uint64_t>) {
  const model::Event *E = R.Sites[At.Site].Event;
  if (!E)
    return;
  for (size_t Index : ByEvent[E - R.Model.Events.data()]) {
    ContractStatistics &S = Statistics[Index];
    const model::Contract *C = S.Contract;
    ++S.Exercised;
    if (Phases.anyActive(C->ExceptDuring)) {
      ++S.Exempt;
      continue;
    }
    if (llvm::any_of(M.Held, [&](const Hold &H) { return llvm::is_contained(C->Unless, R.classOf(H.Lock).Name); }))
      continue;
    Happening H;
    H.Contract = Index;
    H.Event = stepAt(M, Step::Kind::Event, At);
    H.PhaseMask = Phases.mask(R.Model.ThemselvesDuring);
    if (R.Model.Who == model::Threads::Themselves)
      H.Segment = Order.segment(M.Context);
    for (const Interval &I : Active) {
      bool ForIt = llvm::any_of(M.Held, [&](const Hold &L) { return !L.own() && L.By == I.Begin.Context; });
      if (excluded(*C, *I.Phase) && (I.Phase->FromStart || I.Begin.Context != M.Context) && !ForIt) {
        H.Inside.push_back(I.Phase - R.Model.Phases.data());
        H.Begins.push_back(I.Begin);
      }
    }
    uint64_t Key = llvm::hash_combine(C, M.Context, At.Site, At.Stack, hashOf(M.Held), H.Segment, H.PhaseMask,
                                      llvm::hash_combine_range(H.Inside.begin(), H.Inside.end()));
    auto [It, New] = Known.try_emplace(Key, Happenings.size());
    if (!New)
      ++Happenings[It->second].Event.Count;
    else if (Happenings.size() < MaxKinds)
      Happenings.push_back(std::move(H));
    else {
      Known.erase(It);
      ++Dropped;
    }
  }
}

// ---- At the end ----

// Can the event never come while the phase goes on, whatever the order of this run had been?
bool PhaseAnalysis::apart(const Happening &H, const Interval &I) const {
  ContextId Other = I.Begin.Context;
  if (cannotMeet(R, Order, {H.Event.Context, H.PhaseMask, H.Segment, H.Segment}, {Other, I.PhaseMask, I.First, I.Last}))
    return true;
  if (llvm::any_of(H.Event.Held, [&](const Hold &L) { return L.By == Other; }))
    return true; // work for the phase's context
  return haveGate(H.Event.Held, I.Begin.Held);
}

Certainty PhaseAnalysis::certaintyOf(const Happening &H, const Interval &I) const {
  for (const Hold &L : H.Event.Held)
    for (const Hold &G : I.Begin.Held)
      if (R.Instances[G.Lock].Class == R.Instances[L.Lock].Class && G.Lock != L.Lock)
        return Certainty::Possible;
  return Certainty::Assumed;
}

Finding PhaseAnalysis::describe(const Happening &H, const model::Phase &P, const Step &Begin, Certainty Sure) const {
  const model::Contract &C = *Statistics[H.Contract].Contract;
  const model::Event &E = *R.Model.findEvent(C.Event);
  Finding F = findingOf(C, &E, Sure);
  F.OneOfPaths = true;
  std::string What = E.What.empty() ? C.Event : E.What;
  F.Title = Sure == Certainty::Observed ? What + " during " + P.Id : What + ", and nothing keeps that out of " + P.Id;
  F.Steps.push_back(H.Event);
  if (!P.FromStart) {
    F.Steps.push_back(Begin);
    F.Steps.back().Says = P.Id + (Sure == Certainty::Observed ? " went on, since here" : " begins here");
  }
  if (Sure != Certainty::Observed)
    F.Assumptions = {"the two can come at the same time: no lock, fork or join of this recording keeps them apart"};
  if (Sure == Certainty::Possible)
    F.Assumptions.push_back("the locks of one class that both hold are not the same lock");
  F.Identity = {R.Sites[H.Event.Place.Site].Function, P.Id};
  return F;
}

void PhaseAnalysis::finish(std::vector<Finding> &Out) {
  for (Interval &I : Active) {
    I.Last = I.First;
    if (!I.Phase->FromStart)
      keep(std::move(I));
  }
  std::map<std::vector<std::string>, size_t> ByIdentity;
  auto Note = [&](Finding F) {
    std::vector<std::string> Key = F.Identity;
    Key.push_back(F.Rule);
    auto [It, New] = ByIdentity.try_emplace(Key, Out.size());
    if (New)
      Out.push_back(std::move(F));
    else {
      // The surest stands for all; of two like it, the first.
      Finding &Known = Out[It->second];
      uint64_t Count = Known.Steps.front().Count + F.Steps.front().Count;
      if (F.Sure > Known.Sure)
        Known = std::move(F);
      Known.Steps.front().Count = Count;
    }
  };
  for (const Happening &H : Happenings) {
    std::map<const model::Phase *, std::pair<const Step *, Certainty>> Meets; // by phase, where it does so most surely
    for (auto [Phase, Begin] : llvm::zip(H.Inside, H.Begins))
      Meets.try_emplace(&R.Model.Phases[Phase], &Begin, Certainty::Observed);
    for (const Interval &I : Intervals)
      if (excluded(*Statistics[H.Contract].Contract, *I.Phase) && !apart(H, I)) {
        Certainty Sure = certaintyOf(H, I);
        auto [It, New] = Meets.try_emplace(I.Phase, &I.Begin, Sure);
        if (!New && Sure > It->second.second)
          It->second = {&I.Begin, Sure};
      }
    for (const auto &[Phase, Where] : Meets)
      Note(describe(H, *Phase, *Where.first, Where.second));
    Statistics[H.Contract].Violated += Meets.empty() ? 0 : H.Event.Count;
  }
  // Without the phase nothing was put to the test, however often the event came.
  for (ContractStatistics &S : Statistics)
    if (llvm::none_of(Seen, [&](const model::Phase *P) { return excluded(*S.Contract, *P); }))
      S.Exercised = S.Exempt = 0;
}

void PhaseAnalysis::remarks(std::vector<Remark> &Out) const {
  for (const ContractStatistics &S : Statistics) {
    const model::Contract &C = *S.Contract;
    for (const std::string &Id : C.ExcludedDuring)
      if (!Seen.contains(R.Model.findPhase(Id)))
        Out.push_back({Remark::Kind::Warning, "contract " + C.Id + " was not put to the test against " + Id +
                                                  ": no such phase in this recording"});
    if (S.Exercised == 0)
      Out.push_back({Remark::Kind::Warning, "contract " + C.Id + " was never exercised: no event " + C.Event +
                                                " beside one of its phases in this recording"});
  }
  if (Dropped)
    Out.push_back({Remark::Kind::Warning, std::to_string(Dropped) +
                                              " event(s) or phase(s) of a kind of their own were not compared with the "
                                              "others: there are too many"});
}
