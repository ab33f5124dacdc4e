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

static cli::Manual manual() {
  return {.Description =
              "For build systems that call Clang themselves. The words are quoted for a shell. An object that was "
              "compiled with one model has to be compiled anew when the model changes; cc sees to that with its "
              "dependency file, and so do these flags.",
          .Examples = {{"Compiles and links without cc; the Clang must be the one that Underlock was built against",
                        "clang-19 $(underlock flags --model ./queue.yaml) -c queue.c\n"
                        "clang-19 queue.o $(underlock flags --link) -o queue\n"
                        "underlock run -- ./queue",
                        cli::Findings, "..."}},
          .Status = {{"0", "they are printed"}, {"2", "a model cannot be read"}}};
}

void cli::addFlags(CLI::App &App, int &Status) {
  struct Options {
    bool Link = false, Tsan = false;
    std::string Sanitizer;
    std::vector<std::string> Models;
  };
  auto O = std::make_shared<Options>();
  Command *Command = addCommand(App, "flags", "print what cc and c++ add to Clang's command line", manual());
  Command->add_flag("--link,!--compile", O->Link,
                    "which of the two (default: for compiling; C and C++, never assembler)");
  Command
      ->add_option("--model", O->Models, "a shipped model or a model file; may be given several times (default: posix)")
      ->type_name("MODEL")
      ->allow_extra_args(false);
  Command
      ->add_option("-f", O->Sanitizer,
                   "-fsanitize=thread: for a program under ThreadSanitizer; that option itself is among them then")
      ->type_name("sanitize=thread")
      ->check(CLI::IsMember({"sanitize=thread"}));
  Command->callback([O, &Status] {
    O->Tsan = !O->Sanitizer.empty();
    Installation Parts = findInstallation();
    std::vector<std::string> Words;
    if (O->Tsan)
      Words.push_back("-fsanitize=thread");
    if (O->Link)
      linkFlags(Parts, O->Tsan, Words);
    else if (!compileFlags(modelsToUse(O->Models), "", /*HasDebugOption=*/false, Parts, Words)) {
      Status = Unusable;
      return;
    }
    for (std::string &Word : Words)
      Word = shellWord(Word);
    llvm::outs() << llvm::join(Words, " ") << '\n';
  });
}
