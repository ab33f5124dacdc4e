// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock model`: lints models, compares them with what was built or recorded, lists those that are shipped.
#include "analyzer/model/Model.h"
#include "analyzer/analyses/Analysis.h"
#include "analyzer/cli/Commands.h"
#include "analyzer/gate/Rules.h"
#include "analyzer/model/Lint.h"
#include "analyzer/model/YamlTree.h"
#include "analyzer/symbols/BinarySites.h"
#include "analyzer/trace/Open.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

using namespace underlock;
using llvm::StringRef;
using Warnings = std::vector<model::Warning>;

static cli::Manual manual() {
  return {
      .Description =
          "Reads each model with all that it extends. Errors are printed with their place, as everywhere; then what is "
          "no error and hardly meant: events without a contract, phases that nothing uses, locks that are never given "
          "back, functions whose marks contradict each other, entries that cannot match or stand there already, lock "
          "classes that no lock can have, a rule without a reference. Only what stands in the file itself is judged, "
          "not what it extends.\n\n"
          "With --against, also the names that match nothing in a recording, in an object, or in a program: a "
          "mistyped function is found there, and a contract on a lock that is called otherwise.\n\n"
          "Without a model, lists those that are shipped.",
      .Examples = {{"Lists the shipped models", "underlock model", cli::Clean, "linux ...\nlinux-waits ...\nposix ...\nstd ..."},
                   {"Lints a model", "underlock model queue.yaml", cli::Clean,
                    "queue.yaml: 0 lock(s), 1 event(s), 0 phase(s), 1 contract(s) of its own; no warnings"},
                   {"Compares it with the program that was built with it",
                    "underlock model --against queue queue.yaml"},
                   {"Finds a contract on a lock that is spelled otherwise",
                    "underlock model --against queue.trace typo.yaml", cli::Findings, R"(...
.../typo.yaml:10:5: warning: contract drop-under-queue-lock requires queue.lokc, and no lock of that name was seen in this recording: is it spelled as `underlock show` spells it?
...
typo.yaml: 0 lock(s), 1 event(s), 0 phase(s), 1 contract(s) of its own; 1 warning(s))"},
                   {"Looks up a shipped model", "grep pthread_spin_trylock $(underlock model --print posix)"}},
      .Status = {{"0", "no warnings"},
                 {"1", "warnings"},
                 {"2", "a model cannot be read, or what --against names cannot be compared with it"}}};
}

namespace {

struct Options {
  std::vector<std::string> Models;
  std::string Against, Print;
};

} // namespace

static std::vector<std::string> shipped() {
  std::vector<std::string> Names;
  std::error_code Error;
  for (llvm::sys::fs::directory_iterator I(cli::findInstallation().Models, Error), End; I != End && !Error;
       I.increment(Error))
    if (StringRef(I->path()).ends_with(".yaml"))
      Names.push_back(llvm::sys::path::stem(I->path()).str());
  llvm::sort(Names);
  return Names;
}

static int list() {
  std::string Folder = cli::findInstallation().Models;
  std::vector<std::string> Names = shipped();
  if (Names.empty())
    return cli::unusable(Folder + ": no models here; is the installation complete?");
  int Status = cli::Clean;
  for (const std::string &Name : Names)
    if (std::optional<model::Model> M = model::load({Name}, Folder, llvm::errs()))
      llvm::outs() << llvm::formatv("{0,-12} {1}\n", Name, M->About);
    else
      Status = cli::Unusable;
  return Status;
}

static int print(const std::string &Name) {
  std::vector<std::string> Names = shipped();
  if (!llvm::is_contained(Names, Name))
    return cli::unusable("no shipped model is called '" + Name + "'" +
                         model::suggestion(Name, llvm::SmallVector<StringRef, 4>(Names.begin(), Names.end())));
  llvm::outs() << cli::findInstallation().Models << '/' << Name << ".yaml\n";
  return cli::Clean;
}

// What `check` says of contracts that a recording did not put to the test.
static bool compareRecording(const Options &O, const model::Model &M, StringRef File, Warnings &Out) {
  OpenOptions Open{O.Against, O.Models, {}, cli::findInstallation().Models, ""};
  std::unique_ptr<OpenTrace> Trace = openTrace(Open, llvm::errs());
  if (!Trace)
    return false;
  std::vector<std::unique_ptr<Analysis>> Analyses = makeAnalyses(Trace->R);
  llvm::erase_if(Analyses, [](const auto &A) { return A->contracts().empty(); });
  std::vector<Observer *> Observers;
  for (const auto &A : Analyses)
    Observers.push_back(A.get());
  if (!replay(Trace->From, Trace->R, Observers))
    return false;
  if (!Trace->From.instrumented()) {
    cli::unusable(O.Against + ": no instrumented code ran in this recording");
    return false;
  }
  model::Seen Seen{llvm::sys::path::filename(O.Against).str(), {}, std::nullopt, std::nullopt};
  for (const Site &S : Trace->R.Sites)
    Seen.Marks.insert(S.Mark);
  llvm::append_range(Out, unmatched(M, File, Seen));
  std::vector<Remark> Remarks;
  for (const auto &A : Analyses)
    A->remarks(Remarks);
  for (const model::Contract &C : M.Contracts)
    for (const Remark &R : Remarks)
      if (C.Where.File == File && StringRef(R.Text).starts_with("contract " + C.Id + " "))
        Out.push_back({C.Where, R.Text});
  return true;
}

static bool compareBinary(const Options &O, const model::Model &M, StringRef File, Warnings &Out) {
  std::optional<BinarySites> Binary = readBinarySites(O.Against, llvm::errs());
  if (!Binary)
    return false;
  if (Binary->Sites.empty()) {
    cli::unusable(O.Against + ": nothing is marked in it: it was not built with `underlock cc`, or has no lock in it");
    return false;
  }
  model::Seen Seen{llvm::sys::path::filename(O.Against).str(), {}, llvm::StringSet<>(), std::move(Binary->Functions)};
  for (const Site &S : Binary->Sites) {
    Seen.Marks.insert(S.Mark);
    if (!S.ClassName.empty())
      Seen.Classes->insert(S.ClassName);
  }
  Warnings Missing = unmatched(M, File, Seen);
  auto Differs = [Own = M.marksHash()](uint64_t Other) { return Other != Own; };
  if (!Missing.empty() && llvm::any_of(Binary->ModelHashes, Differs))
    llvm::errs() << "underlock: note: " << O.Against << " was built with other marks than those of the model " << M.Name
                 << ": with another model, or before a change\n";
  llvm::append_range(Out, Missing);
  return true;
}

static bool compare(const Options &O, const model::Model &M, StringRef File, Warnings &Out) {
  llvm::file_magic Magic;
  if (std::error_code Error = llvm::identify_magic(O.Against, Magic)) {
    cli::unusable(O.Against + ": " + Error.message());
    return false;
  }
  bool IsBinary = Magic != llvm::file_magic::unknown;
  return IsBinary ? compareBinary(O, M, File, Out) : compareRecording(O, M, File, Out);
}

// As errors are printed: file, line, column, the line and a caret.
static void print(const Warnings &All, const std::string &File) {
  llvm::SourceMgr Sources;
  auto Text = llvm::MemoryBuffer::getFile(File, /*IsText=*/true);
  if (!Text) // it was there a moment ago
    return;
  unsigned Buffer = Sources.AddNewSourceBuffer(std::move(*Text), llvm::SMLoc());
  for (const model::Warning &W : All)
    Sources.PrintMessage(llvm::outs(), Sources.FindLocForLineAndColumn(Buffer, W.Where.Line, W.Where.Column),
                         llvm::SourceMgr::DK_Warning, W.Text, {}, {}, llvm::outs().has_colors());
}

static int lint(const Options &O, const std::string &Name) {
  std::optional<model::Model> M = model::load({Name}, cli::findInstallation().Models, llvm::errs());
  if (!M)
    return cli::Unusable;
  if (!gate::checkRules(*M, llvm::errs()))
    return cli::Unusable;
  const std::string &File = M->Paths.back();
  Warnings All = model::lint(*M, File);
  if (!O.Against.empty() && !compare(O, *M, File, All))
    return cli::Unusable;
  llvm::sort(All, [](const model::Warning &A, const model::Warning &B) {
    return std::tie(A.Where.Line, A.Where.Column, A.Text) < std::tie(B.Where.Line, B.Where.Column, B.Text);
  });
  print(All, File);
  auto Own = [&](const auto &Entries) {
    return llvm::count_if(Entries, [&](auto &E) { return E.Where.File == File; });
  };
  llvm::outs() << llvm::formatv("{0}: {1} lock(s), {2} event(s), {3} phase(s), {4} contract(s) of its own; ", Name,
                                Own(M->Locks), Own(M->Events), Own(M->Phases), Own(M->Contracts));
  if (All.empty())
    llvm::outs() << "no warnings\n";
  else
    llvm::outs() << All.size() << " warning(s)\n";
  return All.empty() ? cli::Clean : cli::Findings;
}

void cli::addModel(CLI::App &App, int &Status) {
  auto O = std::make_shared<Options>();
  Command *Sub = addCommand(App, "model", "lint models, or list those that are shipped", manual());
  Sub->add_option("models", O->Models, "a shipped model or a model file")->type_name("MODEL");
  CLI::Option *Against = Sub->add_option("--against", O->Against,
                                         "a recording, an object or a program: say which names match nothing in it")
                             ->type_name("FILE");
  Sub->add_option("--print", O->Print, "print where a shipped model is")->type_name("MODEL")->excludes(Against);
  Sub->callback([O, Against, &Status] {
    if (!O->Print.empty()) {
      Status = print(O->Print);
    } else if (O->Models.empty()) {
      if (Against->count())
        throw CLI::RequiredError("models");
      Status = list();
    } else {
      for (const std::string &Name : O->Models)
        Status = std::max(Status, lint(*O, Name));
    }
  });
}
