// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analyzer/gate/Rules.h"
#include "analyzer/analyses/Analysis.h"
#include "analyzer/gate/Suppressions.h"
#include "analyzer/model/YamlTree.h"
#include "llvm/ADT/STLExtras.h"

using namespace underlock;
using llvm::StringRef;

std::string gate::ruleOf(const Finding &F) { return F.Analysis + ":" + F.Rule; }

namespace {
struct Rules {
  std::vector<std::string> Known, Open; // Open: "tsan:", of which no list is known

  explicit Rules(const model::Model &M) {
    Recording Empty(M);
    for (const auto &A : makeAnalyses(Empty)) {
      std::string Prefix = A->name().str() + ":";
      std::optional<std::vector<std::string>> Own = A->rules();
      if (!Own)
        Open.push_back(Prefix);
      else
        for (const std::string &Rule : *Own)
          Known.push_back(Prefix + Rule);
    }
    llvm::sort(Known);
  }
  // Whether there is a rule of this name, or could be.
  bool has(StringRef Rule) const {
    bool Pattern = Rule.find_first_of("*?[") != StringRef::npos;
    return llvm::is_contained(Known, Rule) || (!Pattern && llvm::any_of(Open, [&](StringRef Prefix) {
             return Rule.starts_with(Prefix) && Rule != Prefix;
           }));
  }
  // Whether a rule, or a glob over rules, can mean one.
  bool can(StringRef Glob) const {
    return llvm::any_of(Known, [&](StringRef Rule) { return gate::matches(Glob, Rule); }) ||
           llvm::any_of(Open, [&](StringRef Prefix) { return Glob.starts_with(Prefix); });
  }
};
} // namespace

bool gate::checkRules(const model::Model &M, llvm::raw_ostream &Errors) {
  Rules All(M);
  llvm::SmallVector<StringRef, 32> Known(All.Known.begin(), All.Known.end());
  bool Good = true;
  auto Wrong = [&](const model::Place &Where, const llvm::Twine &What) {
    Errors << model::text(Where) << ": error: " << What << '\n';
    Good = false;
  };
  auto Unknown = [&](const model::Place &Where, StringRef Rule) {
    Wrong(Where, "unknown rule '" + Rule + "'" + model::suggestion(Rule, Known));
  };
  for (const model::RuleSeverity &S : M.Gate.Severities) {
    if (All.has(S.Rule))
      continue;
    if (All.can(S.Rule))
      Wrong(S.Where, "'" + S.Rule + "' is a pattern, and a severity is that of one rule: give each of them its own");
    else
      Unknown(S.Where, S.Rule);
  }
  for (const model::Suppression &S : M.Gate.Suppressions)
    if (!S.Finding.empty() && !isFingerprint(S.Finding) && !All.can(S.Finding))
      Unknown(S.Where, S.Finding);
  return Good;
}

void gate::applySeverities(const model::Model &M, llvm::MutableArrayRef<Finding> Findings) {
  for (Finding &F : Findings)
    for (const model::RuleSeverity &S : M.Gate.Severities)
      if (S.Rule == ruleOf(F))
        F.Level = S.Level;
}
