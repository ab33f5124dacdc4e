// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The text report: what is wrong in one line, where, by which path, what was held and where it was taken, what is
// missing, the rule with its why; for a cycle both stacks of every edge and the interleaving that deadlocks.
#include "analyzer/report/Divergence.h"
#include "analyzer/report/Interleaving.h"
#include "analyzer/report/Report.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;
using namespace underlock::report;
using llvm::raw_ostream;

namespace {

class Printer {
public:
  Printer(const Judged &J, const Options &O, raw_ostream &Out) : J(J), R(*J.R), O(O), Out(Out) {}

  void header(const Finding &F);
  void stack(PlaceRef P);
  // `Elsewhere`: which other recordings have it, to be printed as a note; or empty.
  void finding(const Finding &F, llvm::StringRef Elsewhere);
  void remarks();
  void summary();

private:
  void note(const llvm::Twine &Text);
  void place(SiteId S);
  void source(SiteId S);
  void holds(const Step &S, llvm::StringRef Who, InstanceId Except = None);
  void edge(const Finding &F, size_t Index);
  void reported(const Finding &F);
  void hang(const Finding &F);
  std::string since(const Step &S) const;
  void rule(const Finding &F);
  void wrapped(llvm::StringRef Head, llvm::StringRef Text) { report::wrapped("  " + Head.str(), Text, Out); }

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

void Printer::place(SiteId S) {
  const Site &At = R.Sites[S];
  Out << At.File << ':' << At.Line;
  if (At.Column)
    Out << ':' << At.Column;
  if (At.Supposed)
    Out << " (what if)";
}

void Printer::source(SiteId S) {
  const Site &At = R.Sites[S];
  std::optional<std::string> Line = R.Names ? R.Names->line(At.File, At.Line) : std::nullopt;
  if (Line && At.Line)
    Out << llvm::formatv("{0,6} | {1}\n", At.Line, llvm::StringRef(*Line).rtrim());
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
  if (S != None && !R.Sites[S].File.empty()) {
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
  if (O.Sources && S != None)
    source(S);
}

// Of a wait that the recording ended in.
std::string Printer::since(const Step &S) const {
  if (S.What != Step::Kind::Waits || R.TicksPerSecond <= 0 || S.Time < R.Start)
    return "";
  return llvm::formatv(" since second {0:F3}", (S.Time - R.Start) / R.TicksPerSecond).str();
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
  } else if (!S.Says.empty()) {
    note(R.lockName(S.Lock) + " " + S.Says + ", by " + Who + ":");
    stack(S.Place);
    return holds(S, Who, S.Lock);
  }
  const model::Lock *Kind = R.classOf(S.Lock).Lock;
  bool Waits = S.What == Step::Kind::Waits || (Kind && !Kind->isLock());
  note(llvm::formatv("… and {0} {1} here{2}{3}{4}", Waits ? "waits for" : "takes", R.lockName(S.Lock), since(S),
                     S.During.empty() ? "" : ", during " + S.During,
                     S.Count > 1 ? llvm::formatv(" ({0} times)", S.Count).str() : "")
           .str());
  stack(S.Place);
  if (Held != S.Held.end())
    holds(S, Who, Held->Lock);
}

// Who waits for what, since when and because of whom, by which path, and with what in hand.
void Printer::hang(const Finding &F) {
  for (const Step &S : F.Steps) {
    note(R.lockName(S.Lock) + " " + S.Says + ", by " + R.contextName(S.Context) + ":");
    stack(S.Place);
    if (S.What == Step::Kind::Waits)
      holds(S, R.contextName(S.Context));
  }
}

// By ThreadSanitizer: what each thread did, by which path, and under which locks.
void Printer::reported(const Finding &F) {
  for (const Step &S : F.Steps) {
    std::string Who = R.contextName(S.Context);
    if (S.What == Step::Kind::Reads || S.What == Step::Kind::Writes)
      note(Who + (S.What == Step::Kind::Writes ? " writes here" : " reads here"));
    else if (S.What == Step::Kind::Acquires)
      note(Who + " takes " + (S.Lock == None ? "one" : R.lockName(S.Lock)) + " here");
    if (!S.During.empty())
      note("during " + S.During);
    if (S.Count > 1)
      note(llvm::formatv("reported {0} times", S.Count).str());
    stack(S.Place);
    if (!S.HeldKnown)
      note("what " + Who + " held then is not known");
    for (const std::string &Lock : S.HeldElsewise)
      note(Who + " held " + Lock + ", which ThreadSanitizer knows and the model does not mark");
    if (S.What != Step::Kind::Acquires && S.HeldKnown && (S.HeldElsewise.empty() || !S.Held.empty()))
      holds(S, Who);
  }
}

void Printer::rule(const Finding &F) {
  for (const std::string &Also : F.AlsoBy)
    note(Also + " reports the same");
  for (const std::string &A : F.Assumptions)
    wrapped("assumed:", A);
  if (!F.Why.empty())
    wrapped("why:", F.Why);
  if (!F.See.empty())
    wrapped("see:", F.See);
  if (F.Apart)
    divergence(R, F, *F.Apart, Out);
  if (!counts(F.Stands))
    wrapped(F.Stands == Standing::Known ? "known:" : "suppressed:", F.Because.empty() ? "no reason given" : F.Because);
  Out << "  fingerprint: " << fingerprint(F) << "\n\n";
}

void Printer::finding(const Finding &F, llvm::StringRef Elsewhere) {
  header(F);
  if (!Elsewhere.empty())
    note(Elsewhere);
  if (F.Analysis == "order") {
    for (size_t I = 0; I < F.Steps.size(); ++I)
      edge(F, I);
    interleaving(R, F, Out);
    return rule(F);
  }
  if (F.Analysis == "hang") {
    hang(F);
    return rule(F);
  }
  if (F.Analysis == "tsan") {
    reported(F);
    return rule(F);
  }
  const Step &S = F.Steps.front();
  if (!S.Says.empty())
    note((S.Lock == None ? "" : R.lockName(S.Lock) + " ") + S.Says + ", by " + R.contextName(S.Context) + ":");
  if (!S.During.empty())
    note("during " + S.During);
  if (S.Count > 1)
    note(llvm::formatv("seen {0} times{1}", S.Count, F.OneOfPaths ? ", this being one path" : " by this path").str());
  if (std::string Since = since(S); !Since.empty() && F.Sure == Certainty::Observed)
    note("it waits here" + Since);
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
             (F.Rule == "relock"              ? "still holds it:"
              : F.Sure == Certainty::Observed ? "was never released:"
                                              : "would not be released before:"));
        stack(H.Place);
      }
  for (const Step &Other : llvm::drop_begin(F.Steps))
    if (!Other.Says.empty()) {
      note((Other.Lock == None ? "" : R.lockName(Other.Lock) + " ") + Other.Says + ", by " +
           R.contextName(Other.Context) + (Other.During.empty() ? "" : ", during " + Other.During) + ":");
      stack(Other.Place);
      holds(Other, R.contextName(Other.Context));
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

namespace {
// Findings that are the same (by fingerprint) in several recordings: shown and counted once, where they are surest.
class Shared {
public:
  explicit Shared(llvm::ArrayRef<Judged> All) : All(All) {
    for (size_t I = 0; I < All.size(); ++I)
      for (const Finding &F : All[I].Findings) {
        Seen &S = ByFingerprint[fingerprint(F)];
        if (S.Shown == nullptr || F.Sure > S.Shown->Sure)
          S.Shown = &F;
        if (S.In.empty() || S.In.back() != I)
          S.In.push_back(I);
      }
  }
  // Whether it is this one that stands for all.
  bool shows(const Finding &F) const {
    const Seen &S = ByFingerprint.find(fingerprint(F))->second;
    return S.Shown == &F || S.In.size() == 1;
  }
  std::string elsewhere(const Finding &F) const;

private:
  struct Seen {
    const Finding *Shown = nullptr;
    llvm::SmallVector<size_t, 2> In; // indices of All
  };
  llvm::ArrayRef<Judged> All;
  llvm::StringMap<Seen> ByFingerprint;
};
} // namespace

std::string Shared::elsewhere(const Finding &F) const {
  static constexpr size_t Most = 4;
  const Seen &S = ByFingerprint.find(fingerprint(F))->second;
  if (S.In.size() < 2)
    return "";
  std::string Out = llvm::formatv("seen in {0} recordings:", S.In.size()).str();
  for (size_t I = 0; I < std::min(Most, S.In.size()); ++I)
    Out += (I ? ", " : " ") + All[S.In[I]].R->Name;
  return S.In.size() > Most ? Out + ", …" : Out;
}

static void line(raw_ostream &Out, raw_ostream::Colors Color, llvm::StringRef Head, const llvm::Twine &Text) {
  Out.changeColor(Color, true) << Head;
  Out.resetColor() << Text << '\n';
}

// What the gate says of all recordings together: known findings that are gone, baseline and suppressions to tidy up.
static void gated(const gate::Outcome &G, raw_ostream &Out) {
  constexpr size_t Limit = 20; // of lines; a lost instrumentation loses them all
  for (const gate::Known &K : llvm::ArrayRef(G.Gone).take_front(Limit))
    line(Out, raw_ostream::CYAN, "note: ",
         llvm::formatv("gone: {0} {1} {2}, known by {3}:{4}", K.Fingerprint, K.Rule, K.Where, K.Place.File,
                       K.Place.Line));
  if (G.Gone.size() > Limit)
    line(Out, raw_ostream::CYAN, "note: ", llvm::formatv("gone: … and {0} more", G.Gone.size() - Limit));
  for (const Remark &M : G.Remarks)
    if (M.Level == Remark::Kind::Warning)
      line(Out, raw_ostream::MAGENTA, "warning: ", M.Text);
    else
      line(Out, raw_ostream::CYAN, "note: ", M.Text);
  for (const std::string &E : G.Expired)
    line(Out, raw_ostream::RED, "error: ", E);
}

static std::string gateName(const Options &O) {
  std::string Out = nameOf(O.Gate).str();
  if (O.FailOn != model::Severity::Note)
    Out += llvm::formatv(", --fail-on {0}", nameOf(O.FailOn)).str();
  return Out;
}

// The findings that do not fail, and why.
static void passed(llvm::ArrayRef<Judged> All, const Shared &Same, const Options &O, raw_ostream &Out) {
  size_t Mild = 0, Hidden = 0, Known = 0, Suppressed = 0;
  for (const Judged &J : All)
    for (const Finding &F : J.Findings) {
      if (!Same.shows(F))
        continue;
      Mild += counts(F.Stands) && F.Sure >= O.Gate && F.Level > O.FailOn;
      Hidden += counts(F.Stands) && F.Sure < O.Show;
      Known += F.Stands == Standing::Known;
      Suppressed += F.Stands == Standing::Suppressed;
    }
  if (Known)
    Out << "underlock: " << Known << " finding(s) known by " << O.Gated.Baseline << " do not fail\n";
  if (Suppressed)
    Out << "underlock: " << Suppressed << " finding(s) that the model suppresses do not fail\n";
  if (Mild)
    Out << "underlock: " << Mild << " finding(s) less severe than --fail-on " << nameOf(O.FailOn) << " do not fail\n";
  if (Hidden)
    Out << "underlock: " << Hidden << " finding(s) below what is shown: --show possible\n";
}

// The last lines: what the verdict is, by which gate, and what was not shown.
static void verdict(llvm::ArrayRef<Judged> All, const Shared &Same, const Options &O, raw_ostream &Out) {
  unsigned ByCertainty[Certainties] = {};
  unsigned Failing = 0;
  for (const Judged &J : All)
    for (const Finding &F : J.Findings)
      if (fails(F, O) && Same.shows(F)) {
        ++ByCertainty[static_cast<unsigned>(F.Sure)];
        ++Failing;
      }
  for (const Judged &J : All)
    if (J.ProvesNothing) {
      Out.changeColor(raw_ostream::RED, true) << "underlock: no verdict: ";
      Out.resetColor() << J.R->Name << ": " << J.Reason << '\n';
    }
  // One that proves nothing is enough for all to be not clean.
  if (llvm::any_of(All, [](const Judged &J) { return J.ProvesNothing; }) && Failing == 0)
    return passed(All, Same, O, Out);
  if (Failing) {
    Out.changeColor(raw_ostream::RED, true) << "underlock: " << Failing << " finding(s)";
    Out.resetColor() << " at or above the gate (" << gateName(O) << "):";
    for (unsigned C = Certainties; C-- > static_cast<unsigned>(O.Gate);)
      if (ByCertainty[C])
        Out << ' ' << ByCertainty[C] << ' ' << nameOf(static_cast<Certainty>(C));
    Out << '\n';
  } else if (!O.Gated.Expired.empty()) {
    line(Out, raw_ostream::RED, "underlock: not clean",
         llvm::formatv(": {0} suppression(s) of the model expired", O.Gated.Expired.size()));
  } else {
    line(Out, raw_ostream::GREEN, "underlock: clean", ": no finding at or above the gate (" + gateName(O) + ")");
  }
  passed(All, Same, O, Out);
}

void report::wrapped(llvm::StringRef Head, llvm::StringRef Text, raw_ostream &Out) {
  llvm::SmallVector<llvm::StringRef, 32> Words;
  llvm::SplitString(Text, Words);
  Out << Head;
  size_t At = Head.size();
  for (llvm::StringRef Word : Words) {
    if (At + 1 + Word.size() > Columns) {
      Out << '\n';
      Out.indent(Head.size());
      At = Head.size();
    }
    Out << ' ' << Word;
    At += 1 + Word.size();
  }
  Out << '\n';
}

void report::describe(const Judged &J, const Finding &F, const Options &O, raw_ostream &Out) {
  Printer(J, O, Out).finding(F, "");
}

void report::text(llvm::ArrayRef<Judged> All, const Options &O, raw_ostream &Out) {
  Shared Same(All);
  for (const Judged &J : All) {
    Printer P(J, O, Out);
    for (const Finding &F : J.Findings)
      if (F.Sure >= O.Show && Same.shows(F) && (counts(F.Stands) || O.ShowKnown))
        P.finding(F, Same.elsewhere(F));
    P.remarks();
    P.summary();
  }
  gated(O.Gated, Out);
  verdict(All, Same, O, Out);
}

void report::headline(const Judged &J, const Finding &F, const Options &O, raw_ostream &Out) {
  Printer(J, O, Out).header(F);
}
void report::stack(const Judged &J, PlaceRef P, const Options &O, raw_ostream &Out) { Printer(J, O, Out).stack(P); }
