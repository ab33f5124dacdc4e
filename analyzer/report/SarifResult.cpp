// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One finding as a SARIF result: where; the locks held and the other ends of a cycle as related locations; one thread
// flow for each thread, numbered as they interleave; the stacks.
#include "analyzer/report/Escape.h"
#include "analyzer/report/Interleaving.h"
#include "analyzer/report/Sarif.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <limits>
#include <set>
#include <tuple>

using namespace underlock;
using namespace underlock::report;
using llvm::json::OStream;

namespace {

// A place with what happens there.
struct Point {
  PlaceRef Place;
  std::string Text;
  bool Acquires = false; // else: the event, the wait, the release …
  unsigned Order = 0;    // among all threads of the finding
};

class Writer {
public:
  Writer(const Result &R, const sarif::ResultOptions &How, const Options &O, OStream &W)
      : R(R), F(*R.Found), In(*R.In->R), How(How), O(O), W(W) {}
  void result();

private:
  void standing();
  void mainLocation();
  void physical(llvm::StringRef File, uint32_t Line, uint32_t Column);
  void logical(llvm::StringRef Function);
  void site(SiteId S);
  void address(uint64_t At);
  void frame(const Frame &F, const Step &S);
  void stack(const Step &S, const Point &P);
  void flow(const Step &S, size_t Index);
  std::vector<Point> points(size_t Index) const;
  std::string says(size_t Index) const;
  void related();
  void details();
  void properties();

  size_t LeftOut = 0; // related locations beyond the limit

  const Result &R;
  const Finding &F;
  const Recording &In;
  const sarif::ResultOptions &How;
  const Options &O;
  OStream &W;
};

} // namespace

void sarif::message(OStream &W, llvm::StringRef Key, llvm::StringRef Text) {
  std::string Out;
  for (char C : Text) {
    if (C == '(' && llvm::StringRef(Out).ends_with("]")) // operator[](int) is no link
      Out += ' ';
    Out += C;
    if (C == '{' || C == '}')
      Out += C;
  }
  W.attributeObject(Key, [&] { W.attribute("text", utf8(Out)); });
}

void Writer::physical(llvm::StringRef File, uint32_t Line, uint32_t Column) {
  std::string Path = path(File, O);
  bool Absolute = llvm::StringRef(Path).starts_with("/");
  W.attributeObject("physicalLocation", [&] {
    W.attributeObject("artifactLocation", [&] {
      W.attribute("uri", (Absolute ? "file://" : "") + uriPath(Path));
      if (!Absolute)
        W.attribute("uriBaseId", "%SRCROOT%");
    });
    if (Line)
      W.attributeObject("region", [&] {
        W.attribute("startLine", Line);
        if (Column)
          W.attribute("startColumn", Column);
      });
  });
}

void Writer::logical(llvm::StringRef Function) {
  if (!Function.empty())
    W.attributeArray("logicalLocations", [&] {
      W.object([&] {
        W.attribute("fullyQualifiedName", utf8(Function));
        W.attribute("kind", "function");
      });
    });
}

void Writer::site(SiteId S) {
  const Site &At = In.Sites[S];
  if (!At.File.empty())
    physical(At.File, At.Line, At.Column);
  logical(At.Function);
}

void Writer::mainLocation() {
  Where At = whereIs(R, O);
  W.attributeArray("locations", [&] {
    W.object([&] {
      physical(At.File, At.Line, At.Column);
      logical(At.Function);
    });
  });
}

// What a step is about. That of the first is what the finding is about, where it does not say otherwise.
std::string Writer::says(size_t Index) const {
  static constexpr llvm::StringLiteral Does[] = {" does this", " takes ",      " waits for ",
                                                 " releases ", " ends, with ", " destroys ",
                                                 " asks for ", " reads it",    " writes it"};
  static_assert(std::size(Does) == Step::Kinds);
  const Step &S = F.Steps[Index];
  std::string Who = In.contextName(S.Context), Lock = S.Lock == None ? "" : In.lockName(S.Lock);
  if (!S.Says.empty())
    return (Lock.empty() ? "" : Lock + " ") + S.Says + ", by " + Who;
  return Index == 0 ? F.Title : Who + Does[static_cast<unsigned>(S.What)].str() + Lock;
}

// What the context of a step did, in its order: it took what it held, then came what the step is about.
std::vector<Point> Writer::points(size_t Index) const {
  const Step &S = F.Steps[Index];
  std::string Who = In.contextName(S.Context);
  std::vector<Point> Out;
  if (F.Analysis == "order") {
    // What matters of the held locks is the one that the step before waits for; all take theirs first, then all wait.
    size_t N = F.Steps.size();
    if (const Hold *H = heldInCycle(In, F, Index))
      Out.push_back({H->Place, (H->own() ? Who : In.contextName(H->By) + ", which waits for this,") + " takes " +
                                   In.lockName(H->Lock),
                     true, static_cast<unsigned>(Index + 1)});
    Out.push_back({S.Place, Who + " waits for " + In.lockName(S.Lock), false, static_cast<unsigned>(N + Index + 1)});
    return Out;
  }
  std::vector<const Hold *> Held;
  for (const Hold &H : S.Held)
    Held.push_back(&H);
  llvm::sort(Held, [](const Hold *A, const Hold *B) { return std::pair(A->Since, A) < std::pair(B->Since, B); });
  unsigned Order = 0;
  for (const Hold *H : Held)
    Out.push_back({H->Place, (H->own() ? Who : In.contextName(H->By) + ", which waits for this,") + " takes " +
                                 In.lockName(H->Lock) + (H->Mode == model::Mode::Shared ? " shared" : ""),
                   true, ++Order});
  Out.push_back({S.Place, says(Index), false, ++Order});
  return Out;
}

void Writer::flow(const Step &S, size_t Index) {
  std::vector<Point> Points = points(Index);
  // The newest are the ones that matter, should one thread hold a thousand locks.
  size_t Most = sarif::FlowLocationsPerResult / F.Steps.size();
  llvm::ArrayRef<Point> Shown = llvm::ArrayRef(Points).take_back(std::max<size_t>(1, Most));
  W.object([&] {
    std::string Letter(1, static_cast<char>('A' + Index % 26));
    W.attribute("id", (F.Steps.size() > 1 ? Letter + std::to_string(Index / 26) + ": " : "") +
                          utf8(In.contextName(S.Context)));
    W.attributeArray("locations", [&] {
      for (const Point &P : Shown)
        W.object([&] {
          W.attributeObject("location", [&] {
            if (P.Place.Site != None)
              site(P.Place.Site);
            sarif::message(W, "message", P.Text);
          });
          W.attributeArray("kinds", [&] {
            if (P.Acquires)
              W.value("acquire");
            W.value("lock");
          });
          W.attribute("executionOrder", P.Order);
          W.attribute("importance", P.Acquires && F.Analysis != "order" ? "important" : "essential");
        });
    });
  });
}

// SARIF's numbers of addresses are not negative, and many programs read them as 64 bits with a sign: a kernel's
// go as text.
void Writer::address(uint64_t At) {
  W.attributeObject("address", [&] {
    if (At <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      W.attribute("absoluteAddress", static_cast<int64_t>(At));
    else
      W.attribute("name", llvm::formatv("{0:x}", At).str());
  });
}

void Writer::frame(const Frame &At, const Step &S) {
  W.object([&] {
    W.attributeObject("location", [&] {
      if (!At.File.empty())
        physical(At.File, At.Line, At.Column);
      else
        W.attributeObject("physicalLocation", [&] { address(At.Address); });
      logical(At.Function);
    });
    if (S.Context != None)
      W.attribute("threadId", static_cast<int64_t>(In.Contexts[S.Context].OsId));
  });
}

// A stack without frames is not worth an entry, but its site is where the finding is.
void Writer::stack(const Step &S, const Point &P) {
  std::vector<Frame> Frames;
  if (P.Place.Stack != None)
    Frames = In.frames(P.Place.Stack);
  if (Frames.empty())
    return;
  W.object([&] {
    sarif::message(W, "message", P.Text);
    W.attributeArray("frames", [&] {
      for (const Frame &At : Frames)
        frame(At, S);
    });
  });
}

// Every held lock and every other end of a cycle. `locations` has one more.
void Writer::related() {
  size_t Id = 0;
  auto Place = [&](SiteId S, const std::string &Text) {
    if (S == None)
      return;
    if (Id + 1 >= sarif::LocationsPerResult) {
      ++LeftOut;
      return;
    }
    W.object([&] {
      W.attribute("id", static_cast<int64_t>(++Id));
      site(S);
      sarif::message(W, "message", Text);
    });
  };
  W.attributeArray("relatedLocations", [&] {
    for (size_t I = 0; I < F.Steps.size(); ++I) {
      const Step &S = F.Steps[I];
      std::string Who = In.contextName(S.Context);
      if (I)
        Place(S.Place.Site, points(I).back().Text);
      for (const Hold &H : S.Held)
        Place(H.Place.Site, (H.own() ? Who + " held " : In.contextName(H.By) + ", which waits for this, held ") +
                                In.lockName(H.Lock) + ", taken here");
    }
  });
}

void Writer::details() {
  W.attributeArray("codeFlows", [&] {
    W.object([&] {
      if (F.Analysis == "order")
        sarif::message(W, "message", F.Sure == Certainty::Observed ? "how it deadlocked" : "how it deadlocks");
      W.attributeArray("threadFlows", [&] {
        for (size_t I = 0; I < F.Steps.size(); ++I)
          flow(F.Steps[I], I);
      });
    });
  });
  std::set<std::tuple<std::string, StackId>> Written; // a lock taken several times by one path is one stack
  W.attributeArray("stacks", [&] {
    for (size_t I = 0; I < F.Steps.size(); ++I)
      for (const Point &P : points(I))
        if (Written.insert({P.Text, P.Place.Stack}).second)
          stack(F.Steps[I], P);
  });
}

void Writer::standing() {
  if (F.Stands == Standing::Suppressed)
    W.attributeArray("suppressions", [&] {
      W.object([&] {
        W.attribute("kind", "external");
        W.attribute("status", "accepted");
        W.attribute("justification", utf8(F.Because));
      });
    });
  if (How.Compared)
    W.attribute("baselineState", F.Stands == Standing::New || F.Stands == Standing::None ? "new" : "unchanged");
}

void Writer::properties() {
  W.attributeObject("properties", [&] {
    W.attribute("certainty", nameOf(F.Sure));
    W.attribute("fails", R.Fails);
    W.attribute("recording", utf8(In.Name));
    W.attribute("recordings", R.Recordings);
    auto Strings = [&](llvm::StringRef Key, llvm::ArrayRef<std::string> Values) {
      if (!Values.empty())
        W.attributeArray(Key, [&] {
          for (const std::string &V : Values)
            W.value(utf8(V));
        });
    };
    Strings("missing", F.Missing);
    Strings("assumptions", F.Assumptions);
    if (F.Stands == Standing::Known)
      W.attribute("knownBecause", utf8(F.Because));
    if (LeftOut)
      W.attribute("relatedLocationsLeftOut", static_cast<int64_t>(LeftOut));
  });
}

void Writer::result() {
  // A viewer sorts by rank: what is surer comes first.
  static constexpr int Ranks[] = {25, 50, 75, 100};
  static_assert(std::size(Ranks) == Certainties);
  W.object([&] {
    W.attribute("ruleId", utf8(R.rule()));
    W.attribute("ruleIndex", How.RuleIndex);
    W.attribute("kind", "fail");
    W.attribute("level", nameOf(F.Level));
    W.attribute("rank", Ranks[static_cast<unsigned>(F.Sure)]);
    std::string Text = F.Title + " (" + nameOf(F.Sure).str() + ").";
    if (!F.Missing.empty())
      Text += " Missing: " + llvm::join(F.Missing, " or ") + ".";
    if (!F.Assumptions.empty())
      Text += " Assumed: " + llvm::join(F.Assumptions, "; ") + ".";
    if (!F.Why.empty())
      Text += "\nWhy: " + F.Why;
    sarif::message(W, "message", Text);
    mainLocation();
    W.attribute("occurrenceCount", static_cast<int64_t>(R.Times));
    W.attributeObject("fingerprints", [&] { W.attribute("underlock/v1", R.Fingerprint); });
    // The one that GitHub looks at; it would else be computed from the lines around, and change with them.
    W.attributeObject("partialFingerprints", [&] { W.attribute("primaryLocationLineHash", R.Fingerprint + ":1"); });
    standing();
    if (How.Detailed && !F.Steps.empty()) {
      related();
      details();
    }
    properties();
  });
}

void sarif::result(const Result &R, const ResultOptions &How, const Options &O, OStream &W) {
  Writer(R, How, O, W).result();
}
