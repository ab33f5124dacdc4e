// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// GitLab's code quality report: one array. GitLab compares the fingerprints of two branches, so what is known is in it
// as well (it would else count as fixed); what the model suppresses is not. No verdict is an entry of its own, blocker.
#include "analyzer/report/Escape.h"
#include "analyzer/report/Results.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/xxhash.h"

using namespace underlock;
using namespace underlock::report;

static llvm::StringRef severity(const Result &R) {
  if (!R.Fails)
    return "info";
  switch (R.Found->Level) {
  case model::Severity::Error:
    return "critical";
  case model::Severity::Warning:
    return "major";
  case model::Severity::Note:
    return "minor";
  }
  return "critical";
}

static void entry(llvm::json::OStream &W, llvm::StringRef Rule, llvm::StringRef Text, llvm::StringRef Fingerprint,
                  llvm::StringRef Severity, const Where &At) {
  W.object([&] {
    W.attribute("description", utf8(Text));
    W.attribute("check_name", utf8(Rule));
    W.attribute("fingerprint", Fingerprint);
    W.attribute("severity", Severity);
    W.attributeObject("location", [&] {
      W.attribute("path", utf8(At.File));
      W.attributeObject("lines", [&] { W.attribute("begin", std::max<uint32_t>(1, At.Line)); });
    });
  });
}

void report::gitlab(llvm::ArrayRef<Judged> All, const Options &O, llvm::raw_ostream &Out) {
  llvm::json::OStream W(Out, 2);
  auto Said = [&](llvm::StringRef Rule, const std::string &Recording, const std::string &Text) {
    std::string Line = (Recording.empty() ? "" : Recording + ": ") + Text;
    std::string File = Recording.empty() ? "underlock" : path(Recording, O);
    entry(W, Rule, Line, llvm::utohexstr(llvm::xxh3_64bits((Rule + Line).str()), true), "blocker", {File, 1, 0, ""});
  };
  W.array([&] {
    for (const Doubt &D : doubts(All, O))
      if (D.Level == Doubt::Kind::NoVerdict)
        Said("underlock:no-verdict", D.Recording, "no verdict: " + D.Text);
    for (const std::string &E : O.Gated.Expired)
      Said("underlock:expired-suppression", "", E);
    for (const Result &R : results(All, O)) {
      if (R.Found->Stands == Standing::Suppressed)
        continue;
      std::string Text = R.Found->Title + " (" + nameOf(R.Found->Sure).str() + ")";
      if (R.Found->Stands == Standing::Known)
        Text += "; known" + (R.Found->Because.empty() ? "" : ": " + R.Found->Because);
      else if (!R.Found->Why.empty())
        Text += ": " + R.Found->Why;
      entry(W, R.rule(), Text, R.Fingerprint, severity(R), whereIs(R, O));
    }
  });
  Out << '\n';
}
