// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock run`: runs a command with the recording on, then judges what it and the programs that it starts recorded.
//
// Every process writes a trace of its own into a folder; together they are one verdict. With --output-trace PATH that
// of the command is kept as PATH, and those of others beside it as PATH.PID.
#include "analyzer/cli/Commands.h"
#include "analyzer/cli/Execution.h"
#include "analyzer/cli/Gate.h"
#include "analyzer/cli/Judge.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include <csignal>
#include <cstring>
#include <sys/wait.h>

using namespace underlock;

namespace {

struct RunOptions {
  std::string Trace; // where to keep it; empty: nowhere
  cli::Execution Run;
  cli::JudgeOptions Judge;
};

} // namespace

static int ownStatus(const cli::Execution &E) {
  if (E.TimedOut) {
    llvm::errs() << llvm::formatv("underlock: {0} did not end within {1} s and was killed\n", E.Command[0], E.Timeout);
    return 128 + SIGKILL;
  }
  if (WIFSIGNALED(E.Status)) {
    llvm::errs() << llvm::formatv("underlock: {0} was killed by signal {1} ({2})\n", E.Command[0], WTERMSIG(E.Status),
                                  strsignal(WTERMSIG(E.Status)));
    return 128 + WTERMSIG(E.Status);
  }
  if (WEXITSTATUS(E.Status))
    llvm::errs() << llvm::formatv("underlock: {0} ended with status {1}\n", E.Command[0], WEXITSTATUS(E.Status));
  return WEXITSTATUS(E.Status);
}

// Moves what is to be kept to where it was asked for. What an earlier run left there is not this run's recording.
static void keep(const RunOptions &O, std::vector<std::string> &Traces) {
  std::string Own = std::to_string(O.Run.Child);
  llvm::sys::fs::remove(O.Trace);
  for (std::string &From : Traces) {
    llvm::StringRef Name = llvm::sys::path::filename(From);
    std::string To = Name == Own || Traces.size() == 1 ? O.Trace : O.Trace + "." + Name.str();
    if (std::error_code Error = llvm::sys::fs::rename(From, To))
      llvm::errs() << "underlock: error: " << To << ": " << Error.message() << "; it stays " << From << '\n';
    else
      From = To;
  }
}

static int run(RunOptions &O) {
  cli::Execution &E = O.Run;
  if (!cli::readGate(O.Judge)) // what is wrong there is better said before an hour of tests
    return cli::reportNoVerdict(E.Command[0], "was not run: the command's standard error says why", O.Judge);
  E.Folder = cli::makeRecordingFolder(O.Trace);
  if (E.Folder.empty())
    return cli::reportNoVerdict(E.Command[0], "there was no folder for the recording", O.Judge);
  if (!E.run())
    return cli::Unusable;
  int Own = ownStatus(E);

  std::vector<std::string> Traces = E.traces();
  if (E.Empty)
    llvm::errs() << "underlock: error: " << E.Empty << " process(es) could not write what they record into " << E.Folder
                 << ", or were killed before they began"
                 << (O.Trace.empty() ? ": make room there, or set TMPDIR to where there is\n" : ": make room there\n");
  if (Traces.empty()) {
    if (!E.Empty)
      llvm::errs() << "underlock: error: " << E.Command[0]
                   << " recorded nothing: it was not built with `underlock cc`, or did not start\n";
    llvm::sys::fs::remove_directories(E.Folder);
    return cli::reportNoVerdict(E.Command[0], "recorded nothing", O.Judge);
  }
  if (!O.Trace.empty())
    keep(O, Traces);
  O.Judge.Together = true;
  O.Judge.Temporary = O.Trace.empty();
  int Verdict = cli::judge(Traces, O.Judge);
  if (!O.Trace.empty())
    llvm::errs() << "underlock: " << Traces.size() << " recording(s) kept: " << Traces.front()
                 << (Traces.size() > 1 ? " …" : "") << '\n';
  // What could not be moved to where it was to be kept stays: a folder that is not empty is not removed by this.
  if (O.Trace.empty())
    llvm::sys::fs::remove_directories(E.Folder);
  else
    llvm::sys::fs::remove(E.Folder);
  // The program's own failure counts when there is nothing worse to say than that.
  // Killed with the others, it need not have lacked anything.
  if (Verdict == cli::Clean && E.Empty && !E.TimedOut)
    return cli::Unusable;
  return Verdict != cli::Clean ? Verdict : Own;
}

static cli::Manual manual() {
  return {
      .Description =
          "Starts the command with the recording on, and judges what it recorded when it has ended. Every program that "
          "it starts in turn and that was built with `underlock cc` is recorded too; all together are one verdict.\n\n"
          "What was recorded survives whatever ends the command: a kill, an abort, a deadlock that --timeout ends.",
      .Examples = {{"Runs a program and judges it", "underlock run -- ./queue", cli::Findings,
                    R"(queue.c:15: error: a job is dropped without queue.lock [contract:drop-under-queue-lock, observed]
...)"},
                   {"Keeps the recording", "underlock run --output-trace clean.trace -- ./clean --its --options"},
                   {"In a CI: all that a test suite starts; a contract that nothing exercised fails too",
                    "underlock run --require-exercised -- make test"},
                   {"Ends a program that hangs after two seconds, and says what it hangs in",
                    "underlock run --timeout 2 -- ./hang", cli::Findings, R"(...
underlock: 1 finding(s) at or above the gate (assumed): 1 observed)"}},
      .Status = {{"0", "clean, and the command ended with 0"},
                 {"1", "findings at or above the gate, an expired suppression, or the command's own 1"},
                 {"2", "bad options, or a recording that proves nothing, or the command's own 2"},
                 {"others", "the command's own, where the verdict is clean; 128 and the signal's number where it was "
                            "killed"}},
      .Environment = {cli::TodayVariable}};
}

void cli::addRun(CLI::App &App, int &Status) {
  auto Options = std::make_shared<RunOptions>();
  Command *Command =
      addCommand(App, "run", "run a command with the recording on, then judge what it recorded", manual());
  Command
      ->add_option("--output-trace", Options->Trace,
                   "keep the recording here, those of other processes beside it with their ids")
      ->type_name("FILE");
  Command->add_option("--settings", Options->Run.Settings, "settings of the runtime: frames=N, ring=MIB (keep the newest), mode=distinct (one of each kind)")
      ->type_name("NAME=VALUE");
  Command
      ->add_option("--timeout", Options->Run.Timeout,
                   "kill the command and all that it started after this many seconds, and judge what was recorded")
      ->type_name("SECONDS")
      ->check(CLI::PositiveNumber);
  addJudgeOptions(*Command, Options->Judge);
  Command->add_option("command", Options->Run.Command, "the command and its arguments, behind --")
      ->type_name("COMMAND")
      ->required();
  Command->callback([Options, &Status] { Status = run(*Options); });
}
