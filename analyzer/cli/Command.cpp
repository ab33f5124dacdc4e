// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What CLI11 knows of a subcommand, as all documents need it; see Command.h.
#include "analyzer/cli/Command.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace underlock;
using llvm::StringRef;

cli::Command::Command(std::string Summary, std::string Name, Manual M)
    : CLI::App(std::move(Summary), std::move(Name)), Text(std::move(M)) {
  set_help_flag("-h,--help", "print a help text and exit");
  formatter_fn([](const CLI::App *C, std::string, CLI::AppFormatMode) { return helpText(*C); });
}

cli::Command *cli::addCommand(CLI::App &To, const std::string &Name, const std::string &Summary, Manual M) {
  auto New = std::make_shared<Command>(Summary, Name, std::move(M));
  To.add_subcommand(New);
  return New.get();
}

const cli::Manual &cli::manualOf(const CLI::App &C) {
  static const Manual None;
  const auto *Known = dynamic_cast<const Command *>(&C);
  return Known ? Known->Text : None;
}

// CLI11 has one text for both: `TEXT:{text,json}`, `FLOAT:POSITIVE`.
static void readType(StringRef Type, cli::OptionText &Out) {
  auto [Name, Check] = Type.split(':');
  Out.Placeholder = Name.str();
  llvm::SmallVector<StringRef, 8> Choices;
  if (Check.consume_front("{") && Check.consume_back("}"))
    Check.split(Choices, ',');
  for (StringRef Choice : Choices)
    Out.Choices.push_back(Choice.str());
}

cli::OptionText cli::textOf(const CLI::Option &O) {
  OptionText T;
  for (const std::string &Name : O.get_snames())
    T.Spellings.push_back("-" + Name);
  for (const std::string &Name : O.get_lnames())
    T.Spellings.push_back("--" + Name);
  if (O.get_items_expected_max() > 0)
    readType(O.get_type_name(), T);
  T.Text = O.get_description();
  T.Required = O.get_required();
  T.Repeats = O.get_items_expected_max() > 1;
  return T;
}

std::vector<cli::OptionText> cli::optionsOf(const CLI::App &C) {
  std::vector<OptionText> Out;
  const auto *Known = dynamic_cast<const Command *>(&C);
  for (const CLI::Option *O : C.get_options()) {
    Out.push_back(textOf(*O));
    Out.back().Joined = Known && Known->Verbatim && !O->get_positional() && !Out.back().Placeholder.empty();
  }
  return Out;
}

std::string cli::fullName(const CLI::App &C) {
  return C.get_parent() ? fullName(*C.get_parent()) + " " + C.get_name() : C.get_name();
}

std::string cli::synopsis(const CLI::App &C) {
  std::string Out = "[OPTION]...";
  for (const OptionText &O : optionsOf(C)) {
    if (!O.Spellings.empty()) {
      if (O.Required)
        Out += " " + O.Spellings.front() + " " + O.Placeholder;
      continue;
    }
    // Whatever is started has options of its own.
    if (O.Placeholder == "COMMAND" && O.Repeats)
      Out += " -- COMMAND [ARGUMENT]...";
    else
      Out += (O.Required ? " " + O.Placeholder : " [" + O.Placeholder + "]") + (O.Repeats ? "..." : "");
  }
  if (!C.get_subcommands({}).empty())
    Out += " COMMAND [ARGUMENT]...";
  return Out;
}
