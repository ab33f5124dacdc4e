// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analyzer/gate/Suppressions.h"
#include "analyzer/gate/Rules.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace underlock;
using llvm::StringRef;

bool gate::isFingerprint(StringRef Text) {
  return Text.size() == 16 && llvm::all_of(Text, [](char C) { return llvm::isDigit(C) || (C >= 'a' && C <= 'f'); });
}

bool gate::matches(StringRef Glob, StringRef Text) {
  if (Glob == Text)
    return true;
  llvm::Expected<bool> Match = model::globMatches(Glob, Text);
  if (Match)
    return *Match;
  llvm::consumeError(Match.takeError()); // the model's reader has refused those
  return false;
}

// The locks that a finding is about: those of its steps and those that were missing, not all that was held besides.
static bool isAbout(const Recording &R, const Finding &F, StringRef Class) {
  auto Fits = [&](StringRef Name) { return gate::matches(Class, Name); };
  return llvm::any_of(F.Missing, Fits) ||
         llvm::any_of(F.Steps, [&](const Step &S) { return S.Lock != None && Fits(R.className(S.Lock)); });
}

static bool leadsThrough(const Recording &R, const Finding &F, StringRef Function) {
  return llvm::any_of(F.Steps, [&](const Step &S) {
    return llvm::any_of(R.story(S.Place), [&](StringRef Name) { return gate::matches(Function, Name); });
  });
}

static bool means(const model::Suppression &S, const Recording &R, const Finding &F) {
  bool Named = S.Finding.empty() || S.Finding == fingerprint(F) || gate::matches(S.Finding, gate::ruleOf(F));
  return Named && (S.Class.empty() || isAbout(R, F, S.Class)) && (S.Function.empty() || leadsThrough(R, F, S.Function));
}

void gate::Suppressions::apply(const Recording &R, llvm::MutableArrayRef<Finding> Findings) {
  for (const model::Suppression &S : R.Model.Gate.Suppressions) {
    Use &U = Uses[model::text(S.Where)];
    U.Of = S;
    for (Finding &F : Findings) {
      if (!means(S, R, F))
        continue;
      ++U.Count;
      if (S.Until && Today > *S.Until)
        continue;
      F.Stands = Standing::Suppressed;
      F.Because = S.Why;
    }
  }
}

void gate::Suppressions::finish(Outcome &Out) const {
  for (const auto &[Where, U] : Uses) {
    if (U.Of.Until && Today > *U.Of.Until)
      Out.Expired.push_back(Where + ": this suppression was good until " + model::text(*U.Of.Until) + " (" + U.Of.Why +
                            "); it matches " + std::to_string(U.Count) + " finding(s): mend them, or decide anew");
    else if (U.Count == 0)
      Out.Remarks.push_back(
          {Remark::Kind::Warning, Where + ": this suppression matches no finding (" + U.Of.Why + ")"});
  }
}
