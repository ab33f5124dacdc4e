// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The JSON report: everything, for programs. Its shape is part of the interface: fields are added, never renamed;
// "format" is raised when one has to change its meaning.
#include "llvm/Support/JSON.h"
#include "analyzer/report/Escape.h"
#include "analyzer/report/Report.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;
using namespace underlock::report;
using llvm::json::OStream;

namespace {

class Writer {
public:
  Writer(const Judged &J, const Options &O, OStream &W) : J(J), R(*J.R), O(O), W(W) {}
  void recording();
  void finding(const Finding &F);
  void step(const Step &S);
  void strings(llvm::StringRef Key, llvm::ArrayRef<std::string> Values);

private:
  void facts();
  void contracts();
  void remarks();
  void hold(const Hold &H);
  void divergence(const Divergence &D);
  void site(SiteId S);
  void stack(StackId S);
  void lock(InstanceId I);
  double seconds(Ticks T) const {
    return R.TicksPerSecond > 0 ? static_cast<double>(T - R.Start) / R.TicksPerSecond : 0;
  }

  const Judged &J;
  const Recording &R;
  const Options &O;
  OStream &W;
};

} // namespace

void Writer::strings(llvm::StringRef Key, llvm::ArrayRef<std::string> Values) {
  W.attributeArray(Key, [&] {
    for (const std::string &Value : Values)
      W.value(utf8(Value));
  });
}

void Writer::site(SiteId S) {
  if (S == None)
    return;
  const Site &At = R.Sites[S];
  W.attributeObject("site", [&] {
    W.attribute("file", utf8(At.File));
    W.attribute("line", At.Line);
    W.attribute("column", At.Column);
    W.attribute("function", utf8(At.Function));
    W.attribute("expression", utf8(At.Expression));
    W.attribute("mark", utf8(At.Mark));
    if (At.Supposed)
      W.attribute("supposed", true);
  });
}

void Writer::stack(StackId S) {
  W.attributeArray("stack", [&] {
    for (const Frame &F : R.frames(S))
      W.object([&] {
        W.attribute("address", llvm::formatv("{0:x}", F.Address).str());
        W.attribute("function", utf8(F.Function));
        W.attribute("file", utf8(F.File));
        W.attribute("line", F.Line);
        W.attribute("column", F.Column);
        W.attribute("inlined", F.Inlined);
      });
  });
}

void Writer::lock(InstanceId I) {
  if (I == None)
    return;
  W.attributeObject("lock", [&] {
    W.attribute("class", utf8(R.className(I)));
    W.attribute("instance", I);
    W.attribute("address", llvm::formatv("{0:x}", R.addressOf(I)).str());
    if (!R.classOf(I).InitSite.empty())
      W.attribute("initialised in", utf8(R.classOf(I).InitSite));
  });
}

void Writer::hold(const Hold &H) {
  W.object([&] {
    lock(H.Lock);
    W.attribute("mode", nameOf(H.Mode));
    W.attribute("try", H.ByTry);
    if (!H.own()) {
      W.attribute("held by", utf8(R.contextName(H.By)));
      W.attribute("held by id", R.Contexts[H.By].TraceId);
    }
    W.attribute("seconds", seconds(H.Since));
    site(H.Place.Site);
    stack(H.Place.Stack);
  });
}

void Writer::step(const Step &S) {
  static constexpr llvm::StringLiteral Kinds[] = {"event", "acquires", "waits", "releases", "ends",
                                                "dies",  "fails",    "reads", "writes"};
  static_assert(std::size(Kinds) == Step::Kinds);
  W.object([&] {
    W.attribute("what", Kinds[static_cast<unsigned>(S.What)]);
    if (!S.Says.empty())
      W.attribute("says", utf8(S.Says));
    W.attribute("context", utf8(R.contextName(S.Context)));
    if (S.Context != None) {
      W.attribute("context id", R.Contexts[S.Context].TraceId);
      W.attribute("os id", static_cast<int64_t>(R.Contexts[S.Context].OsId));
    }
    W.attribute("seconds", seconds(S.Time));
    W.attribute("count", static_cast<int64_t>(S.Count));
    lock(S.Lock);
    W.attribute("mode", nameOf(S.Mode));
    site(S.Place.Site);
    stack(S.Place.Stack);
    if (!S.During.empty())
      W.attribute("during", utf8(S.During));
    if (S.Unclear)
      W.attribute("unclear delegation", utf8(S.Unclear->Id));
    if (!S.HeldKnown)
      W.attribute("held known", false);
    W.attributeArray("held", [&] {
      for (const Hold &H : S.Held)
        hold(H);
    });
    if (!S.HeldElsewise.empty())
      strings("held elsewise", S.HeldElsewise);
  });
}

void Writer::finding(const Finding &F) {
  W.object([&] {
    W.attribute("fingerprint", fingerprint(F));
    W.attribute("analysis", F.Analysis);
    W.attribute("rule", F.Rule);
    W.attribute("certainty", nameOf(F.Sure));
    if (F.OneOfPaths)
      W.attribute("one of paths", true);
    W.attribute("severity", nameOf(F.Level));
    W.attribute("fails", fails(F, O));
    W.attribute("stands", nameOf(F.Stands));
    if (!F.Because.empty())
      W.attribute("because", utf8(F.Because));
    W.attribute("title", utf8(F.Title));
    strings("identity", F.Identity);
    strings("during", F.During);
    strings("missing", F.Missing);
    strings("assumptions", F.Assumptions);
    W.attribute("why", utf8(F.Why));
    W.attribute("see", utf8(F.See));
    if (!F.AlsoBy.empty())
      strings("also by", F.AlsoBy);
    W.attributeArray("steps", [&] {
      for (const Step &S : F.Steps)
        step(S);
    });
    if (F.Apart)
      divergence(*F.Apart);
  });
}

void Writer::divergence(const Divergence &D) {
  W.attributeObject("divergence", [&] {
    W.attribute("function", utf8(D.Function));
    W.attribute("lock", utf8(D.Lock));
    W.attribute("count with lock", static_cast<int64_t>(D.WithCount));
    W.attribute("other ways", static_cast<int64_t>(D.OtherWays));
    strings("callbacks", D.Callbacks);
    W.attributeObject("with lock", [&] { stack(D.With.Stack); });
    if (D.TakenBy != None) {
      W.attribute("taken by", utf8(R.contextName(D.TakenBy)));
      W.attribute("taken by id", R.Contexts[D.TakenBy].TraceId);
    }
    W.attributeObject("taken", [&] {
      site(D.Taken.Site);
      stack(D.Taken.Stack);
    });
  });
}

void Writer::facts() {
  W.attribute("trace", utf8(R.Name));
  W.attribute("program", utf8(R.Program));
  W.attribute("platform", R.Platform == UNDERLOCK_PLATFORM_LINUX ? "linux" : "posix");
  W.attribute("model", utf8(R.Model.Name));
  W.attribute("clean exit", R.CleanExit);
  if (!R.Executed.empty())
    W.attribute("executed", utf8(R.Executed));
  W.attribute("records", static_cast<int64_t>(R.Records));
  W.attribute("lost", static_cast<int64_t>(R.Lost));
  W.attribute("contexts", static_cast<int64_t>(R.Contexts.size()));
  W.attribute("locks", static_cast<int64_t>(R.Instances.size()));
  W.attribute("classes", static_cast<int64_t>(R.Classes.size()));
  W.attribute("seconds", seconds(R.End));
  W.attribute("proves nothing", J.ProvesNothing);
  if (J.ProvesNothing)
    W.attribute("reason", utf8(J.Reason));
}

void Writer::contracts() {
  W.attributeArray("contracts", [&] {
    for (const ContractStatistics &C : J.Contracts)
      W.object([&] {
        W.attribute("id", C.Contract->Id);
        W.attribute("exercised", static_cast<int64_t>(C.Exercised));
        W.attribute("exempt", static_cast<int64_t>(C.Exempt));
        W.attribute("violated", static_cast<int64_t>(C.Violated));
      });
  });
}

void Writer::remarks() {
  W.attributeArray("remarks", [&] {
    for (const Remark &M : R.Remarks)
      W.object([&] {
        W.attribute("level", M.Level == Remark::Kind::Warning ? "warning" : "note");
        W.attribute("text", utf8(M.Text));
      });
  });
}

void Writer::recording() {
  W.object([&] {
    facts();
    W.attributeArray("findings", [&] {
      for (const Finding &F : J.Findings)
        finding(F);
    });
    contracts();
    remarks();
  });
}

// What the gate says of all recordings together.
static void gated(const gate::Outcome &G, OStream &W) {
  if (!G.Baseline.empty())
    W.attribute("baseline", utf8(G.Baseline));
  W.attributeArray("gone", [&] {
    for (const gate::Known &K : G.Gone)
      W.object([&] {
        W.attribute("fingerprint", K.Fingerprint);
        W.attribute("rule", utf8(K.Rule));
        W.attribute("where", utf8(K.Where));
        W.attribute("reason", utf8(K.Reason));
        W.attribute("file", utf8(K.Place.File));
        W.attribute("line", K.Place.Line);
      });
  });
  W.attributeArray("gate remarks", [&] {
    for (const Remark &M : G.Remarks)
      W.object([&] {
        W.attribute("level", M.Level == Remark::Kind::Warning ? "warning" : "note");
        W.attribute("text", utf8(M.Text));
      });
  });
  W.attributeArray("expired", [&] {
    for (const std::string &E : G.Expired)
      W.value(utf8(E));
  });
}

void report::json(llvm::ArrayRef<Judged> All, const Options &O, llvm::raw_ostream &Out) {
  OStream W(Out, 2);
  W.object([&] {
    W.attribute("format", 1);
    W.attribute("gate", nameOf(O.Gate));
    W.attribute("fail on", nameOf(O.FailOn));
    gated(O.Gated, W);
    W.attributeArray("recordings", [&] {
      for (const Judged &J : All)
        Writer(J, O, W).recording();
    });
  });
  Out << '\n';
}

static void change(const Supposed &S, const Change &C, const Options &O, OStream &W) {
  static constexpr llvm::StringLiteral Fates[] = {"goes", "stays", "arrives"};
  Writer Of(C.What == Change::Fate::Goes ? S.AsIs : S.Edited, O, W);
  W.object([&] {
    W.attribute("fate", Fates[static_cast<unsigned>(C.What)]);
    W.attributeBegin("finding");
    Of.finding(C.F);
    W.attributeEnd();
    W.attributeArray("new paths", [&] {
      for (const LockPath &P : C.Paths)
        Of.step(P.At);
    });
  });
}

void report::json(const Supposed &S, const Options &O, llvm::raw_ostream &Out) {
  OStream W(Out, 2);
  W.object([&] {
    W.attribute("format", 1);
    W.attribute("gate", nameOf(O.Gate));
    W.attribute("trace", utf8(S.AsIs.R->Name));
    W.attributeArray("edits", [&] {
      for (size_t I = 0; I < S.Edits.size(); ++I)
        W.object([&] {
          W.attribute("text", utf8(S.Edits[I].text()));
          W.attribute("applied", static_cast<int64_t>(S.P.Uses[I]));
        });
    });
    Writer(S.Edited, O, W).strings("unknown", S.P.Unknown);
    W.attributeArray("changes", [&] {
      for (const Change &C : S.P.Changes)
        change(S, C, O, W);
    });
  });
  Out << '\n';
}
