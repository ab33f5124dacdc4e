// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the driver as a recorded process, for the runtime's tests. Driver.cpp says where it is.
#ifndef UNDERLOCK_TESTCASES_RUNTIME_RUN_H
#define UNDERLOCK_TESTCASES_RUNTIME_RUN_H

#include "Decode.h"
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <functional>
#include <random>
#include <signal.h>
#include <sstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace run {

extern const char *const Driver;

// A folder of the test's own, gone with it.
class Folder {
public:
  Folder() {
    char Name[] = "/tmp/underlock-runtime-XXXXXX";
    decode::require(mkdtemp(Name), "mkdtemp failed");
    Path = Name;
  }
  ~Folder() {
    for (const std::string &File : files())
      unlink((Path + "/" + File).c_str());
    rmdir(Path.c_str());
  }
  std::string operator/(const std::string &File) const { return Path + "/" + File; }
  std::vector<std::string> files() const {
    std::vector<std::string> Out;
    DIR *D = opendir(Path.c_str());
    while (dirent *Entry = readdir(D))
      if (Entry->d_name[0] != '.')
        Out.push_back(Entry->d_name);
    closedir(D);
    return Out;
  }

private:
  std::string Path;
};

// The seed is printed; UNDERLOCK_SEED repeats a run's moments as far as the machine does.
inline unsigned seed() {
  const char *Given = getenv("UNDERLOCK_SEED");
  unsigned Seed = Given ? unsigned(atol(Given)) : std::random_device()();
  printf("UNDERLOCK_SEED=%u\n", Seed);
  return Seed;
}

// Whether a killed process got as far as its trace's header.
inline bool hasHeader(const std::string &Path) {
  uint64_t Magic = 0;
  std::ifstream(Path, std::ios::binary).read(reinterpret_cast<char *>(&Magic), sizeof(Magic));
  return Magic;
}

struct Process {
  pid_t Pid = -1;
  int Out = -1, Err = -1;
};

struct Result {
  pid_t Pid = -1;
  int Status = 0; // as waitpid gives it
  std::string Out, Err;
  int exitStatus() const { return WIFEXITED(Status) ? WEXITSTATUS(Status) : -1; }
  int signal() const { return WIFSIGNALED(Status) ? WTERMSIG(Status) : 0; }
};

inline Process start(const std::string &Settings, const std::vector<std::string> &Arguments,
                     const std::function<void()> &InChild = [] {}) {
  int Out[2], Err[2];
  decode::require(!pipe2(Out, O_CLOEXEC) && !pipe2(Err, O_CLOEXEC), "pipe failed");
  pid_t Pid = fork();
  if (!Pid) {
    dup2(Out[1], 1);
    dup2(Err[1], 2);
    rlimit NoCore = {0, 0};
    setrlimit(RLIMIT_CORE, &NoCore);
    setenv("UNDERLOCK", Settings.c_str(), 1);
    InChild();
    std::vector<char *> Argv = {const_cast<char *>(Driver)};
    for (const std::string &A : Arguments)
      Argv.push_back(const_cast<char *>(A.c_str()));
    Argv.push_back(nullptr);
    execv(Driver, Argv.data());
    _exit(127);
  }
  close(Out[1]);
  close(Err[1]);
  return {Pid, Out[0], Err[0]};
}

inline std::string readAll(int Fd) {
  std::string Text;
  char Part[65536];
  for (ssize_t N; (N = read(Fd, Part, sizeof(Part))) > 0;)
    Text.append(Part, N);
  close(Fd);
  return Text;
}

inline Result finish(Process P) {
  Result R;
  R.Pid = P.Pid;
  R.Out = readAll(P.Out);
  R.Err = readAll(P.Err);
  waitpid(P.Pid, &R.Status, 0);
  return R;
}

inline Result driver(const std::string &Settings, const std::vector<std::string> &Arguments,
                     const std::function<void()> &InChild = [] {}) {
  return finish(start(Settings, Arguments, InChild));
}

// The numbers in what a driver printed; %p reads as well.
inline std::vector<uint64_t> numbers(const std::string &Text) {
  std::istringstream In(Text);
  std::vector<uint64_t> Out;
  for (std::string Word; In >> Word;)
    Out.push_back(std::stoull(Word, nullptr, 0));
  return Out;
}

} // namespace run

#endif
