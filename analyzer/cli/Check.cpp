// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock check`: judges recordings.
#include "analyzer/analyses/Titles.h"
#include "analyzer/cli/Commands.h"
#include "analyzer/cli/Gate.h"
#include "analyzer/cli/Inputs.h"
#include "analyzer/cli/Judge.h"
#include "analyzer/cli/Reports.h"
#include "analyzer/trace/Open.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>

using namespace underlock;

void cli::addJudgeOptions(CLI::App &Command, JudgeOptions &Options) {
  addTraceOptions(Command, Options.Models, Options.Binary);
  addReportOptions(Command, Options);
  addGateOptions(Command, Options);
  Command.add_option("--show", Options.Show, "print findings at or above this certainty (default: the gate's)")
      ->check(CLI::IsMember(certainties()));
  Command.add_option("--color", Options.Color, "colors in the report (default: auto, on a terminal)")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  Command.add_flag("--full-stacks", Options.FullStacks, "print stacks beyond the model's boundaries");
  Command.add_flag("--sources", Options.Sources,
                   "print the line of source that a finding is at, where the recording has it packed or it is here");
}

// Runs all analyses over one open recording.
static bool analyze(OpenTrace &Trace, report::Judged &J) {
  auto Analyses = makeAnalyses(Trace.R);
  std::vector<Observer *> Observers;
  for (auto &A : Analyses)
    Observers.push_back(A.get());
  Titles Titled;
  Observers.push_back(&Titled);
  if (!replay(Trace.From, Trace.R, Observers))
    return false;
  J.R = &Trace.R;
  conclude(Analyses, Titled, Trace.R, J.Findings);
  for (auto &A : Analyses)
    llvm::append_range(J.Contracts, A->contracts());
  J.Instrumented = Trace.From.instrumented();
  return true;
}

// What a recording, or all of one run together, do not prove. A contract is exercised when it is in one of them.
static void doubt(llvm::MutableArrayRef<report::Judged> All, const cli::JudgeOptions &O, const report::Options &How) {
  bool AnyCode = llvm::any_of(All, [](const report::Judged &J) { return J.Instrumented; });
  for (report::Judged &J : All)
    if (!J.Instrumented && !(O.Together && AnyCode)) {
      J.ProvesNothing = true;
      J.Reason = "no instrumented code ran in this recording";
    }
  // What it found stands; that it found nothing says little.
  for (report::Judged &J : All)
    if (J.R->BrokeOff && llvm::none_of(J.Findings, [&](const Finding &F) { return report::fails(F, How); })) {
      J.ProvesNothing = true;
      J.Reason = "the recording broke off; " + std::to_string(J.R->Lost) + " record(s) are missing";
    }
  if (!O.RequireExercised)
    return;
  // By id: models with the same marks may have different contracts.
  auto Exercised = [](const report::Judged &J, llvm::StringRef Id) {
    return llvm::any_of(J.Contracts,
                        [&](const ContractStatistics &S) { return S.Contract->Id == Id && S.Exercised > S.Exempt; });
  };
  for (report::Judged &J : All)
    for (const ContractStatistics &S : J.Contracts) {
      llvm::StringRef Id = S.Contract->Id;
      auto Elsewhere = [&] { return llvm::any_of(All, [&](const auto &Other) { return Exercised(Other, Id); }); };
      if (J.ProvesNothing || Exercised(J, Id) || (O.Together && Elsewhere()))
        continue;
      J.ProvesNothing = true;
      J.Reason = ("contract " + Id + " was never exercised, and --require-exercised is given").str();
    }
}

// Verdicts under different rules do not add up.
static bool sameModels(llvm::ArrayRef<std::unique_ptr<OpenTrace>> Traces) {
  for (const auto &T : Traces)
    if (T->Model.marksHash() != Traces.front()->Model.marksHash()) {
      cli::unusable(T->R.Name + " was recorded with model " + T->Model.Name + ", " + Traces.front()->R.Name +
                    " with model " + Traces.front()->Model.Name +
                    " (or another version of it): judge them in separate commands");
      return false;
    }
  return true;
}

// The models that one of these recordings names. A helper that is linked with the runtime and has nothing marked names
// none; it is judged by the rules of the others, so that the contracts of all can be laid side by side.
static std::vector<std::string> modelsOfAny(const std::vector<std::string> &Paths) {
  for (const std::string &Path : Paths)
    if (auto File = TraceFile::open(Path, llvm::nulls()))
      if (std::vector<std::string> Models = recordedModels(*File); !Models.empty())
        return Models;
  return {};
}

// For reports; the message on standard error is more exact.
static constexpr char Unreadable[] = "cannot be judged: the command's standard error says why";

std::optional<cli::Judgement> cli::judged(const std::vector<std::string> &Paths, const JudgeOptions &O,
                                          std::string *Unread) {
  auto Failed = [&](const std::string &Name) {
    if (Unread)
      *Unread = Name;
    return std::nullopt;
  };
  std::optional<GateInputs> Gate = readGate(O);
  if (!Gate)
    return std::nullopt;
  std::vector<std::unique_ptr<OpenTrace>> Traces;
  std::vector<std::string> Otherwise;
  if (O.Together && O.Models.empty())
    Otherwise = modelsOfAny(Paths);
  for (const std::string &Path : Paths) {
    OpenOptions Options;
    Options.Path = Path;
    Options.Models = O.Models;
    Options.Otherwise = Otherwise;
    Options.ShippedModels = findInstallation().Models;
    Options.Binary = O.Binary;
    Traces.push_back(openTrace(Options, llvm::errs()));
    if (!Traces.back())
      return Failed(Path);
    Recording &R = Traces.back()->R;
    if (O.Temporary)
      R.Name = R.Program + " (process " + llvm::sys::path::filename(Path).str() + ")";
  }
  if (!sameModels(Traces))
    return Failed(Traces.back()->R.Name);

  std::vector<report::Judged> All(Traces.size());
  for (size_t I = 0; I < Traces.size(); ++I)
    if (!analyze(*Traces[I], All[I]))
      return Failed(Traces[I]->R.Name);

  report::Options How = thresholds(O);
  if (!applyGate(*Gate, All, How))
    return std::nullopt;
  doubt(All, O, How);
  return Judgement{std::move(Traces), std::move(All), std::move(How)};
}

int cli::judge(const std::vector<std::string> &Paths, const JudgeOptions &O) {
  if (!sparesRecordings(O, Paths))
    return Unusable;
  std::string Unread;
  std::optional<Judgement> J = judged(Paths, O, &Unread);
  if (!J)
    return reportNoVerdict(Unread.empty() ? Paths.front() : Unread, Unreadable, O);
  bool Fails = !J->How.Gated.Expired.empty() || llvm::any_of(J->All, [&](const report::Judged &One) {
    return llvm::any_of(One.Findings, [&](const Finding &F) { return report::fails(F, J->How); });
  });
  J->How.Status = Fails ? Findings : Clean;
  if (llvm::any_of(J->All, [](const report::Judged &One) { return One.ProvesNothing; }))
    J->How.Status = Unusable;
  return writeReports(J->All, O, J->How);
}

static cli::Manual manual() {
  return {
      .Description =
          "Replays recordings and says what is wrong. Several are judged one by one, in one report; what several "
          "have found is printed once.\n\n"
          "A folder stands for all recordings in it, however deep: files that begin as one, are called *.trace, or are "
          "empty. One without any is an error. - is standard input, which is copied to a file first (in TMPDIR).\n\n"
          "A finding is observed (it happened), predicted (a reordering of what happened reaches it), assumed (it "
          "follows if the printed assumptions hold), or possible (only the rules over lock classes say so). The "
          "last line of each is a fingerprint made of names, which stays the same over edits and builds.\n\n"
          "Formats beside text: json has everything. sarif is SARIF 2.1.0, for code scanning and editors, within the "
          "limits of GitHub: the most important findings are kept, and it says how many are left out. junit has a test "
          "case for each finding, each contract, and each rule that was looked at. github prints workflow commands, at "
          "most ten of a kind, and the "
          "rest as lines of the log. gitlab is a code quality report. markdown is a page for a job's summary. A "
          "recording that proves nothing looks clean in none of them, and a file that was asked for is written also "
          "when a recording cannot be read.",
      .Examples = {{"Judges a recording", "underlock check queue.trace", cli::Findings,
                    R"(queue.c:15: error: a job is dropped without queue.lock [contract:drop-under-queue-lock, observed]
...
  note: missing: queue.lock
  note: queue held no lock
  why: workers walk the list under queue.lock; dropping a job unlinks it
...
contract drop-under-queue-lock: exercised 2 time(s), violated 1 time(s)
...
underlock: 1 finding(s) at or above the gate (assumed): 1 observed)"},
                   {"Takes names of functions from a copy of the program that was recorded",
                    "underlock check --binary queue queue.trace", cli::Findings, "..."},
                   {"Judges all recordings of a folder",
                    "mkdir -p night && cp queue.trace night/1.trace && cp queue.trace night/2.trace\n"
                    "underlock check night",
                    cli::Findings,
                    R"(underlock: night: 2 recording(s)
queue.c:15: error: a job is dropped without queue.lock [contract:drop-under-queue-lock, observed]
  note: seen in 2 recordings: night/1.trace, night/2.trace
...
underlock: 1 finding(s) at or above the gate (assumed): 1 observed)"},
                   {"Judges what comes through a pipe", "gzip -c clean.trace | gunzip | underlock check -"},
                   {"Judges by a model that has changed since: contracts may, marks may not",
                    "underlock check --model ./relaxed.yaml queue.trace"},
                   {"Writes all that is known for another program to read",
                    "underlock check --format json -o report.json clean.trace"},
                   {"In a CI: annotations in the log of a GitHub action, a file for code scanning, the job's summary",
                    "underlock check --format github --also sarif=locks.sarif --also markdown=summary.md queue.trace",
                    cli::Findings, R"(::error file=queue.c,line=15,title=a job is dropped without queue.lock::...
underlock: 1 finding(s) fail (gate: assumed))"},
                   {"Names no verdict in each format", "underlock check --require-exercised --format junit idle.trace",
                    cli::Unusable, R"(...
      <error message="no verdict: contract drop-under-queue-lock was never exercised, ...
...)"},
                   {"Fails on silence too: this recording never dropped a job, so its contract was not put to the test",
                    "underlock check --require-exercised idle.trace", cli::Unusable, R"(...
underlock: no verdict: idle.trace: contract drop-under-queue-lock was never exercised, and --require-exercised is given)"},
                   {"The same in numbers, of all recordings together: contracts exercised, marks of the model and "
                    "contexts seen",
                    "underlock check --floor contracts=100%,contexts=1 idle.trace", cli::Unusable, R"(...
underlock: no verdict: idle.trace: too little was seen: 0 of 1 contracts exercised, and the floor is 100%; not exercised: contract drop-under-queue-lock (.../queue.yaml:10:5))"}},
      .Status = {{"0", "clean: nothing at or above the gate"},
                 {"1", "findings at or above the gate, or a suppression of the model that has expired"},
                 {"2", "bad options, bad input, or a recording that proves nothing"}},
      .Environment = {cli::TodayVariable}};
}

void cli::addCheck(CLI::App &App, int &Status) {
  struct Options {
    JudgeOptions Judge;
    std::vector<std::string> Traces;
  };
  auto O = std::make_shared<Options>();
  Command *Command = addCommand(App, "check", "judge recordings", manual());
  addJudgeOptions(*Command, O->Judge);
  Command->add_option("traces", O->Traces, "recordings, folders of recordings, or - for standard input")
      ->type_name("TRACE")
      ->required();
  Command->callback([O, &Status] {
    std::optional<std::vector<std::string>> Paths = recordingsOf(O->Traces);
    Status = Paths ? judge(*Paths, O->Judge) : reportNoVerdict(O->Traces.front(), Unreadable, O->Judge);
  });
}
