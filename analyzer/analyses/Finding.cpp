// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Findings of contracts, fingerprints, names in a circle, and steps as they are made most often.
#include "analyzer/analyses/Finding.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

using namespace underlock;

std::vector<std::string> underlock::fromTheSmallest(std::vector<std::string> Names) {
  std::vector<std::string> Best = Names;
  for (size_t I = 1; I < Names.size(); ++I) {
    std::rotate(Names.begin(), Names.begin() + 1, Names.end());
    Best = std::min(Best, Names);
  }
  return Best;
}

Finding underlock::findingOf(const model::Contract &C, const model::Event *E, Certainty Sure) {
  Finding F;
  F.Analysis = C.analysis();
  F.Rule = C.Id;
  F.Sure = Sure;
  F.Level = C.Level;
  F.Contract = &C;
  F.Why = C.Why.empty() && E ? E->Why : C.Why;
  F.See = C.See.empty() && E ? E->See : C.See;
  return F;
}

std::string underlock::fingerprint(const Finding &F) {
  // NUL separates: no name contains one, so no two identities run together.
  std::string Text = F.Analysis + '\0' + F.Rule;
  for (const std::string &Part : F.Identity)
    Text += '\0' + Part;
  std::string Digits = llvm::utohexstr(llvm::xxh3_64bits(Text), /*LowerCase=*/true);
  return std::string(16 - Digits.size(), '0') + Digits;
}

Step underlock::stepAt(const Moment &M, Step::Kind What, PlaceRef At, InstanceId Lock) {
  Step S;
  S.What = What;
  S.Context = M.Context;
  S.Place = At;
  S.Lock = Lock;
  S.Held.assign(M.Held.begin(), M.Held.end());
  S.Unclear = M.Unclear;
  S.Time = M.Time;
  return S;
}
