// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A page for people: the verdict, the findings in a table, what was not proven, how far each contract was put to the
// test, and each finding with its evidence to be unfolded. It ends before GitHub's limit for a job's summary, and says
// what it leaves out.
#include "analyzer/report/Escape.h"
#include "analyzer/report/Results.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;
using namespace underlock::report;

constexpr size_t PageBytes = 1'000'000; // GitHub takes 1 MiB a step, and others may write there too
constexpr size_t TableBytes = 600'000;  // of these

// Text that stays text, in a table cell too.
static std::string plain(llvm::StringRef Text) {
  std::string Out;
  for (char C : xmlLine(Text)) {
    if (llvm::StringRef("\\`*_{}[]|~$").contains(C))
      Out += '\\';
    Out += C;
  }
  return Out;
}

static std::string standing(const Result &R) {
  const Finding &F = *R.Found;
  if (!counts(F.Stands))
    return nameOf(F.Stands).str() + (F.Because.empty() ? "" : ": " + F.Because);
  if (!R.Fails)
    return "below the gate";
  return F.Stands == Standing::New ? "new, fails" : "fails";
}

static void table(llvm::ArrayRef<Result> Results, const Options &O, llvm::raw_ostream &Out) {
  if (Results.empty())
    return;
  Out << "\n| | Where | What | Rule | Certainty | Seen |\n|---|---|---|---|---|---|\n";
  std::string Rows;
  size_t Printed = 0;
  for (const Result &R : Results) {
    Where At = whereIs(R, O);
    std::string Row = llvm::formatv("| {0} | {1} | {2} | {3} | {4} | {5} |\n", plain(standing(R)),
                                    plain(At.File + (At.Line ? ":" + std::to_string(At.Line) : "")),
                                    plain(R.Found->Title), plain(R.rule()), nameOf(R.Found->Sure), R.Times);
    if (Rows.size() + Row.size() > TableBytes)
      break;
    Rows += Row;
    ++Printed;
  }
  Out << Rows;
  if (Printed < Results.size())
    Out << "\n**" << Results.size() - Printed << " more finding(s) are not in this table**: see another format.\n";
}

static void notProven(llvm::ArrayRef<Doubt> Doubts, llvm::raw_ostream &Out) {
  constexpr size_t Most = 100;
  if (Doubts.empty())
    return;
  Out << "\n### What was not proven, and other remarks\n\n";
  for (const Doubt &D : Doubts.take_front(Most)) {
    llvm::StringRef Head = D.Level == Doubt::Kind::NoVerdict ? "**no verdict**: "
                           : D.Level == Doubt::Kind::Warning ? "**warning**: "
                                                             : "";
    Out << "- " << Head << plain((D.Recording.empty() ? "" : D.Recording + ": ") + D.Text) << '\n';
  }
  if (Doubts.size() > Most)
    Out << "- … and " << Doubts.size() - Most << " more\n";
}

static void contractTable(llvm::ArrayRef<Judged> All, llvm::raw_ostream &Out) {
  constexpr size_t Most = 500;
  std::vector<ContractTotal> Totals = report::contracts(All);
  if (Totals.empty())
    return;
  Out << "\n### Contracts\n\n| Contract | Exercised | Exempt | Violated |\n|---|---|---|---|\n";
  for (const ContractTotal &C : llvm::ArrayRef(Totals).take_front(Most))
    Out << llvm::formatv("| {0} | {1} | {2} | {3} |\n", plain(C.Contract->Id),
                         C.Exercised > C.Exempt ? std::to_string(C.Exercised) : "**never**", C.Exempt, C.Violated);
  if (Totals.size() > Most)
    Out << "\n… and " << Totals.size() - Most << " more\n";
}

// Each with all its text, as long as there is room.
static void evidence(llvm::ArrayRef<Result> Results, size_t Room, const Options &O, llvm::raw_ostream &Out) {
  std::string Head = "\n### Evidence\n\n";
  size_t Printed = 0, Failing = 0;
  for (const Result &R : Results) {
    if (!R.Fails)
      continue;
    ++Failing;
    if (Printed + 1 < Failing)
      continue; // there was no room for one before
    std::string Text;
    llvm::raw_string_ostream Lines(Text);
    describe(*R.In, *R.Found, O, Lines);
    std::string Item = Head + "<details><summary>" + xmlLine(R.Found->Title) + "</summary>\n\n<pre>\n" + xml(Text) +
                       "</pre>\n\n</details>\n";
    if (Item.size() + 200 > Room)
      continue;
    Out << Item;
    Room -= Item.size();
    Head.clear();
    ++Printed;
  }
  if (Printed < Failing)
    Out << "\n**The evidence of " << Failing - Printed << " more finding(s) is left out**: see another format.\n";
}

void report::markdown(llvm::ArrayRef<Judged> All, const Options &O, llvm::raw_ostream &Out) {
  std::vector<Result> Results = results(All, O);
  std::vector<Doubt> Doubts = doubts(All, O);
  std::string Page;
  llvm::raw_string_ostream W(Page);
  W << "## Underlock: " << plain(headline(Results, Doubts, O)) << "\n";
  size_t Known = 0, Suppressed = 0, New = 0;
  for (const Result &R : Results) {
    New += R.Found->Stands == Standing::New;
    Known += R.Found->Stands == Standing::Known;
    Suppressed += R.Found->Stands == Standing::Suppressed;
  }
  if (New + Known + Suppressed + O.Gated.Gone.size())
    W << llvm::formatv("\n{0} new, {1} known, {2} suppressed, {3} gone\n", New, Known, Suppressed,
                       O.Gated.Gone.size());
  table(Results, O, W);
  notProven(Doubts, W);
  contractTable(All, W);
  evidence(Results, PageBytes - std::min(PageBytes, Page.size()), O, W);
  Out << Page;
}
