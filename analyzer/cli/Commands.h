// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The subcommands of `underlock`, one file each. add…() declares the subcommand's options on `App`; when the user chose
// it, its callback runs it and stores the exit status in `Status`.
#ifndef UNDERLOCK_ANALYZER_CLI_COMMANDS_H
#define UNDERLOCK_ANALYZER_CLI_COMMANDS_H

#include "analyzer/cli/Command.h"

namespace underlock::cli {

// Exit statuses of every subcommand.
constexpr int Clean = 0;    // nothing at or above the gate
constexpr int Findings = 1; // findings at or above the gate
constexpr int Unusable = 2; // usage, bad input, or a recording that proves nothing

void addCompile(CLI::App &App, int &Status); // cc and c++
void addFlags(CLI::App &App, int &Status);   // what cc and c++ add
void addRun(CLI::App &App, int &Status);
void addCheck(CLI::App &App, int &Status);
void addShow(CLI::App &App, int &Status);
void addExtract(CLI::App &App, int &Status); // a trace out of guest memory
void addModel(CLI::App &App, int &Status);   // lints models
void addCompletion(CLI::App &App, int &Status);
void addHelp(CLI::App &App, int &Status); // the last: it knows all others

// Where the parts are, beside this executable: PREFIX/bin/underlock, PREFIX/lib/underlock, PREFIX/share/underlock.
struct Installation {
  std::string Plugin;  // for the Clang that `cc` calls
  std::string Runtime; // the folder of libunderlock.so
  std::string Include; // of underlock/underlock.h
  std::string Models;  // the folder of the shipped models
};
Installation findInstallation();

} // namespace underlock::cli

#endif
