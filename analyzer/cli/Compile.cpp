// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock cc` and `underlock c++`: Clang, with the plugin, the runtime and the flags that recordings need.
//
// A compiler driver has to be Clang in everything but what it adds, or build systems trip over it. So the arguments are
// not parsed beyond what decides the additions, nothing is reordered, and Clang replaces this process (exec).
#include "analyzer/cli/Commands.h"
#include "analyzer/cli/CompilerFlags.h"
#include "analyzer/model/YamlTree.h"
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
  bool Shared = false;      // a shared library
  bool Tsan = false;        // with ThreadSanitizer
  std::vector<std::string> Models;
  std::string Summary;
  std::string Unknown;            // an option that looks like ours and is not
  std::vector<std::string> Clang; // arguments for Clang
  std::vector<std::string> Files; // … those from a -- on, behind which nothing is an option
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
  else if (Argument == "-shared" || Argument == "--shared")
    J.Shared = true;
  cli::readSanitizer(Argument, J.Tsan);
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
    if (Argument.starts_with("--underlock-"))
      J.Unknown = Argument.split('=').first.str();
    if (Argument == "--") {
      J.Files.assign(Arguments.begin() + I, Arguments.end());
      for (StringRef File : llvm::drop_begin(J.Files))
        classify(J, File, Language);
      break;
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
  if (!J.Unknown.empty())
    return cli::unusable("no option '" + J.Unknown + "'" +
                         model::suggestion(J.Unknown, {"--underlock-model", "--underlock-summary"}) +
                         " (underlock help cc says more)");
  if (J.Compiles && J.Assembles)
    return cli::unusable("C and assembler files in one command: the plugin's options are fatal for assembler; compile "
                         "them in commands of their own");
  bool Links = J.Links && J.HasInput && !J.Relocatable;
  // Behind the user's arguments, so that a later -fomit-frame-pointer of theirs does not win silently.
  if (J.Compiles && !cli::compileFlags(J.Models, J.Summary, J.HasDebugOption, Parts, J.Clang))
    return cli::Unusable;
  if (Links)
    cli::linkFlags(Parts, J.Tsan && !J.Shared, J.Clang);

  std::string Clang = (llvm::Twine(UNDERLOCK_LLVM_BIN "/") + Compiler).str();
  if (auto Environment = llvm::sys::Process::GetEnv("UNDERLOCK_CLANG"))
    Clang = *Environment + (Compiler == "clang++" ? "++" : "");
  // An unused -L or -fdepfile-entry is ours, not the user's: no warning about it.
  if (J.Compiles || Links)
    J.Clang.insert(J.Clang.begin(), "-Qunused-arguments");
  llvm::append_range(J.Clang, J.Files);
  llvm::SmallVector<char *, 64> Words;
  Words.push_back(Clang.data());
  for (std::string &Argument : J.Clang)
    Words.push_back(Argument.data());
  Words.push_back(nullptr);
  execv(Clang.c_str(), Words.data());
  return cli::unusable(Clang + ": " + std::strerror(errno) +
                       "; install clang-19, or name another one in UNDERLOCK_CLANG");
}

static cli::Manual manual(bool Plus) {
  std::string Clang = Plus ? "clang++" : "clang";
  cli::Manual M{
      .Description =
          "Is " + Clang +
          " in everything but what it adds: the plugin with a model, the flags that make "
          "recordings complete, and the runtime when it links. All arguments but the two below are Clang's, "
          "--help among them; C and C++ may be compiled and linked in one command or in several.\n\n"
          "Objects that are built together must be built with the same model. Assembler files are left alone, "
          "in commands of their own.\n\n"
          "With -fsanitize=thread, when compiling and when linking, the program runs under ThreadSanitizer, which is "
          "told of all marked locks; its reports become findings. Its exit status stays its own, unless TSAN_OPTIONS "
          "has an exitcode.",
      .Status = {{"others", "Clang's own"}, {"2", "a model cannot be read, or Clang cannot be started"}},
      .Environment = {{"UNDERLOCK_MODEL", "the models where --underlock-model is not given, separated by ':'"},
                      {"UNDERLOCK_CLANG", "the Clang that cc calls; with ++ behind it, the one that c++ calls"}}};
  if (Plus)
    M.Examples = {{"Compiles and links", "underlock c++ -O2 guards.cpp -o guards"}};
  else
    M.Examples = {{"Compiles with a model of the program's own, then links",
                   "underlock cc --underlock-model=queue.yaml -O2 -c queue.c\nunderlock cc queue.o -o queue"},
                  {"In a build with make", "make CC=\"underlock cc\""},
                  {"Tells what was marked in each file, as a line of JSON",
                   "underlock cc --underlock-summary=marks.json -c queue.c\ncat marks.json", cli::Clean,
                   "{\"source\":\"queue.c\",\"model\":\"posix\",..."}};
  return M;
}

void cli::addCompile(CLI::App &App, int &Status) {
  for (auto [Name, Compiler] : {std::pair("cc", "clang"), std::pair("c++", "clang++")}) {
    Command *Command = addCommand(App, Name, std::string("compile as ") + Compiler + " does, for recording",
                                  manual(Compiler == llvm::StringRef("clang++")));
    Command->set_help_flag(); // Clang's
    Command
        ->add_option("--underlock-model",
                     "a shipped model or a model file; may be given several times (default: posix)")
        ->type_name("MODEL");
    Command->add_option("--underlock-summary", "append a line of JSON on what was marked, for each translation unit")
        ->type_name("FILE");
    Command->add_option("argument", "Clang's")->type_name("ARGUMENT")->expected(0, -1);
    Command->Verbatim = [Which = std::string(Compiler)](const std::vector<std::string> &Arguments) {
      return compile(Which, Arguments);
    };
  }
}
