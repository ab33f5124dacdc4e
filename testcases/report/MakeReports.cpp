// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes reports of made-up recordings: make_reports FOLDER small|large writes FOLDER/CASE.FORMAT for each case below and
// each format. What no run of a program gives at will is made here: how findings stand, names that are markup, 30,000
// findings.
#include "analyzer/analyses/Titles.h"
#include "analyzer/replay/TextSource.h"
#include "analyzer/report/Report.h"
#include "llvm/ADT/STLExtras.h"
#include <functional>

using namespace underlock;
using report::Judged;

static const char Model[] = R"(underlock: 1
name: test
boundaries: [main]
locks:
  - {id: m, kind: mutex, marks: [{acquire: m_lock}, {release: m_unlock}]}
events:
  - {id: removed, what: "a thing is removed", entry: remove_it, objects: [0], why: "it is freed"}
  - {id: added, what: "a thing is added", entry: add_it}
contracts:
  - {id: remove-under-l, event: removed, requires: L, why: "others walk the list", see: "https://example.org/rules#l"}
  - {id: never-under-q, event: removed, forbids: Q, severity: warning, why: "Q is taken by the walkers"}
  - {id: add-under-l, event: added, requires: [L, M], mode: exclusive, why: "others walk the list"}
)";

namespace {

// A recording from text with all that its findings refer to.
struct Case {
  explicit Case(std::string Trace) : Text(std::move(Trace)) {
    M = *model::parse(Model, "test.yaml", "", llvm::errs());
    R = std::make_unique<Recording>(M);
    R->Name = "made-up.trace";
    R->Program = "/src/made-up";
    From = std::make_unique<TextSource>(Text, *R, llvm::errs());
    auto Analyses = makeAnalyses(*R);
    std::vector<Observer *> Observers;
    for (auto &A : Analyses)
      Observers.push_back(A.get());
    Titles Titled;
    Observers.push_back(&Titled);
    J.R = R.get();
    J.Instrumented = true;
    Good = replay(*From, *R, Observers);
    conclude(Analyses, Titled, *R, J.Findings);
    for (auto &A : Analyses)
      llvm::append_range(J.Contracts, A->contracts());
  }

  std::string Text;
  model::Model M;
  std::unique_ptr<Recording> R;
  std::unique_ptr<TextSource> From;
  Judged J;
  bool Good = false;
};

} // namespace

static const char Kept[] = "t1 acquire L @ take < work < main\nt1 event removed 7 @ remove_it < work < main\n"
                           "t1 event added @ add_it < work < main\nt1 release L\nexit\n";
static const char Broken[] = "t1 acquire M @ take < work < main\nt1 event removed 7 @ remove_it < clean_up < main\n"
                             "t1 release M\nexit\n";
static const char Both[] = "t1 acquire A @ take_a < first < main\nt1 acquire B @ take_b < first < main\n"
                           "t1 release B\nt1 release A\n"
                           "t2 acquire B @ take_b < second < main\nt2 acquire A @ take_a < second < main\n"
                           "t2 release A\nt2 release B\nexit\n";
static const char Hang[] = "t1 acquire A @ take_a < first < main\nt2 acquire B @ take_b < second < main\n"
                           "t1 wait B @ take_b < first < main\nt2 wait A @ take_a < second < main\n";
static const char Self[] = "t1 acquire A @ take < outer < main\nt1 wait A @ take < inner < outer < main\n";
static const char Three[] = "t1 event removed 1 @ remove_it < one < main\nt1 event removed 2 @ remove_it < two < main\n"
                            "t1 event removed 3 @ remove_it < three < main\nexit\n";

// Two accesses of ThreadSanitizer's; the other thread is not known, and its code, at a kernel's address, has no name.
static const char Race[] = "tsan\nt1 acquire M @ take < main\nt1 race - @ add < work < main\nt1 release M\nexit\n";

// Names that would be markup, a command, or no text at all in one format or another.
static const char Odd[] = "we|ird <b>d&i\"r'/a%b `c`\n::error::x,y: [l](u) {0} $HOME \x01\xff\xef\xbf\xbf.c";

static void makeOdd(Case &C) {
  for (Site &S : C.R->Sites) {
    S.File = Odd;
    S.Function = "operator[](int) " + std::string(Odd);
  }
  for (Context &T : C.R->Contexts)
    T.Name = Odd;
  for (LockClass &L : C.R->Classes)
    L.Name = Odd;
  for (Finding &F : C.J.Findings) {
    F.Title += std::string(" ") + Odd;
    F.Why = Odd;
  }
  C.R->Name = Odd;
  C.R->Remarks.push_back({Remark::Kind::Warning, Odd});
}

// Each removal by a path of its own, 24 calls deep: more, and more different, than a real program would have.
static std::string many(unsigned Count) {
  std::string Out = "t1 acquire M @ take < main\n";
  uint64_t Random = 1;
  for (unsigned I = 0; I < Count; ++I) {
    Out += "t1 event removed " + std::to_string(I) + " @ remove_it < path_" + std::to_string(I);
    for (unsigned Depth = 0; Depth < 22; ++Depth) {
      Random = Random * 6364136223846793005u + 1442695040888963407u;
      Out += " < subsystem_call_" + std::to_string((Random >> 33) % 20000);
    }
    Out += " < main\n";
  }
  return Out + "exit\n";
}

// The same as nothing compresses: names of random characters.
static std::string huge(unsigned Count) {
  std::string Out = "t1 acquire M @ take < main\n";
  uint64_t Random = 1;
  for (unsigned I = 0; I < Count; ++I) {
    Out += "t1 event removed " + std::to_string(I) + " @ remove_it < path_" + std::to_string(I);
    for (unsigned Depth = 0; Depth < 30; ++Depth) {
      Out += " < f";
      for (unsigned C = 0; C < 100; ++C) {
        Random = Random * 6364136223846793005u + 1442695040888963407u;
        Out += "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_a"[Random >> 58];
      }
    }
    Out += " < main\n";
  }
  return Out + "exit\n";
}

static std::string Folder;

static bool write(const std::string &Name, llvm::ArrayRef<Judged> All, report::Options O,
                  llvm::ArrayRef<llvm::StringRef> Only = {}) {
  bool Good = true;
  O.SourceRoot = "/src";
  for (const report::Format &F : report::formats()) {
    if (!Only.empty() && !llvm::is_contained(Only, F.Name))
      continue;
    std::error_code Error;
    llvm::raw_fd_ostream Out(Folder + "/" + Name + "." + F.Name.str(), Error);
    Good &= !Error;
    if (!Error)
      F.Write(All, O, Out);
  }
  return Good;
}

static bool make(const std::string &Name, const std::string &Text, int Status,
                 const std::function<void(Case &, report::Options &)> &Change = {},
                 llvm::ArrayRef<llvm::StringRef> Only = {}) {
  Case C(Text);
  report::Options O;
  O.Status = Status;
  if (Change)
    Change(C, O);
  return C.Good && write(Name, C.J, O, Only);
}

static void provesNothing(Judged &J) {
  J.ProvesNothing = true;
  J.Reason = "no instrumented code ran in this recording";
}

static void makeStanding(Case &C, report::Options &O) {
  std::vector<Finding> &F = C.J.Findings;
  F[0].Stands = Standing::New;
  F[1].Stands = Standing::Known;
  F[1].Because = "issue 12";
  F[2].Stands = Standing::Suppressed;
  F[2].Because = "one flow of control here";
  O.Gated.Baseline = "known.txt";
  O.Gated.Gone.push_back({"0123456789abcdef", "contract:remove-under-l", "text.c gone", "", {"known.txt", 3, 1}});
  O.Gated.Remarks.push_back({Remark::Kind::Warning, "the suppression of text.c matches nothing"});
}

// Two recordings of one defect; and one beside them that proves nothing.
static bool makeSeveral() {
  Case First(Broken), Second(Broken), Empty("exit\n");
  Second.R->Name = "second.trace";
  report::Options O;
  O.Status = 1;
  std::vector<Judged> All = {First.J, Second.J};
  bool Good = write("two", All, O);
  O.Status = 2;
  All.push_back(Empty.J);
  provesNothing(All.back());
  return Good && write("partly", All, O);
}

static bool makeSmall() {
  return make("clean", Kept, 0) && make("contract", Broken, 1) && make("cycle", Both, 1) && make("hang", Hang, 1) &&
         make("self", Self, 1) && make("race", Race, 1) && make("standing", Three, 1, makeStanding) &&
         make("odd", std::string(Broken) + Both, 1, [](Case &C, report::Options &) { makeOdd(C); }) &&
         make("nothing", "exit\n", 2, [](Case &C, report::Options &) { provesNothing(C.J); }) &&
         make("below", Three, 0,
              [](Case &C, report::Options &O) {
                for (Finding &F : C.J.Findings)
                  F.Sure = Certainty::Possible;
                O.Show = Certainty::Possible;
              }) &&
         make("expired", Kept, 1, [](Case &, report::Options &O) { O.Gated.Expired = {"test.yaml:9: has expired"}; }) &&
         makeSeveral();
}

static bool makeLarge() {
  return make("many", many(30000), 1, {}, {"sarif", "github", "markdown"}) &&
         make("huge", huge(6000), 1, {}, {"sarif"});
}

int main(int Argc, char **Argv) {
  if (Argc != 3) {
    llvm::errs() << "usage: make_reports FOLDER small|large\n";
    return 2;
  }
  Folder = Argv[1];
  return (Argv[2] == llvm::StringRef("large") ? makeLarge() : makeSmall()) ? 0 : 2;
}
