// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock flags`: prints what `underlock cc` would add, for build systems that add it themselves.
#include "analyzer/cli/CompilerFlags.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace underlock;

// As a shell word, so that $(underlock flags) and CMake's separate_arguments(UNIX_COMMAND) both read it.
static std::string shellWord(llvm::StringRef Word) {
  if (!Word.empty() &&
      Word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%") ==
          llvm::StringRef::npos)
    return Word.str();
  std::string Out = "'";
  for (char C : Word)
    Out += C == '\'' ? std::string("'\\''") : std::string(1, C);
  return Out + "'";
}

void cli::addFlags(CLI::App &App, int &Status) {
  struct Options {
    bool Link = false;
    std::vector<std::string> Models;
  };
  auto O = std::make_shared<Options>();
  CLI::App *Command = App.add_subcommand("flags", "print what cc and c++ add to Clang's command line");
  Command->add_flag("--link,!--compile", O->Link,
                    "for linking (default: for compiling C and C++; never for assembler)");
  Command
      ->add_option("--model", O->Models, "a shipped model or a model file; may be given several times (default: posix)")
      ->allow_extra_args(false);
  Command->callback([O, &Status] {
    Installation Parts = findInstallation();
    std::vector<std::string> Words;
    if (O->Link)
      linkFlags(Parts, Words);
    else if (!compileFlags(modelsToUse(O->Models), "", /*HasDebugOption=*/false, Parts, Words)) {
      Status = Unusable;
      return;
    }
    for (std::string &Word : Words)
      Word = shellWord(Word);
    llvm::outs() << llvm::join(Words, " ") << '\n';
  });
}
