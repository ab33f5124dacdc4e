// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// JUnit XML. A recording that proves nothing is an error; a finding that fails is a failure; one that is known,
// suppressed or below the gate is skipped, with the reason; a contract without findings passes, or is skipped where it
// was never exercised; a rule of an analysis without findings passes, if the analysis applies to one of the recordings.
// Nothing passes where there is no verdict.
#include "analyzer/report/Escape.h"
#include "analyzer/report/Results.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;
using namespace underlock::report;

namespace {

// One test case; a file of them begins with how many there are, so they are made first.
struct Case {
  enum class Outcome { Passed, Skipped, Failed, Error } Got = Outcome::Passed;
  std::string Class, Name, Message, Type, Text;
  std::string File;
  uint32_t Line = 0;
};

} // namespace

static Case caseOf(const Result &R, const Options &O) {
  const Finding &F = *R.Found;
  Where At = whereIs(R, O);
  // A name that stays the same from run to run, and is nobody else's: the fingerprint is in it.
  std::string Name = F.Rule + ": " + F.Title + " [" + R.Fingerprint + "]";
  Case C{Case::Outcome::Failed, "underlock." + F.Analysis, Name, "", "", "", At.File, At.Line};
  if (R.Fails) {
    C.Message = At.File + ":" + std::to_string(At.Line) + ": " + F.Title;
    C.Type = nameOf(F.Sure).str();
    llvm::raw_string_ostream Out(C.Text);
    describe(*R.In, F, O, Out);
    return C;
  }
  C.Got = Case::Outcome::Skipped;
  if (!counts(F.Stands))
    C.Message = nameOf(F.Stands).str() + (F.Because.empty() ? "" : ": " + F.Because);
  else
    C.Message = ("below the gate: " + nameOf(F.Sure) + ", " + nameOf(F.Level)).str();
  return C;
}

// The rules that were looked at in some recording, but for contracts: analysis and rule, each once, in their order.
static std::vector<std::pair<std::string, std::string>> rulesLookedAt(llvm::ArrayRef<Judged> All) {
  std::vector<std::pair<std::string, std::string>> Out;
  for (const Judged &J : All)
    for (const auto &A : makeAnalyses(*J.R))
      if (A->contracts().empty() && A->applies())
        for (std::string &Rule : A->rules().value_or(std::vector<std::string>()))
          if (std::pair New(A->name().str(), std::move(Rule)); !llvm::is_contained(Out, New))
            Out.push_back(std::move(New));
  return Out;
}

static std::vector<Case> cases(llvm::ArrayRef<Judged> All, llvm::ArrayRef<Result> Results,
                               llvm::ArrayRef<Doubt> Doubts, const Options &O) {
  std::vector<Case> Out;
  for (const Judged &J : All) {
    Out.push_back({Case::Outcome::Passed, "underlock.recording", J.R->Name, "", "", "", "", 0});
    if (J.ProvesNothing) {
      Out.back().Got = Case::Outcome::Error;
      Out.back().Message = "no verdict: " + J.Reason;
      Out.back().Type = "no-verdict";
    }
  }
  // A verdict that is missing for another reason than a recording's own.
  for (const Doubt &D : Doubts)
    if (D.Level == Doubt::Kind::NoVerdict && D.Recording.empty())
      Out.push_back({Case::Outcome::Error, "underlock.recording", "verdict", "no verdict: " + D.Text, "no-verdict",
                     "", "", 0});
  for (const std::string &E : O.Gated.Expired)
    Out.push_back({Case::Outcome::Failed, "underlock.gate", "suppressions", E, "expired", E, "", 0});
  for (const Result &R : Results)
    Out.push_back(caseOf(R, O));
  bool Verdict = Doubts.empty() || Doubts.front().Level != Doubt::Kind::NoVerdict;
  auto Flagged = [&](auto Is) { return llvm::any_of(Results, [&](const Result &R) { return Is(*R.Found); }); };
  for (const ContractTotal &C : contracts(All)) {
    if (Flagged([&](const Finding &F) { return F.Contract && F.Contract->Id == C.Contract->Id; }))
      continue;
    Case Kept{Case::Outcome::Passed, ("underlock." + C.Contract->analysis()).str(), C.Contract->Id, "", "", "", "", 0};
    if (!Verdict) {
      Kept.Got = Case::Outcome::Skipped;
      Kept.Message = "no verdict";
    } else if (C.Exercised <= C.Exempt) {
      Kept.Got = Case::Outcome::Skipped;
      Kept.Message = C.Exercised ? "was exercised only while it does not bind" : "was never exercised";
    }
    Out.push_back(std::move(Kept));
  }
  for (const auto &[Analysis, Rule] : rulesLookedAt(All))
    if (!Flagged([&, &Of = Analysis, &Is = Rule](const Finding &F) { return F.Analysis == Of && F.Rule == Is; }))
      Out.push_back({Verdict ? Case::Outcome::Passed : Case::Outcome::Skipped, "underlock." + Analysis, Rule,
                     Verdict ? "" : "no verdict", "", "", "", 0});
  return Out;
}

static void print(const Case &C, llvm::raw_ostream &Out) {
  Out << "    <testcase classname=\"" << xmlLine(C.Class) << "\" name=\"" << xmlLine(C.Name) << "\"";
  if (!C.File.empty())
    Out << " file=\"" << xmlLine(C.File) << "\"";
  if (C.Line)
    Out << " line=\"" << C.Line << "\"";
  if (C.Got == Case::Outcome::Passed) {
    Out << "/>\n";
    return;
  }
  llvm::StringRef Element = C.Got == Case::Outcome::Failed    ? "failure"
                            : C.Got == Case::Outcome::Skipped ? "skipped"
                                                              : "error";
  Out << ">\n      <" << Element << " message=\"" << xmlLine(C.Message) << "\"";
  if (!C.Type.empty())
    Out << " type=\"" << xmlLine(C.Type) << "\"";
  if (C.Text.empty())
    Out << "/>\n";
  else
    Out << ">" << xml(C.Text) << "</" << Element << ">\n";
  Out << "    </testcase>\n";
}

void report::junit(llvm::ArrayRef<Judged> All, const Options &O, llvm::raw_ostream &Out) {
  std::vector<Result> Results = results(All, O);
  std::vector<Doubt> Doubts = doubts(All, O);
  std::vector<Case> Cases = cases(All, Results, Doubts, O);
  auto Count = [&](Case::Outcome Got) { return llvm::count_if(Cases, [&](const Case &C) { return C.Got == Got; }); };
  std::string Numbers = llvm::formatv("tests=\"{0}\" failures=\"{1}\" errors=\"{2}\" skipped=\"{3}\"", Cases.size(),
                                      Count(Case::Outcome::Failed), Count(Case::Outcome::Error),
                                      Count(Case::Outcome::Skipped));
  Out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites " << Numbers << ">\n  <testsuite name=\"underlock\" "
      << Numbers << ">\n";
  for (const Case &C : Cases)
    print(C, Out);
  Out << "    <system-out>" << xml(headline(Results, Doubts, O)) << "</system-out>\n";
  if (!Doubts.empty()) {
    Out << "    <system-err>";
    for (const Doubt &D : Doubts)
      Out << xml((D.Recording.empty() ? "" : D.Recording + ": ") + D.Text) << '\n';
    Out << "</system-err>\n";
  }
  Out << "  </testsuite>\n</testsuites>\n";
}
