// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The subcommands of `underlock`, one file each. add…() declares the subcommand's options on `App`; when the user chose
// it, its callback runs it and stores the exit status in `Status`.
#ifndef UNDERLOCK_ANALYZER_CLI_COMMANDS_H
#define UNDERLOCK_ANALYZER_CLI_COMMANDS_H

#include "analyzer/cli/Command.h"
#include "llvm/ADT/Twine.h"

namespace underlock::cli {

// Exit statuses of every subcommand.
constexpr int Clean = 0;    // nothing at or above the gate
constexpr int Findings = 1; // findings at or above the gate
constexpr int Unusable = 2; // usage, bad input, or a recording that proves nothing

// Says an error on standard error; returns Unusable.
int unusable(const llvm::Twine &Text);

void addCompile(CLI::App &App, int &Status); // cc and c++
void addFlags(CLI::App &App, int &Status);   // what cc and c++ add
void addRun(CLI::App &App, int &Status);
void addCheck(CLI::App &App, int &Status);
void addBaseline(CLI::App &App, int &Status); // writes known findings down
void addDiff(CLI::App &App, int &Status);     // compares two reports
void addShow(CLI::App &App, int &Status);
void addWhatIf(CLI::App &App, int &Status);
void addConfirm(CLI::App &App, int &Status);  // makes a finding happen
void addExtract(CLI::App &App, int &Status);  // a trace out of guest memory
void addPack(CLI::App &App, int &Status);     // a trace made complete
void addExchange(CLI::App &App, int &Status); // import and export
void addKernel(CLI::App &App, int &Status);   // prepares a kernel's tree
void addModel(CLI::App &App, int &Status);    // lints models
void addCompletion(CLI::App &App, int &Status);
void addHelp(CLI::App &App, int &Status); // the last: it knows all others

// Where the parts are, beside this executable: PREFIX/bin/underlock, PREFIX/lib/underlock, PREFIX/share/underlock.
struct Installation {
  std::string Plugin;  // for the Clang that `cc` calls
  std::string Runtime; // the folder of libunderlock.so
  std::string Include; // of underlock/underlock.h
  std::string Models;  // the folder of the shipped models
  std::string Kernel;  // the runtime's sources for kernels
};
Installation findInstallation();

} // namespace underlock::cli

#endif
