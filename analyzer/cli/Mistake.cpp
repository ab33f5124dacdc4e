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
  std::string Nearest = model::suggestion(Given, Known);
  // An option of the program that is to be run is more likely than one that nothing here is like.
  bool Starts = llvm::any_of(Options, [](const cli::OptionText &O) { return O.Placeholder == "COMMAND" && O.Repeats; });
  if (Starts && !StringRef(Nearest).contains("did you mean"))
    return Out + "; a command and its own options stand behind --";
  return Out + Nearest;
}

static std::string describe(const CLI::App &Top, const CLI::App &C, const CLI::ParseError &E) {
  std::vector<cli::OptionText> Options = cli::optionsOf(C);
  std::vector<std::string> Extras = C.remaining();
  // Before anything else that may be wrong: what follows a mistyped option is taken for something that it is not.
  for (StringRef Extra : Extras)
    if (Extra.size() > 1 && Extra.starts_with("-") && Extra != "--")
      return unknownOption(C, Extra.split('=').first, Options);
  if (dynamic_cast<const CLI::ExtrasError *>(&E) && !Extras.empty())
    return C.get_name() + " does not know what to do with '" + Extras.front() + "'";

  StringRef Said = E.what();
  auto [Option, Problem] = Said.split(": ");
  auto [Value, Choices] = Problem.split(" not in {");
  for (const cli::OptionText &O : Options)
    if (!O.Choices.empty() && !Choices.empty() &&
        (llvm::is_contained(O.Spellings, Option) || (O.Spellings.empty() && !Option.starts_with("-"))))
      return (C.get_name() + ": " + Option + " cannot be '" + Value + "'").str() +
             model::suggestion(Value, Words(O.Choices.begin(), O.Choices.end()));
  // "--timeout: Value x not in range 0 to …", "Could not convert: --limit = x"
  for (const cli::OptionText &O : Options)
    for (StringRef Name : O.Spellings)
      if (Problem.starts_with("Value ") && Option == Name)
        return (C.get_name() + ": " + Name + " cannot be '" + Problem.drop_front(6).split(" not ").first +
                "', it takes " + O.Placeholder)
            .str();
      else if (Problem.starts_with((Name + " = ").str()))
        return (C.get_name() + ": " + Name + " cannot be '" + Problem.split(" = ").second + "', it takes " +
                O.Placeholder)
            .str();
  for (const CLI::Option *O : C.get_options())
    if (Said == O->get_name() + " is required" && O->get_positional())
      return C.get_name() + ": no " + O->get_type_name() + " is given";
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
