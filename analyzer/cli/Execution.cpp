// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a command with the recording on, until it ends, is too late, or has shown enough (Execution.h).
#include "analyzer/cli/Execution.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace underlock;
using cli::Execution;

// The child gets the signals that a terminal or a CI sends to end it; this process only waits for it, and judges.
static pid_t Current;
static volatile sig_atomic_t Interrupted;
static void forward(int Signal) {
  Interrupted = 1;
  if (Current > 0)
    kill(Current, Signal);
}

bool Execution::interrupted() { return Interrupted; }

// Kills the command and what it started, however deep: a shell's child would hang on without it. Whoever's parent dies
// becomes a child of this process (see run()), so there is always a child to look at until all are gone.
static void killFamily(pid_t Child) {
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

static void childProcess(const Execution &E) {
  std::string Settings = "trace=" + E.Folder + "/%p" + (E.Settings.empty() ? "" : "," + E.Settings);
  if (E.Environment.empty())
    setenv("UNDERLOCK", Settings.c_str(), 1);
  for (const auto &[Name, Value] : E.Environment)
    setenv(Name.c_str(), Value.c_str(), 1);
  if (E.OutputToErrors)
    dup2(STDERR_FILENO, STDOUT_FILENO);
  std::vector<char *> Words;
  for (const std::string &Word : E.Command)
    Words.push_back(const_cast<char *>(Word.c_str()));
  Words.push_back(nullptr);
  execvp(Words[0], Words.data());
  llvm::errs() << "underlock: error: " << E.Command[0] << ": " << std::strerror(errno) << '\n';
  _exit(errno == ENOENT ? 127 : 126);
}

static void wait(Execution &E) {
  auto Start = std::chrono::steady_clock::now();
  auto Elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - Start).count(); };
  bool Watched = E.Timeout > 0 || E.Enough;
  timespec Pause{0, 10'000'000};
  for (;;) {
    pid_t Got = waitpid(E.Child, &E.Status, Watched ? WNOHANG : 0);
    if (Got == E.Child || (Got < 0 && errno != EINTR))
      break;
    if (!Watched)
      continue;
    if (!E.TimedOut && !E.HadEnough) {
      E.HadEnough = E.Enough && E.Enough();
      E.TimedOut = !E.HadEnough && E.Timeout > 0 && Elapsed() > E.Timeout;
      // From outside and without asking: a hung program would not answer, and the recording survives it.
      if (E.HadEnough || E.TimedOut)
        killFamily(E.Child);
    }
    nanosleep(&Pause, nullptr);
  }
  E.Seconds = Elapsed();
}

bool Execution::run() {
  prctl(PR_SET_CHILD_SUBREAPER, 1); // for killFamily()
  Child = fork();
  if (Child < 0) {
    llvm::errs() << "underlock: error: fork: " << std::strerror(errno) << '\n';
    return false;
  }
  if (Child == 0)
    childProcess(*this);
  Current = Child;
  for (int Signal : {SIGINT, SIGTERM, SIGHUP})
    signal(Signal, forward);
  wait(*this);
  Current = 0;
  return true;
}

// An empty one is that of a process that found no space for it.
std::vector<std::string> Execution::traces() {
  std::vector<std::string> Out;
  std::error_code Error;
  Empty = 0;
  for (llvm::sys::fs::directory_iterator I(Folder, Error), End; I != End && !Error; I.increment(Error)) {
    uint64_t Size = 0;
    if (!llvm::sys::fs::file_size(I->path(), Size) && Size > 0)
      Out.push_back(I->path());
    else if (!llvm::sys::fs::remove(I->path()))
      ++Empty;
  }
  std::string Own = (llvm::Twine(Folder) + "/" + llvm::Twine(Child)).str();
  llvm::sort(
      Out, [&](const std::string &A, const std::string &B) { return std::pair(A != Own, A) < std::pair(B != Own, B); });
  return Out;
}

std::string cli::makeRecordingFolder(std::string &Trace) {
  llvm::SmallString<128> Path;
  std::error_code Error;
  if (Trace.empty()) {
    Error = llvm::sys::fs::createUniqueDirectory("underlock", Path);
  } else {
    Path = Trace;
    llvm::sys::fs::make_absolute(Path);
    Trace = std::string(Path);
    Error = llvm::sys::fs::createUniqueDirectory(Trace + ".recording", Path);
  }
  if (Error)
    llvm::errs() << "underlock: error: " << Path << ": no folder for the recording: " << Error.message()
                 << (Trace.empty() ? "; set TMPDIR, or name a file with --output-trace\n" : "\n");
  else if (Path.str().contains(','))
    llvm::errs() << "underlock: error: " << Path << ": a trace's path must not contain a comma\n";
  else
    return std::string(Path);
  return "";
}
