// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock`: dispatches to the subcommands.
#include "analyzer/cli/Commands.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"

using namespace underlock;

int cli::unusable(const llvm::Twine &Text) {
  llvm::errs() << "underlock: error: " << Text << '\n';
  return Unusable;
}

cli::Installation cli::findInstallation() {
  static int Anchor;
  std::string Self = llvm::sys::fs::getMainExecutable("underlock", &Anchor);
  llvm::StringRef Prefix = llvm::sys::path::parent_path(llvm::sys::path::parent_path(Self));
  Installation I;
  I.Plugin = (Prefix + "/lib/underlock/UnderlockPlugin.so").str();
  I.Runtime = (Prefix + "/lib/underlock").str();
  I.Include = (Prefix + "/include").str();
  I.Models = (Prefix + "/share/underlock/models").str();
  I.Kernel = (Prefix + "/share/underlock/kernel").str();
  return I;
}

// The whole of it: from a program to a finding.
static cli::Manual manual() {
  return {
      .Description =
          "Underlock judges how a program or a kernel uses its locks, from one run of it. The code is compiled with a "
          "plugin that marks what a model names: lock operations, events, phases. It records what each thread holds, "
          "and the recording is judged: an event outside the lock that it needs, locks taken in orders that can "
          "deadlock, a lock taken twice or never given back.\n\n"
          "What was not seen is said, and a recording that proves nothing is never called clean.",
      .Examples = {{"Compiles a program with a model that knows its rules",
                    "underlock cc --underlock-model=queue.yaml -O2 queue.c -o queue"},
                   {"Runs it, and judges what it did", "underlock run -- ./queue", cli::Findings,
                    R"(queue.c:15: error: a job is dropped without queue.lock [contract:drop-under-queue-lock, observed]
...
  note: missing: queue.lock
  note: queue held no lock
...)"}},
      .Status = {{"0", "clean"},
                 {"1", "findings at or above the gate"},
                 {"2", "usage, bad input, or a recording that proves nothing"}},
      .Environment = {{"UNDERLOCK_MODEL", "the models to compile with, separated by ':'"},
                      {"UNDERLOCK_CLANG", "the Clang that cc calls; with ++ behind it, the one that c++ calls"},
                      {"UNDERLOCK", "settings of the runtime, e.g. trace=FILE, for a program that `underlock run` did "
                                    "not start"}}};
}

int main(int Argc, char **Argv) {
  llvm::InitLLVM Init(Argc, Argv);
  cli::Command App("was this done under the lock it needs, and can these locks deadlock?", "underlock", manual());
  App.require_subcommand(1);
  App.set_version_flag("--version", "underlock " UNDERLOCK_VERSION, "print the version and exit");
  int Status = cli::Clean;
  cli::addCompile(App, Status);
  cli::addFlags(App, Status);
  cli::addRun(App, Status);
  cli::addCheck(App, Status);
  cli::addBaseline(App, Status);
  cli::addDiff(App, Status);
  cli::addShow(App, Status);
  cli::addWhatIf(App, Status);
  cli::addConfirm(App, Status);
  cli::addExtract(App, Status);
  cli::addPack(App, Status);
  cli::addExchange(App, Status);
  cli::addKernel(App, Status);
  cli::addModel(App, Status);
  cli::addCompletion(App, Status);
  cli::addHelp(App, Status);
  for (CLI::App *C : App.get_subcommands({}))
    if (auto *Known = dynamic_cast<cli::Command *>(C);
        Known && Known->Verbatim && Argc > 1 && Known->get_name() == Argv[1])
      return Known->Verbatim({Argv + 2, Argv + Argc});
  try {
    App.parse(Argc, Argv);
  } catch (const CLI::ParseError &E) {
    if (E.get_exit_code() == 0)
      return App.exit(E);
    return cli::unusable(cli::mistake(App, E));
  }
  llvm::outs().flush();
  if (std::error_code Why = llvm::outs().error()) {
    llvm::outs().clear_error(); // or the program ends with status 1, which means findings
    return cli::unusable("standard output: " + Why.message());
  }
  return Status;
}
