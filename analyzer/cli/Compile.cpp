// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock cc` and `underlock c++`: Clang, with the plugin, the runtime and the flags that recordings need.
//
// A compiler driver has to be Clang in everything but what it adds, or build systems trip over it. So the arguments are
// not parsed beyond what decides the additions, nothing is reordered, and Clang replaces this process (exec).
#include "analyzer/cli/Commands.h"
#include "analyzer/cli/CompilerFlags.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include <cerrno>
#include <cstring>
#include <unistd.h>

using namespace underlock;
using llvm::StringRef;

namespace {

// What the command line says, as far as the additions depend on it.
struct Job {
  bool Links = true;      // the command ends in a program or library
  bool Compiles = false;  // at least one input goes through the compiler proper
  bool Assembles = false; // at least one input is assembler, for which -mllvm is fatal
  bool HasInput = false;
  bool HasDebugOption = false;
  bool Relocatable = false; // -r: no library is wanted
  std::vector<std::string> Models;
  std::string Summary;
  std::vector<std::string> Clang; // arguments for Clang
};

} // namespace

static bool isAssembler(StringRef File) {
  StringRef Extension = llvm::sys::path::extension(File);
  return Extension == ".s" || Extension == ".S" || Extension == ".sx";
}

static bool isLinkerInput(StringRef File) {
  StringRef Extension = llvm::sys::path::extension(File);
  return Extension == ".o" || Extension == ".a" || Extension == ".so" || Extension == ".lo" || Extension == ".obj" ||
         File.contains(".so.");
}

// Options whose value is the next argument: it is not an input file.
static bool takesNext(StringRef Argument) {
  static const StringRef Options[] = {"-o",        "-x",           "-I",
                                      "-D",        "-U",           "-L",
                                      "-l",        "-include",     "-isystem",
                                      "-iquote",   "-idirafter",   "-imacros",
                                      "-MF",       "-MT",          "-MQ",
                                      "-Xclang",   "-mllvm",       "-Xlinker",
                                      "-T",        "-target",      "-arch",
                                      "-isysroot", "--sysroot",    "-u",
                                      "-z",        "-e",           "-h",
                                      "-G",        "-Xassembler",  "-Xpreprocessor",
                                      "-iprefix",  "-iwithprefix", "-fdepfile-entry"};
  return llvm::is_contained(Options, Argument);
}

static void classify(Job &J, StringRef Argument, StringRef &Language) {
  if (Argument == "-c" || Argument == "-S" || Argument == "-E" || Argument == "-M" || Argument == "-MM" ||
      Argument == "-fsyntax-only" || Argument == "--precompile" || Argument == "-emit-ast")
    J.Links = false;
  else if (Argument == "-r" || Argument == "-Wl,-r" || Argument == "--relocatable")
    J.Relocatable = true;
  else if (Argument.starts_with("-g") && !Argument.starts_with("-gcc") && !Argument.starts_with("-gsplit"))
    J.HasDebugOption = true;
  if (Argument.starts_with("-") && Argument != "-")
    return;
  J.HasInput = true;
  if (Language.starts_with("assembler") || (Language.empty() && isAssembler(Argument)))
    J.Assembles = true;
  else if (!Language.empty() || !isLinkerInput(Argument))
    J.Compiles = true;
}

// A response file hides arguments; its words decide the additions like the others, and Clang reads it itself.
static void classifyResponseFile(Job &J, StringRef Path, StringRef &Language) {
  auto Buffer = llvm::MemoryBuffer::getFile(Path);
  if (!Buffer)
    return; // Clang says so
  llvm::SmallVector<StringRef, 32> Words;
  llvm::SplitString((*Buffer)->getBuffer(), Words, " \t\r\n");
  for (StringRef Word : Words)
    classify(J, Word.trim("\"'"), Language);
}

static Job readArguments(const std::vector<std::string> &Arguments) {
  Job J;
  std::string LanguageText;
  StringRef Language;
  for (size_t I = 0; I < Arguments.size(); ++I) {
    StringRef Argument = Arguments[I];
    if (Argument.consume_front("--underlock-model=")) {
      J.Models.push_back(Argument.str());
      continue;
    }
    if (Argument.consume_front("--underlock-summary=")) {
      llvm::SmallString<128> Path(Argument);
      llvm::sys::fs::make_absolute(Path);
      J.Summary = std::string(Path);
      continue;
    }
    J.Clang.push_back(Arguments[I]);
    if (Argument.starts_with("@")) {
      classifyResponseFile(J, Argument.drop_front(), Language);
    } else if (takesNext(Argument) && I + 1 < Arguments.size()) {
      J.Clang.push_back(Arguments[++I]);
      if (Argument == "-x") {
        LanguageText = Arguments[I] == "none" ? "" : Arguments[I];
        Language = LanguageText;
      }
    } else if (Argument.starts_with("-x") && Argument.size() > 2) {
      LanguageText = Argument.drop_front(2).str();
      Language = LanguageText;
    } else {
      classify(J, Argument, Language);
    }
  }
  J.Models = cli::modelsToUse(std::move(J.Models));
  return J;
}

static int compile(StringRef Compiler, const std::vector<std::string> &Arguments) {
  cli::Installation Parts = cli::findInstallation();
  Job J = readArguments(Arguments);
  if (J.Compiles && J.Assembles) {
    llvm::errs()
        << "underlock: error: C and assembler files in one command: the plugin's options are fatal for assembler; "
           "compile them in commands of their own\n";
    return cli::Unusable;
  }
  bool Links = J.Links && J.HasInput && !J.Relocatable;
  // Behind the user's arguments, so that a later -fomit-frame-pointer of theirs does not win silently.
  if (J.Compiles && !cli::compileFlags(J.Models, J.Summary, J.HasDebugOption, Parts, J.Clang))
    return cli::Unusable;
  if (Links)
    cli::linkFlags(Parts, J.Clang);

  std::string Clang = (llvm::Twine(UNDERLOCK_LLVM_BIN "/") + Compiler).str();
  if (auto Environment = llvm::sys::Process::GetEnv("UNDERLOCK_CLANG"))
    Clang = *Environment + (Compiler == "clang++" ? "++" : "");
  // An unused -L or -fdepfile-entry is ours, not the user's: no warning about it.
  if (J.Compiles || Links)
    J.Clang.insert(J.Clang.begin(), "-Qunused-arguments");
  llvm::SmallVector<char *, 64> Words;
  Words.push_back(Clang.data());
  for (std::string &Argument : J.Clang)
    Words.push_back(Argument.data());
  Words.push_back(nullptr);
  execv(Clang.c_str(), Words.data());
  llvm::errs() << "underlock: error: " << Clang << ": " << std::strerror(errno)
               << "; install clang-19, or name another one in UNDERLOCK_CLANG\n";
  return cli::Unusable;
}

void cli::addCompile(CLI::App &App, int &Status) {
  for (auto [Name, Compiler] : {std::pair("cc", "clang"), std::pair("c++", "clang++")}) {
    CLI::App *Command =
        App.add_subcommand(Name, std::string(Compiler) + " with Underlock: adds plugin, runtime and flags; all other "
                                                         "arguments are Clang's");
    // All that follows is Clang's, options that look like ours included.
    Command->prefix_command();
    Command->set_help_flag();
    Command->footer(
        "  --underlock-model=NAME    a shipped model or a model file; may be given several times (default: posix,\n"
        "                            or those of the environment variable UNDERLOCK_MODEL, separated by ':')\n"
        "  --underlock-summary=FILE  append a line of JSON on what was marked, for each translation unit");
    std::string Which = Compiler;
    Command->callback([Command, Which, &Status] { Status = compile(Which, Command->remaining()); });
  }
}
