// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock run`: runs a command with the recording on, then judges what it recorded.
#include "analyzer/cli/Commands.h"
#include "analyzer/cli/Judge.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <sys/wait.h>
#include <unistd.h>

using namespace underlock;

namespace {

struct RunOptions {
  std::string Trace;
  std::string Settings;
  double Timeout = 0; // seconds; 0: none
  std::vector<std::string> Command;
  cli::JudgeOptions Judge;
};

struct Ended {
  int Status = 0;
  bool TimedOut = false;
};

} // namespace

// The child gets the signals that a terminal or a CI sends to end it; this process only waits for it, and judges.
static pid_t Child;
static void forward(int Signal) {
  if (Child > 0)
    kill(Child, Signal);
}

static void childProcess(const RunOptions &O) {
  std::string Settings = "trace=" + O.Trace + (O.Settings.empty() ? "" : "," + O.Settings);
  setenv("UNDERLOCK", Settings.c_str(), 1);
  std::vector<char *> Words;
  for (const std::string &Word : O.Command)
    Words.push_back(const_cast<char *>(Word.c_str()));
  Words.push_back(nullptr);
  execvp(Words[0], Words.data());
  llvm::errs() << "underlock: error: " << O.Command[0] << ": " << std::strerror(errno) << '\n';
  _exit(errno == ENOENT ? 127 : 126);
}

static Ended wait(const RunOptions &O) {
  Ended E;
  timespec Start, Now, Pause{0, 10'000'000};
  clock_gettime(CLOCK_MONOTONIC, &Start);
  for (;;) {
    pid_t Got = waitpid(Child, &E.Status, O.Timeout > 0 ? WNOHANG : 0);
    if (Got == Child || (Got < 0 && errno != EINTR))
      return E;
    if (O.Timeout <= 0)
      continue;
    clock_gettime(CLOCK_MONOTONIC, &Now);
    double Elapsed = (Now.tv_sec - Start.tv_sec) + (Now.tv_nsec - Start.tv_nsec) / 1e9;
    if (!E.TimedOut && Elapsed > O.Timeout) {
      // From outside and without asking: a hung program would not answer, and the recording survives it.
      kill(Child, SIGKILL);
      E.TimedOut = true;
    }
    nanosleep(&Pause, nullptr);
  }
}

static int ownStatus(const RunOptions &O, const Ended &E) {
  if (E.TimedOut) {
    llvm::errs() << llvm::formatv("underlock: {0} did not end within {1} s and was killed\n", O.Command[0], O.Timeout);
    return 128 + SIGKILL;
  }
  if (WIFSIGNALED(E.Status)) {
    llvm::errs() << llvm::formatv("underlock: {0} was killed by signal {1} ({2})\n", O.Command[0], WTERMSIG(E.Status),
                                  strsignal(WTERMSIG(E.Status)));
    return 128 + WTERMSIG(E.Status);
  }
  if (WEXITSTATUS(E.Status))
    llvm::errs() << llvm::formatv("underlock: {0} ended with status {1}\n", O.Command[0], WEXITSTATUS(E.Status));
  return WEXITSTATUS(E.Status);
}

static int run(RunOptions &O) {
  bool Keep = !O.Trace.empty();
  if (!Keep) {
    llvm::SmallString<64> Path;
    if (std::error_code Error = llvm::sys::fs::createTemporaryFile("underlock", "trace", Path)) {
      llvm::errs() << "underlock: error: no temporary file for the recording: " << Error.message()
                   << "; name one with --output\n";
      return cli::Unusable;
    }
    O.Trace = std::string(Path);
  }
  if (O.Trace.find(',') != std::string::npos) {
    llvm::errs() << "underlock: error: " << O.Trace << ": a trace's path must not contain a comma\n";
    return cli::Unusable;
  }
  // What an earlier run left here is not this run's recording.
  llvm::sys::fs::remove(O.Trace);

  Child = fork();
  if (Child < 0) {
    llvm::errs() << "underlock: error: fork: " << std::strerror(errno) << '\n';
    return cli::Unusable;
  }
  if (Child == 0)
    childProcess(O);
  for (int Signal : {SIGINT, SIGTERM, SIGHUP})
    signal(Signal, forward);
  Ended E = wait(O);
  int Own = ownStatus(O, E);

  uint64_t Size = 0;
  if (llvm::sys::fs::file_size(O.Trace, Size) || Size == 0) {
    llvm::errs() << "underlock: error: " << O.Command[0]
                 << " recorded nothing: it was not built with `underlock cc`, or did not start\n";
    return cli::Unusable;
  }
  int Verdict = cli::judge({O.Trace}, O.Judge);
  if (Keep)
    llvm::errs() << "underlock: recording kept in " << O.Trace << '\n';
  else
    llvm::sys::fs::remove(O.Trace);
  // The program's own failure counts when there is nothing worse to say than that.
  return Verdict != cli::Clean ? Verdict : Own;
}

void cli::addRun(CLI::App &App, int &Status) {
  auto Options = std::make_shared<RunOptions>();
  CLI::App *Command = App.add_subcommand("run", "run a command with the recording on, then judge what it recorded");
  Command->add_option("--output-trace", Options->Trace, "keep the recording here (default: a temporary file)");
  Command->add_option("--settings", Options->Settings, "settings of the runtime, e.g. frames=48");
  Command
      ->add_option("--timeout", Options->Timeout,
                   "kill the command after this many seconds, and judge what it recorded")
      ->check(CLI::PositiveNumber);
  addJudgeOptions(*Command, Options->Judge);
  Command->add_option("command", Options->Command, "the command and its arguments, behind --")->required();
  Command->footer(
      "Exit status: 1 findings at or above the gate, 2 a recording that proves nothing, otherwise the command's "
      "own.");
  Command->callback([Options, &Status] { Status = run(*Options); });
}
