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

// CLI11 speaks of a missing subcommand where one was mistyped; people want to hear which.
static bool knowsCommand(const CLI::App &App, int Argc, char **Argv) {
  llvm::StringRef Given = Argc > 1 ? Argv[1] : "";
  if (Given.starts_with("-"))
    return true;
  std::string Names, Nearest;
  unsigned Distance = 3; // what is further off is no slip of the finger
  for (const CLI::App *Command : App.get_subcommands({})) {
    if (Command->get_name() == Given)
      return true;
    Names += (Names.empty() ? "" : ", ") + Command->get_name();
    if (unsigned D = Given.edit_distance(Command->get_name()); D < Distance) {
      Distance = D;
      Nearest = Command->get_name();
    }
  }
  if (Given.empty())
    llvm::errs() << "underlock: error: no command given; there are " << Names << " (--help says more)\n";
  else if (Nearest.empty())
    llvm::errs() << "underlock: error: no command '" << Given << "'; there are " << Names << '\n';
  else
    llvm::errs() << "underlock: error: no command '" << Given << "', did you mean '" << Nearest << "'?\n";
  return false;
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
  cli::addFlags(App, Status);
  cli::addRun(App, Status);
  cli::addCheck(App, Status);
  cli::addShow(App, Status);
  cli::addExtract(App, Status);
  if (!knowsCommand(App, Argc, Argv))
    return cli::Unusable;
  try {
    App.parse(Argc, Argv);
  } catch (const CLI::ParseError &E) {
    if (E.get_exit_code() != 0)
      llvm::errs() << "underlock: error: ";
    return App.exit(E) == 0 ? cli::Clean : cli::Unusable;
  }
  return Status;
}
