// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is said of a command line that cannot be read. CLI11's own texts name what they did not expect, and nothing that
// they would.
#include "analyzer/cli/Command.h"
#include "analyzer/model/YamlTree.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace underlock;
using llvm::StringRef;

using Words = llvm::SmallVector<StringRef, 16>;

static std::string unknownOption(const CLI::App &C, StringRef Given, llvm::ArrayRef<cli::OptionText> Options) {
  Words Known;
  for (const cli::OptionText &O : Options)
    Known.append(O.Spellings.begin(), O.Spellings.end());
  std::string Out = (C.get_name() + " has no option '" + Given + "'").str();
  // Any letter is near to any other.
  std::string Nearest = Given.size() > 2 ? model::suggestion(Given, Known) : "; known are " + llvm::join(Known, ", ");
  // An option of the program that is to be run is more likely than one that nothing here is like.
  bool Starts = llvm::any_of(Options, [](const cli::OptionText &O) { return O.Placeholder == "COMMAND" && O.Repeats; });
  if (Starts && !StringRef(Nearest).contains("did you mean"))
    return Out + "; a command and its own options stand behind --";
  return Out + Nearest;
}

// What is wrong with the value of `O`, which the user calls `Name`; nothing where CLI11 says nothing of that kind.
static std::string wrongValue(StringRef Said, StringRef Name, const cli::OptionText &O) {
  Words Choices(O.Choices.begin(), O.Choices.end());
  std::string Wanted = Choices.empty() ? O.Placeholder : llvm::join(Choices, " or ");
  auto Cannot = [&](StringRef Value) { return (Name + " cannot be '" + Value + "'").str(); };
  if (Said.consume_front(("Could not convert: " + Name + " = ").str()))
    return Cannot(Said) + ", it takes " + Wanted;
  if (!Said.consume_front((Name + ": ").str()))
    return "";
  if (Said.contains(" not in {"))
    return Cannot(Said.split(" not in {").first) + model::suggestion(Said.split(" not in {").first, Choices);
  if (Said.consume_front("Value "))
    return Cannot(Said.split(" not ").first) + ", it takes " + Wanted;
  if (Said.ends_with(" missing"))
    return (Name + " needs a value: " + Wanted).str();
  if (Said.starts_with("At Most 1 "))
    return (Name + " is given more than once").str();
  return "";
}

static StringRef firstOption(llvm::ArrayRef<std::string> Arguments) {
  for (StringRef Argument : Arguments)
    if (Argument.size() > 1 && Argument.starts_with("-") && Argument != "--")
      return Argument.split('=').first;
  return "";
}

static std::string describe(const CLI::App &Top, const CLI::App &C, const CLI::ParseError &E) {
  std::vector<cli::OptionText> Options = cli::optionsOf(C);
  std::vector<std::string> Extras = C.remaining(), Before = Top.remaining();
  // Before anything else that may be wrong: what follows a mistyped option is taken for something that it is not.
  if (StringRef Option = firstOption(Extras); !Option.empty())
    return unknownOption(C, Option, Options);
  if (StringRef Option = firstOption(Before); !Option.empty())
    return ("no option '" + Option + "' before the command; those of " + C.get_name() + " stand behind it").str();
  if (dynamic_cast<const CLI::ExtrasError *>(&E) && !Extras.empty())
    return C.get_name() + " does not know what to do with '" + Extras.front() + "'";

  for (const cli::OptionText &O : Options)
    for (const std::string &Name : O.Spellings)
      if (std::string Text = wrongValue(E.what(), Name, O); !Text.empty())
        return C.get_name() + ": " + Text;
  // What is known by its place is called by its placeholder; CLI11 has a name for it besides.
  for (const CLI::Option *O : C.get_options()) {
    if (!O->get_positional())
      continue;
    cli::OptionText T = cli::textOf(*O);
    if (E.what() == O->get_name() + " is required")
      return C.get_name() + ": no " + T.Placeholder + " is given";
    if (std::string Text = wrongValue(E.what(), O->get_name(), T); !Text.empty())
      return C.get_name() + ": " + Text;
  }
  return C.get_name() + ": " + E.what();
}

static std::string unknownCommand(const CLI::App &Top, StringRef Given) {
  Words Known;
  for (const CLI::App *Command : Top.get_subcommands({}))
    Known.push_back(Command->get_name());
  if (Given.empty())
    return "no command given; there are " + llvm::join(Known, ", ");
  return ("no command '" + Given + "'").str() + model::suggestion(Given, Known);
}

std::string cli::mistake(const CLI::App &Top, const CLI::ParseError &E) {
  std::vector<const CLI::App *> Chosen;
  for (const CLI::App *Sub : Top.get_subcommands({}))
    if (Sub->parsed())
      Chosen.push_back(Sub);
  const CLI::App &C = Chosen.empty() ? Top : *Chosen.front();
  std::string Out;
  std::vector<std::string> Extras = Top.remaining();
  bool IsOption = !Extras.empty() && StringRef(Extras.front()).starts_with("-");
  if (Chosen.empty() && !IsOption)
    Out = unknownCommand(Top, Extras.empty() ? "" : Extras.front());
  else
    Out = describe(Top, C, E);
  return Out + " (" + fullName(C) + " --help says more)";
}
