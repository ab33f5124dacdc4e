// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// contract: an event outside its required locks, or inside forbidden ones. Certainty: observed, always; it happened.
//
// One finding for each contract and story of the stack: the same function reached bare by two paths is two defects
// (unbind and a write to sriov_numvfs are mended in different places), reached a thousand times by one path it is one.
// Violations are gathered by place while the replay runs, and told apart by their story at the end, when stacks get
// names.
#include "analyzer/analyses/Contract.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <map>

using namespace underlock;

ContractAnalysis::ContractAnalysis(const Recording &R) : Analysis(R), Phases(R.Model) {
  Statistics.resize(R.Model.Contracts.size());
  ByEvent.resize(R.Model.Events.size());
  for (size_t I = 0; I < R.Model.Contracts.size(); ++I) {
    Statistics[I].Contract = &R.Model.Contracts[I];
    if (const model::Event *E = R.Model.findEvent(R.Model.Contracts[I].Event))
      ByEvent[E - R.Model.Events.data()].push_back(I);
  }
}

// Does the held set satisfy the contract?
bool ContractAnalysis::kept(const model::Contract &C, llvm::ArrayRef<Hold> Held) const {
  auto Holds = [&](const std::string &Class, bool Exclusively) {
    return llvm::any_of(Held, [&](const Hold &H) {
      return R.classOf(H.Lock).Name == Class && !(Exclusively && H.Mode == model::Mode::Shared);
    });
  };
  for (const std::string &Class : C.Forbids)
    if (Holds(Class, false))
      return false;
  if (C.Requires.empty())
    return true;
  return llvm::any_of(C.Requires,
                      [&](const std::string &Class) { return Holds(Class, C.RequiredMode == model::Mode::Exclusive); });
}

void ContractAnalysis::event(const Moment &M, PlaceRef At, llvm::ArrayRef<uint64_t>) {
  const model::Event *E = R.Sites[At.Site].Event;
  if (!E)
    return;
  for (size_t Index : ByEvent[E - R.Model.Events.data()]) {
    const model::Contract &C = R.Model.Contracts[Index];
    ContractStatistics &S = Statistics[Index];
    ++S.Exercised;
    if (Phases.anyActive(C.ExceptDuring)) {
      ++S.Exempt;
      continue;
    }
    if (kept(C, M.Held))
      continue;
    ++S.Violated;
    auto [It, New] = Seen.try_emplace({Index, (uint64_t(At.Site) << 32) | At.Stack}, Violations.size());
    if (!New) {
      ++Violations[It->second].Evidence.Count;
      continue;
    }
    Violation V;
    V.Contract = Index;
    V.Evidence.What = Step::Kind::Event;
    V.Evidence.Context = M.Context;
    V.Evidence.Place = At;
    V.Evidence.Held.assign(M.Held.begin(), M.Held.end());
    V.Evidence.Unclear = M.Unclear;
    V.Evidence.Time = M.Time;
    Violations.push_back(std::move(V));
  }
}

Finding ContractAnalysis::describe(const Violation &V) const {
  const model::Contract &C = R.Model.Contracts[V.Contract];
  const model::Event &E = *R.Model.findEvent(C.Event);
  Finding F;
  F.Analysis = "contract";
  F.Rule = C.Id;
  F.Sure = Certainty::Observed;
  F.Level = C.Level;
  F.Contract = &C;
  F.Steps.push_back(V.Evidence);
  F.Why = C.Why.empty() ? E.Why : C.Why;
  F.See = C.See.empty() ? E.See : C.See;

  std::string What = E.What.empty() ? C.Event : E.What;
  for (const std::string &Class : C.Forbids)
    for (const Hold &H : V.Evidence.Held)
      if (R.classOf(H.Lock).Name == Class && F.Title.empty())
        F.Title = What + " while " + Class + " is held";
  if (F.Title.empty()) {
    F.Missing = C.Requires;
    bool HeldShared = llvm::any_of(
        V.Evidence.Held, [&](const Hold &H) { return llvm::is_contained(C.Requires, R.classOf(H.Lock).Name); });
    F.Title = What + (HeldShared ? " with only a shared hold of " : " without ") + llvm::join(C.Requires, " or ");
  }
  return F;
}

void ContractAnalysis::finish(std::vector<Finding> &Out) {
  std::map<std::vector<std::string>, size_t> ByIdentity;
  for (const Violation &V : Violations) {
    Finding F = describe(V);
    F.Identity = R.story(V.Evidence.Place);
    std::vector<std::string> Key = F.Identity;
    Key.push_back(F.Rule);
    auto [It, New] = ByIdentity.try_emplace(Key, Out.size());
    if (New)
      Out.push_back(std::move(F));
    else
      Out[It->second].Steps.front().Count += V.Evidence.Count;
  }
}

// A contract that was not put to the test, or names a lock that nobody ever took, has shown nothing.
void ContractAnalysis::remarks(std::vector<Remark> &Out) const {
  auto Known = [&](const std::string &Class) {
    return llvm::any_of(R.Classes, [&](const LockClass &C) { return C.Name == Class; }) ||
           llvm::any_of(R.Sites, [&](const Site &S) { return S.ClassName == Class; });
  };
  for (const ContractStatistics &S : Statistics) {
    const model::Contract &C = *S.Contract;
    if (S.Exercised == 0)
      Out.push_back({Remark::Kind::Warning,
                     "contract " + C.Id + " was never exercised: no event " + C.Event + " in this recording"});
    else if (S.Exercised == S.Exempt)
      Out.push_back({Remark::Kind::Warning, "contract " + C.Id + " was exercised only while it does not bind (" +
                                                llvm::join(C.ExceptDuring, ", ") + ")"});
    if (S.Exercised > S.Exempt)
      for (const std::string &Class : C.Requires)
        if (!Known(Class))
          Out.push_back({Remark::Kind::Warning, "contract " + C.Id + " requires " + Class +
                                                    ", and no lock of that name was seen in this "
                                                    "recording: is it spelled as `underlock show` spells it?"});
  }
}
