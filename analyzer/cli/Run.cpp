// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock run`: runs a command with the recording on, then judges what it and the programs that it starts recorded.
//
// Every process writes a trace of its own into a folder; together they are one verdict. With --output-trace PATH that
// of the command is kept as PATH, and those of others beside it as PATH.PID.
#include "analyzer/cli/Commands.h"
#include "analyzer/cli/Judge.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace underlock;

namespace {

struct RunOptions {
  std::string Trace;  // where to keep it; empty: nowhere
  std::string Folder; // of the traces, while the command runs
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

// Kills the command and what it started, however deep: a shell's child would hang on without it. Whoever's parent dies
// becomes a child of this process (see run()), so there is always a child to look at until all are gone.
static void killFamily() {
  kill(Child, SIGKILL);
  std::string Path = "/proc/self/task/" + std::to_string(getpid()) + "/children";
  for (int Round = 0; Round < 1000; ++Round) {
    std::ifstream Children(Path);
    bool Any = false;
    for (pid_t Other; Children >> Other;) {
      if (Other == Child) // is waited for by who has called this
        continue;
      Any = true;
      kill(Other, SIGKILL);
      waitpid(Other, nullptr, 0);
    }
    siginfo_t Info{};
    bool ChildGone = waitid(P_PID, Child, &Info, WEXITED | WNOHANG | WNOWAIT) == 0 && Info.si_pid == Child;
    if (!Any && ChildGone)
      return;
    if (!Any)
      usleep(1000);
  }
}

static void childProcess(const RunOptions &O) {
  std::string Settings = "trace=" + O.Folder + "/%p" + (O.Settings.empty() ? "" : "," + O.Settings);
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
      killFamily();
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

// Beside the traces to be kept, so that they need not be copied.
static bool makeFolder(RunOptions &O) {
  llvm::SmallString<128> Path;
  std::error_code Error;
  if (O.Trace.empty()) {
    Error = llvm::sys::fs::createUniqueDirectory("underlock", Path);
  } else {
    Path = O.Trace;
    llvm::sys::fs::make_absolute(Path);
    O.Trace = std::string(Path);
    Error = llvm::sys::fs::createUniqueDirectory(O.Trace + ".recording", Path);
  }
  O.Folder = std::string(Path);
  if (Error)
    llvm::errs() << "underlock: error: " << O.Folder << ": no folder for the recording: " << Error.message()
                 << (O.Trace.empty() ? "; set TMPDIR, or name a file with --output-trace\n" : "\n");
  else if (O.Folder.find(',') != std::string::npos)
    llvm::errs() << "underlock: error: " << O.Folder << ": a trace's path must not contain a comma\n";
  else
    return true;
  return false;
}

// The traces in the folder, the command's first. An empty one is that of a process that found no space for it.
static std::vector<std::string> tracesOf(const RunOptions &O, size_t &Empty) {
  std::vector<std::string> Out;
  std::error_code Error;
  for (llvm::sys::fs::directory_iterator I(O.Folder, Error), End; I != End && !Error; I.increment(Error)) {
    uint64_t Size = 0;
    if (!llvm::sys::fs::file_size(I->path(), Size) && Size > 0)
      Out.push_back(I->path());
    else if (!llvm::sys::fs::remove(I->path()))
      ++Empty;
  }
  std::string Own = (llvm::Twine(O.Folder) + "/" + llvm::Twine(Child)).str();
  llvm::sort(
      Out, [&](const std::string &A, const std::string &B) { return std::pair(A != Own, A) < std::pair(B != Own, B); });
  return Out;
}

// Moves what is to be kept to where it was asked for. What an earlier run left there is not this run's recording.
static void keep(const RunOptions &O, std::vector<std::string> &Traces) {
  std::string Own = std::to_string(Child);
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
  if (!makeFolder(O))
    return cli::Unusable;
  prctl(PR_SET_CHILD_SUBREAPER, 1); // for killFamily()
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

  size_t Empty = 0;
  std::vector<std::string> Traces = tracesOf(O, Empty);
  if (Empty)
    llvm::errs() << "underlock: error: " << Empty << " process(es) could not write what they record into " << O.Folder
                 << ", or were killed before they began"
                 << (O.Trace.empty() ? ": make room there, or set TMPDIR to where there is\n" : ": make room there\n");
  if (Traces.empty()) {
    if (!Empty)
      llvm::errs() << "underlock: error: " << O.Command[0]
                   << " recorded nothing: it was not built with `underlock cc`, or did not start\n";
    llvm::sys::fs::remove_directories(O.Folder);
    return cli::Unusable;
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
    llvm::sys::fs::remove_directories(O.Folder);
  else
    llvm::sys::fs::remove(O.Folder);
  // The program's own failure counts when there is nothing worse to say than that.
  // Killed with the others, it need not have lacked anything.
  if (Verdict == cli::Clean && Empty && !E.TimedOut)
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
                 {"1", "findings at or above the gate, or the command's own 1"},
                 {"2", "bad options, or a recording that proves nothing, or the command's own 2"},
                 {"others", "the command's own, where the verdict is clean; 128 and the signal's number where it was "
                            "killed"}}};
}

void cli::addRun(CLI::App &App, int &Status) {
  auto Options = std::make_shared<RunOptions>();
  Command *Command =
      addCommand(App, "run", "run a command with the recording on, then judge what it recorded", manual());
  Command
      ->add_option("--output-trace", Options->Trace,
                   "keep the recording here, those of other processes beside it with their ids")
      ->type_name("FILE");
  Command->add_option("--settings", Options->Settings, "settings of the runtime: frames=N, ring=MIB (keep the newest), mode=distinct (one of each kind)")
      ->type_name("NAME=VALUE");
  Command
      ->add_option("--timeout", Options->Timeout,
                   "kill the command and all that it started after this many seconds, and judge what was recorded")
      ->type_name("SECONDS")
      ->check(CLI::PositiveNumber);
  addJudgeOptions(*Command, Options->Judge);
  Command->add_option("command", Options->Command, "the command and its arguments, behind --")
      ->type_name("COMMAND")
      ->required();
  Command->callback([Options, &Status] { Status = run(*Options); });
}
