// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock check`: judges recordings.
#include "analyzer/cli/Commands.h"
#include "analyzer/cli/Judge.h"
#include "analyzer/report/Report.h"
#include "analyzer/trace/Open.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>
#include <tuple>

using namespace underlock;

void cli::addJudgeOptions(CLI::App &Command, JudgeOptions &Options) {
  const auto Certainties = CLI::IsMember({"possible", "assumed", "predicted", "observed"});
  Command
      .add_option(
          "--model", Options.Models,
          "a shipped model or a model file; may be given several times (default: those that the recording names)")
      ->type_name("MODEL")
      ->allow_extra_args(false); // or it would take the recordings too
  Command.add_option("--binary", Options.Binary, "the recorded program, or a kernel's vmlinux, for names of functions")
      ->type_name("PROGRAM");
  Command.add_option("--format", Options.Format, "the report's format (default: text)")
      ->check(CLI::IsMember({"text", "json"}));
  Command.add_option("-o,--output", Options.Output, "write the report to this file")->type_name("FILE");
  Command.add_option("--gate", Options.Gate, "findings at or above this certainty fail (default: assumed)")
      ->check(Certainties);
  Command.add_option("--show", Options.Show, "print findings at or above this certainty (default: the gate's)")
      ->check(Certainties);
  Command.add_option("--color", Options.Color, "colors in the report (default: auto, on a terminal)")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  Command.add_flag("--require-exercised", Options.RequireExercised, "a contract that was never exercised is status 2");
  Command.add_flag("--full-stacks", Options.FullStacks, "print stacks beyond the model's boundaries");
}

// Runs all analyses over one open recording.
static bool analyze(OpenTrace &Trace, report::Judged &J) {
  auto Analyses = makeAnalyses(Trace.R);
  std::vector<Observer *> Observers;
  for (auto &A : Analyses)
    Observers.push_back(A.get());
  if (!replay(Trace.From, Trace.R, Observers))
    return false;
  J.R = &Trace.R;
  for (auto &A : Analyses) {
    A->finish(J.Findings);
    A->remarks(Trace.R.Remarks);
    llvm::append_range(J.Contracts, A->contracts());
  }
  llvm::sort(J.Findings, [](const Finding &A, const Finding &B) {
    return std::tuple(-static_cast<int>(A.Sure), A.Analysis, A.Rule, A.Identity) <
           std::tuple(-static_cast<int>(B.Sure), B.Analysis, B.Rule, B.Identity);
  });

  J.Instrumented = Trace.From.instrumented();
  return true;
}

// What a recording, or all of one run together, do not prove. A contract is exercised when it is in one of them.
static void doubt(llvm::MutableArrayRef<report::Judged> All, const cli::JudgeOptions &O) {
  bool AnyCode = llvm::any_of(All, [](const report::Judged &J) { return J.Instrumented; });
  for (report::Judged &J : All)
    if (!J.Instrumented && !(O.Together && AnyCode)) {
      J.ProvesNothing = true;
      J.Reason = "no instrumented code ran in this recording";
    }
  // What it found stands; that it found nothing says little.
  for (report::Judged &J : All)
    if (J.R->BrokeOff &&
        llvm::none_of(J.Findings, [&](const Finding &F) { return F.Sure >= *report::certaintyNamed(O.Gate); })) {
      J.ProvesNothing = true;
      J.Reason = "the recording broke off; " + std::to_string(J.R->Lost) + " record(s) are missing";
    }
  if (!O.RequireExercised)
    return;
  auto Exercised = [](const report::Judged &J, size_t Contract) {
    return J.Contracts[Contract].Exercised > J.Contracts[Contract].Exempt;
  };
  for (report::Judged &J : All)
    for (size_t C = 0; C < J.Contracts.size() && !J.ProvesNothing; ++C) {
      bool Elsewhere =
          O.Together && llvm::any_of(All, [&](const report::Judged &Other) { return Exercised(Other, C); });
      if (!Exercised(J, C) && !Elsewhere) {
        J.ProvesNothing = true;
        J.Reason = "contract " + J.Contracts[C].Contract->Id + " was never exercised, and --require-exercised is given";
      }
    }
}

static int write(llvm::ArrayRef<report::Judged> All, const cli::JudgeOptions &O, const report::Options &How) {
  auto Print = [&](llvm::raw_ostream &Out) {
    if (O.Format == "json")
      report::json(All, How, Out);
    else
      report::text(All, How, Out);
  };
  if (O.Output.empty()) {
    llvm::raw_fd_ostream &Out = llvm::outs();
    Out.enable_colors(O.Color == "always" || (O.Color == "auto" && Out.has_colors()));
    Print(Out);
    Out.flush();
    return cli::Clean;
  }
  std::error_code Error;
  llvm::raw_fd_ostream Out(O.Output, Error);
  if (!Error) {
    Out.enable_colors(O.Color == "always");
    Print(Out);
    Out.flush();
    Error = Out.error();
    Out.clear_error();
  }
  if (Error) {
    llvm::errs() << "underlock: error: " << O.Output << ": cannot write the report: " << Error.message() << '\n';
    return cli::Unusable;
  }
  return cli::Clean;
}

// Verdicts under different rules do not add up.
static bool sameModels(llvm::ArrayRef<std::unique_ptr<OpenTrace>> Traces) {
  for (const auto &T : Traces)
    if (T->Model.marksHash() != Traces.front()->Model.marksHash()) {
      llvm::errs() << "underlock: error: " << T->R.Name << " was recorded with model " << T->Model.Name << ", "
                   << Traces.front()->R.Name << " with model " << Traces.front()->Model.Name
                   << " (or another version of it): judge them in separate commands\n";
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

int cli::judge(const std::vector<std::string> &Paths, const JudgeOptions &O) {
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
      return Unusable;
    Recording &R = Traces.back()->R;
    if (O.Temporary)
      R.Name = R.Program + " (process " + llvm::sys::path::filename(Path).str() + ")";
  }
  if (!sameModels(Traces))
    return Unusable;

  std::vector<report::Judged> All(Traces.size());
  for (size_t I = 0; I < Traces.size(); ++I)
    if (!analyze(*Traces[I], All[I]))
      return Unusable;

  doubt(All, O);

  report::Options How;
  How.Gate = *report::certaintyNamed(O.Gate);
  How.Show = O.Show.empty() ? How.Gate : *report::certaintyNamed(O.Show);
  How.FullStacks = O.FullStacks;
  if (write(All, O, How) != Clean)
    return Unusable;

  if (llvm::any_of(All, [](const report::Judged &J) { return J.ProvesNothing; }))
    return Unusable;
  bool Fails = llvm::any_of(All, [&](const report::Judged &J) {
    return llvm::any_of(J.Findings, [&](const Finding &F) { return F.Sure >= How.Gate; });
  });
  return Fails ? Findings : Clean;
}

static cli::Manual manual() {
  return {
      .Description =
          "Replays recordings and says what is wrong. Several are judged one by one, in one report.\n\n"
          "A finding is observed (it happened), predicted (a reordering of what happened reaches it), assumed (it "
          "follows if the printed assumptions hold), or possible (only the rules over lock classes say so). The "
          "last line of each is a fingerprint made of names, which stays the same over edits and builds.",
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
                   {"Judges by a model that has changed since: contracts may, marks may not",
                    "underlock check --model ./relaxed.yaml queue.trace"},
                   {"Writes all that is known for another program to read",
                    "underlock check --format json -o report.json clean.trace"},
                   {"Fails on silence too: this recording never dropped a job, so its contract was not put to the test",
                    "underlock check --require-exercised idle.trace", cli::Unusable, R"(...
underlock: no verdict: idle.trace: contract drop-under-queue-lock was never exercised, and --require-exercised is given)"}},
      .Status = {{"0", "clean: nothing at or above the gate"},
                 {"1", "findings at or above the gate"},
                 {"2", "bad options, bad input, or a recording that proves nothing"}}};
}

void cli::addCheck(CLI::App &App, int &Status) {
  struct Options {
    JudgeOptions Judge;
    std::vector<std::string> Traces;
  };
  auto O = std::make_shared<Options>();
  Command *Command = addCommand(App, "check", "judge recordings", manual());
  addJudgeOptions(*Command, O->Judge);
  Command->add_option("traces", O->Traces, "the recordings")->type_name("TRACE")->required();
  Command->callback([O, &Status] { Status = judge(O->Traces, O->Judge); });
}
