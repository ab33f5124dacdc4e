// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the lifetime analysis makes at the end of the spans and frees that it has seen: which of them can meet.
#include "analyzer/analyses/Lifetime.h"
#include "analyzer/analyses/Order.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <map>
#include <tuple>

using namespace underlock;

// Can the free never come inside the span, whatever the order of this run had been, and whatever is held?
bool LifetimeAnalysis::apart(const Kind &Span, const Kind &Free) const {
  ContextId User = Span.Last.Context, Freer = Free.Last.Context;
  if (cannotMeet(R, Order, {Freer, Free.PhaseMask, Free.End, Free.End}, {User, Span.PhaseMask, Span.Begin, Span.End}))
    return true;
  if (R.Model.Who == model::Threads::Themselves && Span.TookOut && Free.TakenOutBy == User)
    return true; // handed on: it is freed because this one has taken it out
  auto WorksFor = [](const Step &S, ContextId Other) {
    return llvm::any_of(S.Held, [&](const Hold &H) { return H.By == Other; });
  };
  return WorksFor(Free.Last, User) || (WorksFor(Span.First, Freer) && WorksFor(Span.Last, Freer));
}

static bool meet(const llvm::DenseSet<std::pair<uint64_t, uint64_t>> &A,
                 const llvm::DenseSet<std::pair<uint64_t, uint64_t>> &B) {
  if (A.size() > B.size())
    return meet(B, A);
  return llvm::any_of(A, [&](const auto &Object) { return B.contains(Object); });
}

std::optional<Certainty> LifetimeAnalysis::judge(const Kind &Span, const Kind &Free) const {
  // Of another object only the rules over classes can say something.
  bool Same = meet(Span.Objects, Free.Objects);
  if (Held.ended(R, Span.Sets, Free.Sets, Same ? Strict : AllFavours))
    return std::nullopt;
  return Same && !Held.ended(R, Span.Sets, Free.Sets, AllFavours) ? Certainty::Assumed : Certainty::Possible;
}

// A lock that both hold, the span at its begin and at its end, and not all the time.
InstanceId LifetimeAnalysis::givenBack(const Kind &Span, const Kind &Free) const {
  for (const Hold &H : Span.First.Held)
    if (llvm::any_of(Span.Last.Held, [&](const Hold &L) { return L.Lock == H.Lock; }) &&
        llvm::any_of(Free.Sets, [&](HeldSetId S) { return Held.holds(S, H.Lock); }) &&
        llvm::any_of(Span.Sets, [&](HeldSetId S) { return S != HeldSets::Counted && !Held.holds(S, H.Lock); }))
      return H.Lock;
  return None;
}

Finding LifetimeAnalysis::describe(unsigned Lifetime, const Step &LookUp, const Step &Use, const Step &Free,
                                   Certainty Sure) const {
  const model::Contract &C = *Statistics[Lifetime].Contract;
  const model::Lifetime &L = R.Model.Lifetimes[Lifetime];
  std::string What = L.What.empty() ? "an object of " + L.Id : L.What;
  Finding F = findingOf(C, nullptr, Sure);
  F.OneOfPaths = true;
  F.Title = Sure == Certainty::Observed
                ? What + " is used after it was freed"
                : What + " is used after its look-up, and nothing keeps it from being freed in between";
  F.Steps = {Use, LookUp, Free};
  F.Steps[1].Says = "looked up here";
  F.Steps[2].Says = "freed here";
  for (const Step &S : {LookUp, Free, Use})
    F.Identity.push_back(R.Sites[S.Place.Site].Function);
  return F;
}

Finding LifetimeAnalysis::supposed(const Kind &Span, const Kind &Free, Certainty Sure) const {
  Finding F = describe(Span.Lifetime, Span.First, Span.Last, Free.Last, Sure);
  F.Steps.front().Count = Span.Count;
  if (InstanceId Lock = givenBack(Span, Free); Lock != None)
    F.Title += ": " + R.className(Lock) + " is given back after the look-up";
  for (size_t G = 0; G < R.Model.GracePeriods.size(); ++G)
    if (Held.reading(Span.Sets.front()) >> G & 1)
      F.Steps[1].Says += ", in a read side of " + R.Model.GracePeriods[G].Id;
  if (Free.After)
    F.Steps[2].Says = "freed from here, after a grace period of " + Free.After->Id;
  F.Assumptions = {
      "the two can come at the same time: no lock, reference, grace period, fork or join of this recording "
      "keeps them apart"};
  if (Sure != Certainty::Possible)
    return F;
  if (!meet(Span.Objects, Free.Objects)) {
    F.Assumptions.push_back("it can be one object: here it was not");
    return F;
  }
  // Which of the two, or that it takes both, keeps it from being sure.
  bool Class = Held.ended(R, Span.Sets, Free.Sets, OneLock), Off = Held.ended(R, Span.Sets, Free.Sets, StillOff);
  if (Class || !Off)
    F.Assumptions.push_back("the locks of one class that both hold are not the same lock");
  if (Off || !Class)
    F.Assumptions.push_back("where a lock was given back, interrupts, softirqs and preemption came on again: no record "
                            "tells");
  return F;
}

void LifetimeAnalysis::finish(std::vector<Finding> &Out) {
  for (ContextState &S : Contexts)
    for (Known &K : S.Objects)
      close(K);
  std::map<std::vector<std::string>, size_t> ByIdentity;
  auto Note = [&](Finding F) {
    std::vector<std::string> Key = F.Identity;
    Key.push_back(F.Rule);
    auto [It, New] = ByIdentity.try_emplace(Key, Out.size());
    if (New)
      Out.push_back(std::move(F));
    else if (F.Sure > Out[It->second].Sure) // the surest stands for all; of two like it, the first
      Out[It->second] = std::move(F);
  };
  for (Finding &F : Happened)
    Note(std::move(F));
  // A pair of places is told once: what is not surer need not be made first to be dropped then.
  std::map<std::tuple<unsigned, SiteId, SiteId, SiteId>, Certainty> Said;
  auto IsNews = [&](const Kind &Span, const Kind &Free, Certainty Sure) {
    auto [It, New] =
        Said.try_emplace({Span.Lifetime, Span.First.Place.Site, Free.Last.Place.Site, Span.Last.Place.Site}, Sure);
    bool Surer = Sure > It->second;
    It->second = std::max(It->second, Sure);
    return New || Surer;
  };
  for (const Kind &Span : Spans) {
    bool Violated = false;
    for (const Kind &Free : Frees) {
      // What has happened is not said again as what could.
      if (Span.Lifetime != Free.Lifetime || Span.FreedAt == Free.Last.Place.Site || apart(Span, Free))
        continue;
      if (std::optional<Certainty> Sure = judge(Span, Free)) {
        if (IsNews(Span, Free, *Sure))
          Note(supposed(Span, Free, *Sure));
        Violated |= Sure > Certainty::Possible && Span.FreedAt == None;
      }
    }
    Statistics[Span.Lifetime].Violated += Violated ? Span.Count : 0;
  }
  // Without a free nothing was put to the test, however often objects were used.
  for (size_t L = 0; L < Seen.size(); ++L)
    if (Seen[L].Frees == 0)
      Statistics[L].Exercised = Statistics[L].Exempt = 0;
}

void LifetimeAnalysis::remarks(std::vector<Remark> &Out) const {
  auto Warn = [&](const std::string &Text) { Out.push_back({Remark::Kind::Warning, Text}); };
  for (size_t L = 0; L < Seen.size(); ++L) {
    const Counts &C = Seen[L];
    std::string Id = Statistics[L].Contract->Id;
    std::string What = R.Model.Lifetimes[L].What.empty() ? "an object" : R.Model.Lifetimes[L].What;
    if (R.Mode == UNDERLOCK_RECORDING_DISTINCT) {
      Warn("contract " + Id +
           " was never exercised: a distinct recording does not tell what came between a look-up and a use");
      continue;
    }
    if (C.LookUps + C.Uses + C.Frees)
      Out.push_back({Remark::Kind::Note, llvm::formatv("contract {0}: {1} look-up(s), {2} use(s), {3} free(s) seen", Id,
                                                       C.LookUps, C.Uses, C.Frees)
                                             .str()});
    if (C.Frees == 0)
      Warn("contract " + Id + " was never exercised: no free of " + What + " in this recording");
    else if (Statistics[L].Exercised == 0)
      Warn("contract " + Id + " was never exercised: " + What + " was never " +
           (C.LookUps ? "used after a look-up" : "looked up") + " in this recording");
    if (C.Strange)
      Warn(
          llvm::formatv("contract {0}: {1} use(s) by a context that had not looked the object up were not judged: is a "
                        "look-up not marked?",
                        Id, C.Strange)
              .str());
  }
  if (Dropped)
    Warn(std::to_string(Dropped) +
         " look-up(s) or free(s) of a kind of their own were not compared with the others: there are too many");
  if (Held.full())
    Warn("there are too many different sets of held locks: what was held in the last of them was not compared, and is "
         "taken for what keeps everybody out");
}
