// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Who would wait for a lock of its own, under edits.
#include "analyzer/analyses/Again.h"

using namespace underlock;

void AgainAnalysis::acquired(const Moment &M, const Hold &New) {
  if (New.ByTry || !Locks.contains(New.Lock) || Recursive.contains(New.Lock))
    return;
  const model::Lock *Kind = R.classOf(New.Lock).Lock;
  if (Kind && Kind->Recursive)
    return;
  for (const Hold &H : M.Held)
    if (excludes(H, New))
      return note(M, New, H);
}

void AgainAnalysis::note(const Moment &M, const Hold &New, const Hold &Own) {
  const char *Rule = Own.own() ? "self-deadlock" : "delegated-deadlock";
  Step Here = stepAt(M, Step::Kind::Acquires, New.Place, New.Lock);
  Here.Mode = New.Mode;

  std::vector<std::string> Identity = {Rule, R.className(New.Lock), R.Sites[New.Place.Site].Function};
  std::vector<std::string> Story = R.story(New.Place);
  Story.insert(Story.begin(), Identity.begin(), Identity.end());
  if (auto It = ByStory.find(Story); It != ByStory.end()) {
    ++Findings[It->second.first].Steps[It->second.second].Count;
    return;
  }
  auto [It, First] = ByIdentity.try_emplace(Identity, Findings.size());
  if (First) {
    Finding F;
    F.Analysis = "self";
    F.Rule = Rule;
    F.Sure = Certainty::Predicted;
    F.Identity = {Identity[1], Identity[2]};
    std::string Who = R.contextName(M.Context);
    F.Title = Who + " would wait for " + R.lockName(New.Lock) +
              (Own.own() ? ", which it holds itself"
                         : ", held by " + R.contextName(Own.By) + ", which waits for the work of " + Who);
    F.Why = Own.own()
                ? "a lock that is not recursive cannot be taken twice: this thread would wait for itself, for ever"
                : "work that somebody waits for must not take what the waiter holds: neither goes on, ever";
    Findings.push_back(std::move(F));
  }
  Findings[It->second].Steps.push_back(std::move(Here));
  ByStory[Story] = {It->second, Findings[It->second].Steps.size() - 1};
}

void AgainAnalysis::finish(std::vector<Finding> &Out) { Out.insert(Out.end(), Findings.begin(), Findings.end()); }
