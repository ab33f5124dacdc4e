// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What --help prints.
#include "analyzer/cli/Command.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace underlock;
using llvm::StringRef;

constexpr size_t Width = 80;

// Fills lines from column `Indent` on; the first one has been begun, and is `Column` long.
static void fill(llvm::raw_ostream &Out, StringRef Text, size_t Indent, size_t Column) {
  bool First = true;
  for (StringRef Word : llvm::split(Text, ' ')) {
    if (!First && Column + 1 + Word.size() > Width) {
      Out << '\n';
      Out.indent(Indent);
      Column = Indent;
    } else if (!First) {
      Out << ' ';
      ++Column;
    }
    Out << Word;
    Column += Word.size();
    First = false;
  }
  Out << '\n';
}

static void section(llvm::raw_ostream &Out, StringRef Title, llvm::ArrayRef<cli::Term> Terms) {
  if (Terms.empty())
    return;
  Out << '\n' << Title << ":\n";
  size_t Indent = 0;
  for (const cli::Term &T : Terms)
    if (T.Name.size() <= 22)
      Indent = std::max(Indent, T.Name.size() + 4);
  for (const cli::Term &T : Terms) {
    size_t Column = 2 + T.Name.size();
    Out << "  " << T.Name;
    if (Column + 2 > Indent && !T.Text.empty()) {
      Out << '\n';
      Column = 0;
    }
    Out.indent(Indent - Column);
    fill(Out, T.Text, Indent, Indent);
  }
}

static std::vector<cli::Term> optionTerms(const CLI::App &C) {
  std::vector<cli::Term> Out;
  for (const cli::OptionText &O : cli::optionsOf(C)) {
    std::string Name = llvm::join(O.Spellings, ", ");
    if (!O.Placeholder.empty())
      Name += (Name.empty() ? ""
               : O.Joined   ? "="
                            : " ") +
              (O.Choices.empty() ? O.Placeholder : llvm::join(O.Choices, "|"));
    Out.push_back({Name, O.Text});
  }
  return Out;
}

std::string cli::helpText(const CLI::App &C) {
  std::string Text;
  llvm::raw_string_ostream Out(Text);
  const Manual &M = manualOf(C);
  Out << fullName(C) << ": ";
  fill(Out, C.get_description(), 0, fullName(C).size() + 2);
  Out << "\nusage: " << fullName(C) << ' ' << synopsis(C) << '\n';
  for (StringRef Rest = M.Description; !Rest.empty();) {
    auto [Paragraph, Others] = Rest.split("\n\n");
    Out << '\n';
    fill(Out, Paragraph, 0, 0);
    Rest = Others;
  }
  std::vector<Term> Commands;
  for (const CLI::App *Sub : C.get_subcommands({}))
    Commands.push_back({Sub->get_name(), Sub->get_description()});
  section(Out, "commands", Commands);
  section(Out, "options", optionTerms(C));
  section(Out, "environment", M.Environment);
  section(Out, "exit status", M.Status);
  if (!M.Examples.empty())
    Out << "\nexamples:\n";
  for (const Example &E : M.Examples) {
    Out << "  # ";
    fill(Out, E.What + (E.Status ? " (exit status " + std::to_string(E.Status) + ")" : ""), 4, 4);
    for (StringRef Line : llvm::split(E.Command, '\n'))
      Out << "  " << Line << '\n';
  }
  Out << "\n"
      << (C.get_parent() ? "man underlock-" + C.get_name() : "man underlock, underlock help COMMAND")
      << " says the same, with what examples print.\n";
  return Text;
}
