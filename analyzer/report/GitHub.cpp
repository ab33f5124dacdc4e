// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Workflow commands of GitHub Actions, which become annotations. GitHub shows the first ten of each kind in a step and
// drops the others without a word: here the most important come first, the tenth says how many more there are, and all
// of them stand in the log.
#include "analyzer/report/Escape.h"
#include "analyzer/report/Results.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;
using namespace underlock::report;

constexpr size_t Shown = 10; // of a kind and step

namespace {

struct Annotation {
  enum class Kind { Error, Warning, Notice } Level = Kind::Error;
  std::string Title, Message;
  Where At; // no file: none
};

} // namespace

// In a property, : and , have a meaning too.
static std::string escaped(llvm::StringRef Text, bool Property) {
  std::string Out;
  for (char C : utf8(Text))
    if (C == '%' || C == '\r' || C == '\n' || (Property && (C == ':' || C == ',')))
      Out += {'%', llvm::hexdigit(static_cast<unsigned char>(C) >> 4), llvm::hexdigit(C & 15)};
    else
      Out += C;
  return Out;
}

static llvm::StringRef word(Annotation::Kind Level) {
  static constexpr llvm::StringLiteral Names[] = {"error", "warning", "notice"};
  return Names[static_cast<unsigned>(Level)];
}

static void annotate(const Annotation &A, llvm::raw_ostream &Out) {
  Out << "::" << word(A.Level) << ' ';
  if (!A.At.File.empty()) {
    Out << "file=" << escaped(A.At.File, true);
    if (A.At.Line)
      Out << ",line=" << A.At.Line;
    if (A.At.Line && A.At.Column)
      Out << ",col=" << A.At.Column;
    Out << ',';
  }
  Out << "title=" << escaped(A.Title, true) << "::" << escaped(A.Message, false) << '\n';
}

static Annotation annotationOf(const Result &R, const Options &O) {
  const Finding &F = *R.Found;
  Annotation A;
  A.At = whereIs(R, O);
  A.Title = F.Title;
  A.Level = !R.Fails                              ? Annotation::Kind::Notice
            : F.Level == model::Severity::Error   ? Annotation::Kind::Error
            : F.Level == model::Severity::Warning ? Annotation::Kind::Warning
                                                  : Annotation::Kind::Notice;
  A.Message = F.Title + " [" + R.rule() + ", " + nameOf(F.Sure).str() + "]";
  if (!F.Missing.empty())
    A.Message += "\nmissing: " + llvm::join(F.Missing, " or ");
  for (const std::string &Assumed : F.Assumptions)
    A.Message += "\nassumed: " + Assumed;
  if (!F.Why.empty())
    A.Message += "\nwhy: " + F.Why;
  A.Message += "\nfingerprint: " + R.Fingerprint;
  return A;
}

static std::vector<Annotation> annotations(llvm::ArrayRef<Result> Results, llvm::ArrayRef<Doubt> Doubts,
                                           const Options &O) {
  std::vector<Annotation> Out;
  for (const Doubt &D : Doubts)
    if (D.Level == Doubt::Kind::NoVerdict)
      Out.push_back({Annotation::Kind::Error, "Underlock: no verdict",
                     "no verdict: " + (D.Recording.empty() ? "" : D.Recording + ": ") + D.Text, {}});
  for (const std::string &E : O.Gated.Expired)
    Out.push_back({Annotation::Kind::Error, "Underlock: a suppression has expired", E, {}});
  for (const Result &R : Results)
    if (counts(R.Found->Stands)) // what is known or suppressed has been seen by who said so
      Out.push_back(annotationOf(R, O));
  for (const Doubt &D : Doubts)
    if (D.Level == Doubt::Kind::Warning && !llvm::is_contained(O.Gated.Expired, D.Text))
      Out.push_back({Annotation::Kind::Warning, "Underlock: not proven",
                     (D.Recording.empty() ? "" : D.Recording + ": ") + D.Text, {}});
  return Out;
}

// In the log it is a line of text. None of them begins with what a name in a trace says: it could be a command.
static void log(const Annotation &A, llvm::raw_ostream &Out) {
  Out << "underlock: " << word(A.Level) << ": ";
  if (!A.At.File.empty())
    Out << escaped(A.At.File, false) << ':' << A.At.Line << ": ";
  Out << escaped(llvm::StringRef(A.Message).split('\n').first, false) << '\n';
}

void report::github(llvm::ArrayRef<Judged> All, const Options &O, llvm::raw_ostream &Out) {
  std::vector<Result> Results = results(All, O);
  std::vector<Doubt> Doubts = doubts(All, O);
  std::vector<Annotation> Every = annotations(Results, Doubts, O);
  for (auto Level : {Annotation::Kind::Error, Annotation::Kind::Warning, Annotation::Kind::Notice}) {
    std::vector<const Annotation *> Of;
    for (const Annotation &A : Every)
      if (A.Level == Level)
        Of.push_back(&A);
    size_t Most = Of.size() > Shown ? Shown - 1 : Of.size();
    for (size_t I = 0; I < Most; ++I)
      annotate(*Of[I], Out);
    if (Most == Of.size())
      continue;
    std::string More = llvm::formatv("{0} more {1}(s) of Underlock are not shown here: GitHub shows {2}. They are in "
                                     "the log below, and in the other formats",
                                     Of.size() - Most, word(Level), Shown);
    annotate({Level, "Underlock: and more", More, {}}, Out);
    for (size_t I = Most; I < Of.size(); ++I)
      log(*Of[I], Out);
  }
  Out << "underlock: " << escaped(headline(Results, Doubts, O), false) << '\n';
}
