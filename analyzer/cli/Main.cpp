// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock`: dispatches to the subcommands.
#include "analyzer/cli/Commands.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"

using namespace underlock;

cli::Installation cli::findInstallation() {
  static int Anchor;
  std::string Self = llvm::sys::fs::getMainExecutable("underlock", &Anchor);
  llvm::StringRef Prefix = llvm::sys::path::parent_path(llvm::sys::path::parent_path(Self));
  Installation I;
  I.Plugin = (Prefix + "/lib/underlock/UnderlockPlugin.so").str();
  I.Runtime = (Prefix + "/lib/underlock").str();
  I.Include = (Prefix + "/include").str();
  I.Models = (Prefix + "/share/underlock/models").str();
  return I;
}

int main(int Argc, char **Argv) {
  llvm::InitLLVM Init(Argc, Argv);
  CLI::App App{"Was this done under the lock it needs, and can these locks deadlock?", "underlock"};
  App.require_subcommand(1);
  App.set_version_flag("--version", "underlock " UNDERLOCK_VERSION);
  App.footer("Exit status: 0 clean, 1 findings at or above the gate, 2 usage, bad input, or a recording that proves "
             "nothing.");
  int Status = cli::Clean;
  cli::addCompile(App, Status);
  cli::addRun(App, Status);
  cli::addCheck(App, Status);
  cli::addShow(App, Status);
  cli::addExtract(App, Status);
  try {
    App.parse(Argc, Argv);
  } catch (const CLI::ParseError &E) {
    return App.exit(E) == 0 ? cli::Clean : cli::Unusable;
  }
  return Status;
}
