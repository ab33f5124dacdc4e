// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analyzer/cli/CompilerFlags.h"
#include "analyzer/model/Model.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"

using namespace underlock;
using llvm::StringRef;

std::vector<std::string> cli::modelsToUse(std::vector<std::string> Models) {
  if (Models.empty())
    if (auto Environment = llvm::sys::Process::GetEnv("UNDERLOCK_MODEL")) {
      llvm::SmallVector<StringRef, 4> Names;
      StringRef(*Environment).split(Names, ':', -1, false);
      Models.assign(Names.begin(), Names.end());
    }
  if (Models.empty())
    Models.push_back("posix");
  for (std::string &Name : Models)
    if (StringRef(Name).contains('/') || StringRef(Name).ends_with(".yaml")) {
      llvm::SmallString<128> Path(Name);
      llvm::sys::fs::make_absolute(Path);
      Name = std::string(Path);
    }
  return Models;
}

bool cli::compileFlags(const std::vector<std::string> &Models, const std::string &Summary, bool HasDebugOption,
                       const Installation &Parts, std::vector<std::string> &Out) {
  std::optional<model::Model> M = model::load(Models, Parts.Models, llvm::errs());
  if (!M)
    return false;
  auto Add = [&](const llvm::Twine &Argument) { Out.push_back(Argument.str()); };
  auto AddPlugin = [&](const llvm::Twine &Option) {
    Add("-mllvm");
    Add(Option);
  };
  Add("-fplugin=" + Parts.Plugin);
  Add("-fpass-plugin=" + Parts.Plugin);
  for (const std::string &Name : Models)
    AddPlugin("-underlock-model=" + Name);
  AddPlugin("-underlock-models-dir=" + Parts.Models);
  AddPlugin("-underlock-model-hash=" + llvm::utohexstr(M->marksHash()));
  if (!Summary.empty())
    AddPlugin("-underlock-summary=" + Summary);
  for (const std::string &Path : M->Paths)
    Add("-fdepfile-entry=" + Path);
  if (!HasDebugOption)
    Add("-g");
  Add("-fno-omit-frame-pointer");
  Add("-mno-omit-leaf-frame-pointer");
  Add("-fno-optimize-sibling-calls");
  Add("-I" + Parts.Include);
  return true;
}

void cli::readSanitizer(StringRef Argument, bool &Tsan) {
  bool On = Argument.consume_front("-fsanitize=");
  if (!On && !Argument.consume_front("-fno-sanitize="))
    return;
  llvm::SmallVector<StringRef, 4> Names;
  Argument.split(Names, ',');
  if (llvm::is_contained(Names, "thread") || (!On && llvm::is_contained(Names, "all")))
    Tsan = On;
}

void cli::linkFlags(const Installation &Parts, bool Tsan, std::vector<std::string> &Out) {
  // A plain object. The libraries that the program loads call its functions, and ThreadSanitizer looks for one by name.
  if (Tsan)
    for (const std::string &Argument :
         {Parts.Runtime + "/underlock-tsan.o", std::string("-Wl,--export-dynamic-symbol=__underlock_v1_tsan_*"),
          std::string("-Wl,--export-dynamic-symbol=__tsan_on_finalize")})
      Out.push_back(Argument);
  // Before libc, so that the runtime's pthread_create() is the one that every library calls; and kept by the linker
  // also where nothing of the program itself calls it.
  for (const std::string &Argument :
       {"-L" + Parts.Runtime, "-Wl,-rpath," + Parts.Runtime, std::string("-Wl,--push-state,--no-as-needed"),
        std::string("-lunderlock"), std::string("-Wl,--pop-state"), std::string("-pthread")})
    Out.push_back(Argument);
}
