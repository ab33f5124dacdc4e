// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The text report: what is wrong in one line, where, by which path, what was held and where it was taken, what is
// missing, the rule with its why; for a cycle both stacks of every edge and the interleaving that deadlocks.
#include "analyzer/report/Interleaving.h"
#include "analyzer/report/Report.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;
using namespace underlock::report;
using llvm::raw_ostream;

namespace {

class Printer {
public:
  Printer(const Judged &J, const Options &O, raw_ostream &Out) : J(J), R(*J.R), O(O), Out(Out) {}

  void finding(const Finding &F);
  void remarks();
  void summary();

private:
  void header(const Finding &F);
  void note(const llvm::Twine &Text);
  void place(SiteId S);
  void stack(PlaceRef P);
  void holds(const Step &S, llvm::StringRef Who, InstanceId Except = None);
  void edge(const Finding &F, size_t Index);
  void rule(const Finding &F);
  void wrapped(llvm::StringRef Head, llvm::StringRef Text);

  const Judged &J;
  const Recording &R;
  const Options &O;
  raw_ostream &Out;
};

} // namespace

static constexpr unsigned Columns = 100;

void Printer::note(const llvm::Twine &Text) {
  Out << "  ";
  Out.changeColor(raw_ostream::CYAN, true) << "note: ";
  Out.resetColor() << Text << '\n';
}

// Text broken at words, its further lines indented under the first.
void Printer::wrapped(llvm::StringRef Head, llvm::StringRef Text) {
  llvm::SmallVector<llvm::StringRef, 32> Words;
  llvm::SplitString(Text, Words);
  Out << "  " << Head;
  size_t At = 2 + Head.size();
  for (llvm::StringRef Word : Words) {
    if (At + 1 + Word.size() > Columns) {
      Out << '\n';
      Out.indent(2 + Head.size());
      At = 2 + Head.size();
    }
    Out << ' ' << Word;
    At += 1 + Word.size();
  }
  Out << '\n';
}

void Printer::place(SiteId S) {
  const Site &At = R.Sites[S];
  Out << At.File << ':' << At.Line;
  if (At.Column)
    Out << ':' << At.Column;
}

// The frames from the site outwards; what lies beyond the model's boundary is the same for everybody and left out.
void Printer::stack(PlaceRef P) {
  std::vector<Frame> Frames = R.frames(P.Stack);
  std::vector<std::string> Story = R.story(P);
  size_t Shown = 0;
  for (size_t I = 0; I < Frames.size(); ++I) {
    const Frame &F = Frames[I];
    Out << "      " << llvm::formatv("#{0,-2} ", I);
    if (F.Function.empty())
      Out << llvm::formatv("{0:x}", F.Address);
    else
      Out << F.Function;
    if (F.Line)
      Out << "  " << F.File << ':' << F.Line;
    if (F.Inlined)
      Out << "  (inlined)";
    Out << '\n';
    ++Shown;
    if (!O.FullStacks && !Story.empty() && Story.size() > 1 && F.Function == Story.back() && I + 1 < Frames.size()) {
      Out << llvm::formatv("      … {0} more frame(s): --full-stacks\n", Frames.size() - Shown);
      break;
    }
  }
  if (Frames.empty() && P.Site != None) {
    Out << "      in " << R.Sites[P.Site].Function << '\n';
  }
}

// Each lock that was held but for `Except`, with the place where it was taken; the same again is counted.
void Printer::holds(const Step &S, llvm::StringRef Who, InstanceId Except) {
  llvm::SmallVector<std::pair<const Hold *, unsigned>, 8> Distinct;
  for (const Hold &H : S.Held) {
    if (H.Lock == Except)
      continue;
    auto Same = llvm::find_if(Distinct, [&](const auto &D) {
      return D.first->Lock == H.Lock && D.first->Place.Site == H.Place.Site && D.first->By == H.By;
    });
    if (Same == Distinct.end())
      Distinct.push_back({&H, 1});
    else
      ++Same->second;
  }
  if (Distinct.empty() && Except == None)
    return note(Who + " held no lock");
  for (auto [H, Count] : Distinct) {
    Out << "  ";
    Out.changeColor(raw_ostream::CYAN, true) << "note: ";
    Out.resetColor();
    if (H->own())
      Out << Who << (Except == None ? " held " : " also held ");
    Out << R.lockName(H->Lock) << (H->Mode == model::Mode::Shared ? " (shared)" : "");
    if (!H->own())
      Out << (Except == None ? " was held by " : " was also held by ") << R.contextName(H->By)
          << ", which waits for this";
    if (Count > 1)
      Out << ' ' << Count << " times";
    Out << ", taken at ";
    place(H->Place.Site);
    Out << " in " << R.Sites[H->Place.Site].Function << '\n';
  }
}

void Printer::header(const Finding &F) {
  SiteId S = F.Steps.front().Place.Site;
  Out.changeColor(raw_ostream::SAVEDCOLOR, true);
  if (S != None) {
    place(S);
    Out << ": ";
  }
  Out.changeColor(F.Level == model::Severity::Error     ? raw_ostream::RED
                  : F.Level == model::Severity::Warning ? raw_ostream::MAGENTA
                                                        : raw_ostream::CYAN,
                  true)
      << nameOf(F.Level) << ": ";
  Out.resetColor();
  Out.changeColor(raw_ostream::SAVEDCOLOR, true) << F.Title;
  Out.resetColor() << " [" << F.Analysis << ':' << F.Rule << ", " << nameOf(F.Sure) << "]\n";
}

void Printer::edge(const Finding &F, size_t Index) {
  const Step &S = F.Steps[Index];
  // The lock that the step before this one wants is the one that matters of what is held here.
  InstanceId Holding = F.Steps[(Index + F.Steps.size() - 1) % F.Steps.size()].Lock;
  std::string Who = R.contextName(S.Context);
  auto Held = llvm::find_if(S.Held, [&](const Hold &H) { return H.Lock == Holding; });
  // Over classes alone the lock held is another object's than the one waited for.
  if (Held == S.Held.end())
    Held =
        llvm::find_if(S.Held, [&](const Hold &H) { return R.Instances[H.Lock].Class == R.Instances[Holding].Class; });
  if (Held != S.Held.end()) {
    note(Held->own() ? llvm::formatv("{0} holds {1}, taken here", Who, R.lockName(Held->Lock)).str()
                     : llvm::formatv("{0}, which waits for {1}, holds {2}, taken here", R.contextName(Held->By), Who,
                                     R.lockName(Held->Lock))
                           .str());
    stack(Held->Place);
  }
  note(llvm::formatv("… and {0} {1} here{2}", S.What == Step::Kind::Waits ? "waits for" : "takes", R.lockName(S.Lock),
                     S.Count > 1 ? llvm::formatv(" ({0} times)", S.Count).str() : "")
           .str());
  stack(S.Place);
  if (Held != S.Held.end())
    holds(S, Who, Held->Lock);
}

void Printer::rule(const Finding &F) {
  for (const std::string &A : F.Assumptions)
    wrapped("assumed:", A);
  if (!F.Why.empty())
    wrapped("why:", F.Why);
  if (!F.See.empty())
    wrapped("see:", F.See);
  Out << "  fingerprint: " << fingerprint(F) << "\n\n";
}

void Printer::finding(const Finding &F) {
  header(F);
  if (F.Analysis == "order") {
    for (size_t I = 0; I < F.Steps.size(); ++I)
      edge(F, I);
    interleaving(R, F, Out);
    return rule(F);
  }
  const Step &S = F.Steps.front();
  if (S.Count > 1)
    note(llvm::formatv("seen {0} times by this path", S.Count).str());
  stack(S.Place);
  if (!F.Missing.empty())
    note("missing: " + llvm::join(F.Missing, " or "));
  holds(S, R.contextName(S.Context));
  if (S.Unclear)
    note("this is work that somebody waits for (" + S.Unclear->Id +
         "), and it cannot be told who: what that one held is " + "not in this");
  if (F.Rule == "self-deadlock" || F.Rule == "delegated-deadlock" || F.Rule == "relock")
    for (const Hold &H : S.Held)
      if (H.Lock == S.Lock) {
        note("the first acquisition of " + R.lockName(S.Lock) + ", which " +
             (F.Rule == "relock" ? "still holds it:" : "was never released:"));
        stack(H.Place);
      }
  rule(F);
}

void Printer::remarks() {
  for (const Remark &M : R.Remarks) {
    bool Warning = M.Level == Remark::Kind::Warning;
    Out.changeColor(Warning ? raw_ostream::MAGENTA : raw_ostream::CYAN, true) << (Warning ? "warning: " : "note: ");
    Out.resetColor() << M.Text << '\n';
  }
}

void Printer::summary() {
  for (const ContractStatistics &C : J.Contracts) {
    if (C.Exercised == 0)
      continue; // a remark says so
    Out << "contract " << C.Contract->Id << ": exercised " << C.Exercised << " time(s)";
    if (C.Exempt)
      Out << " (" << C.Exempt << " exempt during " << llvm::join(C.Contract->ExceptDuring, ", ") << ")";
    if (C.Violated)
      Out << ", violated " << C.Violated << " time(s)\n";
    else
      Out << ", never violated\n";
  }
  size_t Locks = R.Instances.size();
  Out << R.Name << ": " << R.Records << " records, " << R.Contexts.size() << " contexts, " << Locks << " locks of "
      << R.Classes.size() << " classes\n";
}

// The last lines: what the verdict is, by which gate, and what was not shown.
static void verdict(llvm::ArrayRef<Judged> All, const Options &O, raw_ostream &Out) {
  unsigned ByCertainty[4] = {};
  unsigned Failing = 0, Hidden = 0;
  for (const Judged &J : All)
    for (const Finding &F : J.Findings) {
      ++ByCertainty[static_cast<unsigned>(F.Sure)];
      Failing += F.Sure >= O.Gate;
      Hidden += F.Sure < O.Show;
    }
  for (const Judged &J : All)
    if (J.ProvesNothing) {
      Out.changeColor(raw_ostream::RED, true) << "underlock: no verdict: ";
      Out.resetColor() << J.R->Name << ": " << J.Reason << '\n';
    }
  if (llvm::all_of(All, [](const Judged &J) { return J.ProvesNothing; }) && Failing == 0)
    return;
  if (Failing) {
    Out.changeColor(raw_ostream::RED, true) << "underlock: " << Failing << " finding(s)";
    Out.resetColor() << " at or above the gate (" << nameOf(O.Gate) << "):";
    for (unsigned C = 4; C-- > static_cast<unsigned>(O.Gate);)
      if (ByCertainty[C])
        Out << ' ' << ByCertainty[C] << ' ' << nameOf(static_cast<Certainty>(C));
    Out << '\n';
  } else {
    Out.changeColor(raw_ostream::GREEN, true) << "underlock: clean";
    Out.resetColor() << ": no finding at or above the gate (" << nameOf(O.Gate) << ")\n";
  }
  if (Hidden)
    Out << "underlock: " << Hidden << " finding(s) below what is shown: --show possible\n";
}

void report::text(llvm::ArrayRef<Judged> All, const Options &O, raw_ostream &Out) {
  for (const Judged &J : All) {
    Printer P(J, O, Out);
    for (const Finding &F : J.Findings)
      if (F.Sure >= O.Show)
        P.finding(F);
    P.remarks();
    P.summary();
  }
  verdict(All, O, Out);
}
