// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A command that runs with the recording on, and all that it starts: what `run` does once, and `confirm` again and
// again.
#ifndef UNDERLOCK_ANALYZER_CLI_EXECUTION_H
#define UNDERLOCK_ANALYZER_CLI_EXECUTION_H

#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace underlock::cli {

struct Execution {
  std::vector<std::string> Command;
  std::string Folder;   // in which each process writes its trace, named by its id
  std::string Settings; // of the runtime: "frames=8,ring=4"
  // Of the command, besides. With any it is no program that records by itself, but what boots a kernel.
  std::vector<std::pair<std::string, std::string>> Environment;
  double Timeout = 0;           // seconds; 0: none
  bool OutputToErrors = false;  // the command's standard output is not this one's
  std::function<bool()> Enough; // asked all the time: true ends the command as the time-out does; empty: never

  // Of the command, when it has ended.
  pid_t Child = 0;
  int Status = 0; // as waitpid() gives it
  bool TimedOut = false, HadEnough = false;
  double Seconds = 0;
  size_t Empty = 0; // processes that could not write what they record

  // Runs the command to its end, and with a time-out or enough of it all that it has started to theirs. False when it
  // could not be started; the message is out then. SIGINT, SIGTERM and SIGHUP go to the command from then on.
  bool run();
  static bool interrupted(); // one of these has come

  // The traces of all processes, the command's first.
  std::vector<std::string> traces();
};

// A new folder for traces: beside `Trace`, which is made absolute, so that they need not be copied; with an empty one,
// among the temporary files. Empty after an error that was printed.
std::string makeRecordingFolder(std::string &Trace);

} // namespace underlock::cli

#endif
