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

ContractAnalysis::ContractAnalysis(const Recording &R) : Analysis(R), Phases(R.Model), Apart(R) {
  ByEvent.resize(R.Model.Events.size());
  for (const model::Contract &C : R.Model.Contracts) {
    if (C.analysis() != name())
      continue; // of no lock, but of a phase or a lifetime
    if (const model::Event *E = R.Model.findEvent(C.Event))
      ByEvent[E - R.Model.Events.data()].push_back(Statistics.size());
    Statistics.push_back({&C});
  }
}

// The required lock that is held, or null.
const Hold *ContractAnalysis::keeper(const model::Contract &C, llvm::ArrayRef<Hold> Held) const {
  auto It = llvm::find_if(Held, [&](const Hold &H) {
    return llvm::is_contained(C.Requires, R.classOf(H.Lock).Name) &&
           !(C.RequiredMode == model::Mode::Exclusive && H.Mode == model::Mode::Shared);
  });
  return It == Held.end() ? nullptr : &*It;
}

// Does the held set satisfy the contract?
bool ContractAnalysis::kept(const model::Contract &C, llvm::ArrayRef<Hold> Held) const {
  bool Forbidden =
      llvm::any_of(Held, [&](const Hold &H) { return llvm::is_contained(C.Forbids, R.classOf(H.Lock).Name); });
  return !Forbidden && (C.Requires.empty() || keeper(C, Held));
}

void ContractAnalysis::event(const Moment &M, PlaceRef At, llvm::ArrayRef<uint64_t>) {
  const model::Event *E = R.Sites[At.Site].Event;
  if (!E)
    return;
  for (size_t Index : ByEvent[E - R.Model.Events.data()]) {
    ContractStatistics &S = Statistics[Index];
    const model::Contract &C = *S.Contract;
    ++S.Exercised;
    if (Phases.anyActive(C.ExceptDuring)) {
      ++S.Exempt;
      continue;
    }
    if (kept(C, M.Held)) {
      if (const Hold *By = keeper(C, M.Held))
        Apart.kept(Index, At, *By);
      continue;
    }
    ++S.Violated;
    auto [It, New] = Seen.try_emplace({Index, (uint64_t(At.Site) << 32) | At.Stack}, Violations.size());
    if (!New) {
      ++Violations[It->second].Evidence.Count;
      continue;
    }
    Violation V;
    V.Contract = Index;
    V.Evidence = stepAt(M, Step::Kind::Event, At);
    Violations.push_back(std::move(V));
  }
}

std::optional<std::vector<std::string>> ContractAnalysis::rules() const {
  std::vector<std::string> Out;
  for (const model::Contract &C : R.Model.Contracts)
    if (C.analysis() == name())
      Out.push_back(C.Id);
  return Out;
}

Finding ContractAnalysis::describe(const Violation &V) const {
  const model::Contract &C = *Statistics[V.Contract].Contract;
  const model::Event &E = *R.Model.findEvent(C.Event);
  Finding F = findingOf(C, &E, Certainty::Observed);
  F.Steps.push_back(V.Evidence);
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
    if (!F.Missing.empty())
      F.Apart = Apart.of(V.Contract, V.Evidence.Place);
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
