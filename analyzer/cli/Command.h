// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A subcommand that can be explained: its options are CLI11's, the rest of its manual stands beside them. --help, the
// man pages and the shell completions are all made from these objects, so that none can say what another does not.
#ifndef UNDERLOCK_ANALYZER_CLI_COMMAND_H
#define UNDERLOCK_ANALYZER_CLI_COMMAND_H

#include "llvm/ADT/StringRef.h"
#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace underlock::cli {

// Every one is executed by testcases/man, in the order of its page and in one folder.
struct Example {
  std::string What;        // a sentence without its full stop: "Judges two recordings as one"
  std::string Command;     // as typed; several lines are several commands, of which only the last may fail
  int Status = 0;          // of the last
  std::string Output = ""; // of the last; a line "..." stands for any number of lines. Empty: not shown
};

struct Term {
  std::string Name, Text;
};

struct Manual {
  std::string Description; // paragraphs, with an empty line between two
  std::vector<Example> Examples = {};
  std::vector<Term> Status = {}; // what exit statuses mean
  std::vector<Term> Environment = {};
};

class Command : public CLI::App {
public:
  Command(std::string Summary, std::string Name, Manual M);

  Manual Text;
  // Set where the arguments are not CLI11's to read: it gets them all, and gives the exit status. The options that are
  // declared all the same are those that it reads itself.
  std::function<int(const std::vector<std::string> &)> Verbatim;
};

// Declares a subcommand.
Command *addCommand(CLI::App &To, const std::string &Name, const std::string &Summary, Manual M);

// A subcommand's manual; an empty one where it has none.
const Manual &manualOf(const CLI::App &C);

// An option as it is explained and completed.
struct OptionText {
  std::vector<std::string> Spellings; // "-o", "--output"; none: it is known by its place
  std::string Placeholder;            // of its value; empty: it takes none
  std::vector<std::string> Choices;   // all values there are; empty: any
  std::string Text;
  bool Required = false, Repeats = false;
  bool Joined = false; // the value stands behind a =, and nowhere else
};
OptionText textOf(const CLI::Option &O);
std::vector<OptionText> optionsOf(const CLI::App &C);

// `underlock check`
std::string fullName(const CLI::App &C);
// What follows that name: `[OPTION]... TRACE...`
std::string synopsis(const CLI::App &C);

// The documents. `Top` is the whole command.
std::string helpText(const CLI::App &C);
std::string manPage(const CLI::App &Top, const CLI::App &C); // roff, for the macro package man
constexpr llvm::StringRef Shells[] = {"bash", "zsh", "fish"};
std::string completion(const CLI::App &Top, llvm::StringRef Shell);

// One line about a command line that CLI11 could not read: what is wrong, the nearest that would be right, where to
// read more.
std::string mistake(const CLI::App &Top, const CLI::ParseError &E);

} // namespace underlock::cli

#endif
