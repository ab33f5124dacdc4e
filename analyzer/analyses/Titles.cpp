// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which test case was going on at each step of a finding.
#include "analyzer/analyses/Titles.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace underlock;

void Titles::titled(const Moment &M, const model::Phase &P, llvm::StringRef Title) {
  std::string Text = (P.What.empty() ? P.Id : P.What) + " " + Title.str();
  From[M.Time] = Text;
  Going.push_back({M.Context, &P, std::move(Text)});
}

void Titles::phaseEnd(const Moment &M, SiteId, const model::Phase &P) {
  for (size_t I = Going.size(); I-- > 0;)
    if (Going[I].Context == M.Context && Going[I].Phase == &P) {
      Going.erase(Going.begin() + I);
      From[M.Time] = Going.empty() ? "" : Going.back().Text;
      return;
    }
}

void Titles::annotate(llvm::MutableArrayRef<Finding> Findings) const {
  for (Finding &F : Findings)
    for (Step &S : F.Steps) {
      auto Next = From.upper_bound(S.Time);
      if (Next == From.begin() || std::prev(Next)->second.empty())
        continue;
      S.During = std::prev(Next)->second;
      if (!llvm::is_contained(F.During, S.During))
        F.During.push_back(S.During);
    }
}
