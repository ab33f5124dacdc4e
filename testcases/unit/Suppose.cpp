// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "testcases/unit/Suppose.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>

using namespace underlock;

static std::string nameOf(const Finding &F) { return F.Analysis + ":" + F.Rule + " " + llvm::join(F.Identity, " "); }

std::vector<std::string> test::SupposedRun::changes() const {
  static const char *const Fates[] = {"goes ", "stays ", "arrives "};
  std::vector<std::string> Out;
  for (const Change &C : P.Changes)
    Out.push_back(Fates[static_cast<int>(C.What)] + nameOf(C.F));
  std::sort(Out.begin(), Out.end());
  return Out;
}

std::vector<std::string> test::SupposedRun::after() const {
  std::vector<std::string> Out;
  for (const Finding &F : P.After)
    if (F.Sure >= Certainty::Assumed)
      Out.push_back(nameOf(F));
  std::sort(Out.begin(), Out.end());
  return Out;
}

bool test::SupposedRun::unknown(llvm::StringRef Text) const {
  return llvm::any_of(P.Unknown, [&](const std::string &Why) { return llvm::StringRef(Why).contains(Text); });
}

test::SupposedRun test::suppose(const std::string &ModelText, const std::string &Trace, const std::string &Edits,
                                uint32_t FrameLimit) {
  SupposedRun S;
  S.Trace = Trace;
  llvm::raw_string_ostream Errors(S.Errors);
  std::optional<model::Model> M = model::parse(ModelText, "test.yaml", "", Errors);
  if (!M || !parseEdits("edits: [" + Edits + "]", "edits.yaml", S.Edits, Errors))
    return S;
  S.Model = std::make_unique<model::Model>(std::move(*M));
  S.AsIs = std::make_unique<Recording>(*S.Model);
  S.Edited = std::make_unique<Recording>(*S.Model);
  S.AsIs->FrameLimit = S.Edited->FrameLimit = FrameLimit;
  S.FromAsIs = std::make_unique<TextSource>(S.Trace, *S.AsIs, Errors);
  S.FromEdited = std::make_unique<TextSource>(S.Trace, *S.Edited, Errors);
  predict({*S.AsIs, *S.FromAsIs}, {*S.Edited, *S.FromEdited}, S.Edits, Certainty::Assumed, S.P, Errors);
  return S;
}
