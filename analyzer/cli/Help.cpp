// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock help`: the help text of a command, or the man pages of all.
#include "analyzer/cli/Command.h"
#include "analyzer/cli/Commands.h"
#include "analyzer/cli/WholeFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace underlock;

static cli::Manual manual() {
  return {
      .Description = "Without a command, what there is; with one, the same as its --help.",
      .Examples = {{"Tells about one command", "underlock help check"},
                   {"Writes all man pages, as an installation does; SOURCE_DATE_EPOCH sets their date",
                    "underlock help --man man1\nls man1/underlock-check.1", 0, "man1/underlock-check.1"}},
      .Status = {{"0", "it is printed or written"}, {"2", "there is no such command, or a page cannot be written"}}};
}

static int writePages(const CLI::App &Top, const std::string &Folder) {
  std::vector<const CLI::App *> All = Top.get_subcommands({});
  All.insert(All.begin(), &Top);
  llvm::sys::fs::create_directories(Folder); // where it cannot be, no page can
  for (const CLI::App *C : All) {
    llvm::SmallString<128> Path(Folder);
    llvm::sys::path::append(Path, (C == &Top ? "" : Top.get_name() + "-") + C->get_name() + ".1");
    if (!cli::writeWhole(Path, "the page", [&](llvm::raw_ostream &Out) { Out << cli::manPage(Top, *C); }))
      return cli::Unusable;
  }
  return cli::Clean;
}

void cli::addHelp(CLI::App &App, int &Status) {
  struct Options {
    std::string Command, Folder;
  };
  auto O = std::make_shared<Options>();
  cli::Command *Sub = addCommand(App, "help", "explain a command, or write the man pages", manual());
  std::vector<std::string> Names;
  for (const CLI::App *Known : App.get_subcommands({}))
    Names.push_back(Known->get_name());
  Sub->add_option("command", O->Command, "what to explain")->type_name("COMMAND")->check(CLI::IsMember(Names));
  Sub->add_option("--man", O->Folder, "write the man pages of all commands into this folder")->type_name("DIR");
  Sub->callback([O, &App, &Status] {
    if (!O->Folder.empty())
      Status = writePages(App, O->Folder);
    else
      llvm::outs() << helpText(O->Command.empty() ? App : *App.get_subcommand(O->Command));
  });
}
