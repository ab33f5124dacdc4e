// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// UnderlockPlugin: marks, in the code that Clang compiles, the places that a model speaks of.
//
// The idea. A model (analyzer/models/README.md) names functions: these acquire a lock, those release it, at the entry
// of this one something happens. The plugin finds their calls and entries in the module and puts hook calls
// (underlock/hooks.h) around them, each with a static record that says what and where it is, and which lock class the
// expression is. It runs first in the pipeline, at every -O level, once per translation unit and never at link: inline
// wrappers are still calls then, and addresses are still written as the source wrote them, member by member.
// The bodies of lock functions are left alone: a lock is marked where it is called, not where it is made.
//
//   Marks      which functions the model speaks of           LockNames  the class and expression of a lock
//   Exclusions functions that must not be touched, and why   TypeNames  structs and members out of debug information
//   Lift       locks brought to where they have a name       Own        inline functions kept from other units' copies
//   Plan       what gets hooks                               Hooks      IR emission
//   HandOver   where a lock with a name goes out of sight    Fields     where a title's text, or what is held, lies
//   HoldDuring what a function holds while it runs           Points     events, phases, ends of tasks
//   Tsan       what ThreadSanitizer is told, beside the hooks Summary   what was done, as a line of JSON
//
// Options, each behind -mllvm, with -fplugin=UnderlockPlugin.so -fpass-plugin=UnderlockPlugin.so:
//   -underlock-model=NAME        a shipped model or a path; repeatable
//   -underlock-models-dir=DIR    where shipped models are; default ../../share/underlock/models beside the plugin
//   -underlock-summary=FILE      append one line of JSON per translation unit
//   -underlock-model-hash=HEX    not read; on the command line so that build systems see that a model changed
// Statistics (-mllvm -stats, -print-stats): marks placed, places skipped.
// A model that cannot be read fails the compilation, with its own messages.
#include "HandOver.h"
#include "Hooks.h"
#include "Lift.h"
#include "Marks.h"
#include "Own.h"
#include "Plan.h"
#include "Summary.h"
#include "llvm/ADT/Statistic.h"
#include "llvm/IR/PassManager.h"
#include "llvm/Passes/PassBuilder.h"
#if __has_include("llvm/Plugins/PassPlugin.h")
#include "llvm/Plugins/PassPlugin.h"
#else
#include "llvm/Passes/PassPlugin.h"
#endif
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <algorithm>
#include <dlfcn.h>

#define DEBUG_TYPE "underlock"

using namespace llvm;
using namespace underlock;
using namespace underlock::plugin;

STATISTIC(NumPlaced, "Number of marks placed");
STATISTIC(NumLifted, "Number of calls inlined because they are handed a lock");
STATISTIC(NumOwn, "Number of inline functions and vtables that got an instrumented copy under a name of its own");
STATISTIC(NumSkipped, "Number of marked places left alone");

static cl::list<std::string> ModelNames("underlock-model", cl::desc("Underlock: a shipped model's name, or a path"),
                                        cl::value_desc("name"));
static cl::opt<std::string> ModelsDir("underlock-models-dir", cl::desc("Underlock: the folder of the shipped models"),
                                      cl::value_desc("dir"));
static cl::opt<std::string> SummaryFile("underlock-summary",
                                        cl::desc("Underlock: append a line of JSON per translation unit to this file"),
                                        cl::value_desc("file"));
static cl::opt<std::string> ModelHash("underlock-model-hash",
                                      cl::desc("Underlock: tells build systems that a model changed; not read"),
                                      cl::value_desc("hex"));

namespace {

std::string modelsDir() {
  if (!ModelsDir.empty())
    return ModelsDir;
  static char Anchor;
  Dl_info Self;
  if (!dladdr(&Anchor, &Self) || !Self.dli_fname)
    return "";
  SmallString<128> Path(Self.dli_fname);
  sys::fs::make_absolute(Path);
  sys::path::remove_filename(Path);
  sys::path::append(Path, "../../share/underlock/models");
  sys::path::remove_dots(Path, /*remove_dot_dot=*/true);
  return Path.str().str();
}

// As the trace names models: shipped ones by name, others by absolute path.
std::string modelText() {
  std::string Out;
  for (StringRef Name : ModelNames) {
    SmallString<128> Text(Name);
    if (Name.contains('/') || Name.ends_with(".yaml"))
      sys::fs::make_absolute(Text);
    Out += (Out.empty() ? "" : ":") + Text.str().str();
  }
  return Out;
}

class UnderlockPass : public PassInfoMixin<UnderlockPass> {
public:
  // A marked program must be marked at -O0 too, where every function asks not to be optimised.
  static bool isRequired() { return true; }

  PreservedAnalyses run(Module &M, ModuleAnalysisManager &) {
    // A module that comes as IR may have been here before.
    if (M.getNamedMetadata(Done))
      return PreservedAnalyses::all();
    std::optional<model::Model> Model = loadModel(M.getContext());
    if (!Model)
      return PreservedAnalyses::all();
    M.getOrInsertNamedMetadata(Done);
    mark(M, *Model);
    return PreservedAnalyses::none();
  }

private:
  static constexpr StringLiteral Done = "underlock.done";

  std::optional<model::Model> loadModel(LLVMContext &Context) {
    if (ModelNames.empty()) {
      Context.emitError("underlock: no model is given: add -mllvm -underlock-model=NAME");
      return std::nullopt;
    }
    std::optional<model::Model> Model = model::load(ModelNames, modelsDir(), errs());
    if (!Model)
      Context.emitError("underlock: the model cannot be used, so nothing was marked");
    return Model;
  }

  void mark(Module &M, const model::Model &Model) {
    MarkIndex Index(Model);
    ModuleMarks Marks(Index, M);
    Summary Told;
    Told.Source = M.getSourceFileName();
    Told.Model = modelText();
    Told.ModelHash = Model.marksHash();
    Told.Matched = Marks.names();
    std::vector<std::string> Known = Index.names();
    std::set_difference(Known.begin(), Known.end(), Told.Matched.begin(), Told.Matched.end(),
                        std::back_inserter(Told.Unmatched));
    if (!Marks.empty()) {
      Exclusions Excluded(M, Model);
      LockNames Names(M, Model, Marks);
      NumLifted += liftLocks(M, Marks, Names, Excluded);
      NumOwn += makeOwnCopies(M, Marks, Excluded, Told.ModelHash);
      Names.changed();
      TsanTeller Tsan(M);
      Tsan.catchAll(Marks);
      Plan P = makePlan(M, Marks, Excluded);
      Told.Skips = P.Skips;
      HandOvers Handed = findHandOvers(M, Marks, Names, Excluded);
      Tsan.hide(P.Inside, Marks); // before hooks, which may make other instructions of calls
      HookEmitter(M, Told.Model, Names, Tsan, Told).emit(P, Handed);
    }
    NumPlaced += Told.Placed.size();
    NumSkipped += Told.Skips.size();
    if (!SummaryFile.empty())
      if (Error E = Told.append(SummaryFile))
        M.getContext().emitError("underlock: cannot write the summary: " + toString(std::move(E)));
  }
};

} // namespace

extern "C" __attribute__((visibility("default"))) LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo llvmGetPassPluginInfo() {
  return {LLVM_PLUGIN_API_VERSION, "Underlock", LLVM_VERSION_STRING, [](PassBuilder &Builder) {
            Builder.registerPipelineStartEPCallback(
                [](ModulePassManager &Passes, OptimizationLevel) { Passes.addPass(UnderlockPass()); });
            // For `opt -passes=underlock`.
            Builder.registerPipelineParsingCallback(
                [](StringRef Name, ModulePassManager &Passes, ArrayRef<PassBuilder::PipelineElement>) {
                  if (Name != "underlock")
                    return false;
                  Passes.addPass(UnderlockPass());
                  return true;
                });
          }};
}
