// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a prediction says, as text: what was supposed, what would go, stay (and by which new ways) and arrive, and why
// it is no answer where it is none.
#include "analyzer/report/Report.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include <map>

using namespace underlock;
using llvm::raw_ostream;

static constexpr unsigned WidthOfLabel = 9;

static raw_ostream &label(llvm::StringRef Text, raw_ostream::Colors Color, raw_ostream &Out) {
  Out.changeColor(Color, true) << llvm::left_justify(Text, WidthOfLabel);
  return Out.resetColor();
}

static std::string applied(const Edit &E, uint64_t Uses) {
  switch (E.What) {
  case Edit::Kind::Take:
    return llvm::formatv(" ({0} time(s))", Uses).str();
  case Edit::Kind::Drop:
    return llvm::formatv(" ({0} acquisition(s))", Uses).str();
  case Edit::Kind::Recursive:
    break;
  }
  return "";
}

// The ways on which an edit takes the lock, and how many lead on from inside of these.
static void newPaths(const report::Supposed &S, const Change &C, const report::Options &O, raw_ostream &Out) {
  std::map<std::string, unsigned> Inside;
  for (const LockPath &P : C.Paths) {
    if (!S.Edited.R->Sites[P.At.Place.Site].Supposed) {
      ++Inside[P.To + " under " + P.From];
      continue;
    }
    Out << "  by a new path: " << P.To << " under " << P.From << '\n';
    report::stack(S.Edited, P.At.Place, O, Out);
  }
  for (const auto &[What, Count] : Inside)
    Out << "  and by " << Count << " new path(s) inside of such: " << What << '\n';
}

// A self-deadlock's first way is in the finding itself.
static void otherWays(const report::Supposed &S, const Finding &F, const report::Options &O, raw_ostream &Out) {
  if (F.Analysis != "self")
    return;
  for (const Step &Other : llvm::ArrayRef(F.Steps).drop_front()) {
    Out << "  … and by this path:\n";
    report::stack(S.Edited, Other.Place, O, Out);
  }
}

static void change(const report::Supposed &S, const Change &C, const report::Options &O, raw_ostream &Out) {
  switch (C.What) {
  case Change::Fate::Goes:
    label("goes:", raw_ostream::GREEN, Out);
    report::headline(S.AsIs, C.F, O, Out);
    break;
  case Change::Fate::Stays:
    label("stays:", raw_ostream::MAGENTA, Out);
    report::headline(S.Edited, C.F, O, Out);
    newPaths(S, C, O, Out);
    break;
  case Change::Fate::Arrives:
    label("arrives:", raw_ostream::RED, Out);
    report::describe(S.Edited, C.F, O, Out);
    otherWays(S, C.F, O, Out);
    break;
  }
}

static size_t count(const Prediction &P, Change::Fate What) {
  return llvm::count_if(P.Changes, [&](const Change &C) { return C.What == What; });
}

void report::text(const Supposed &S, const Options &O, raw_ostream &Out) {
  for (size_t I = 0; I < S.Edits.size(); ++I)
    Out << llvm::left_justify(I ? "" : "what if:", WidthOfLabel) << S.Edits[I].text()
        << applied(S.Edits[I], S.P.Uses[I]) << '\n';
  Out << '\n';
  for (const Change &C : S.P.Changes)
    change(S, C, O, Out);
  for (const std::string &Why : S.P.Unknown) {
    label("unknown:", raw_ostream::RED, Out);
    Out << Why << '\n';
  }
  size_t Go = count(S.P, Change::Fate::Goes), Stay = count(S.P, Change::Fate::Stays),
         Arrive = count(S.P, Change::Fate::Arrives);
  Out << "underlock: ";
  if (!S.P.Unknown.empty())
    Out << "unknown; of what was recorded, ";
  Out << llvm::formatv("{0} finding(s) would go, {1} stay, {2} arrive (gate: {3})\n", Go, Stay, Arrive, nameOf(O.Gate));
}
