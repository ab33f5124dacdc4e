// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What gets hooks and what must not. Left alone, each with its reason in the summary, are:
//   noinstr               code in a section where the kernel allows no calls out, and naked functions
//   inlined into noinstr  always_inline functions that such code calls, however indirectly: they have one body for all
//                         callers, and its hooks would travel. A plain inline function may be a call at any time, so
//                         such code calls it only where it has said that calls out are fine: it keeps its hooks
//   runtime               functions of Underlock itself
//   available externally  a copy of a definition that another object owns and marks
//   ignored by the model  by file or by function
//   lock function         the lock marks inside the body of a function that is a lock mark itself: that body is how the
//                         lock is made, and is marked where it is called
//   musttail, callbr      nothing can stand behind such a call
#include "Plan.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/GlobPattern.h"

using namespace llvm;

namespace underlock::plugin {
namespace {

bool isNoinstr(const Function &F) {
  StringRef Section = F.getSection();
  return F.hasFnAttribute(Attribute::Naked) || Section.starts_with(".noinstr.text") ||
         Section.starts_with(".entry.text") || Section.starts_with(".cpuidle.text");
}

class Planner {
public:
  Planner(Module &M, const ModuleMarks &Marks, const model::Model &Model) : M(M), Marks(Marks), Model(Model) {
    for (const model::Ignore &I : Model.Ignores)
      if (!I.File.empty()) // that it is a pattern was seen to when the model was loaded
        IgnoredFiles.push_back(cantFail(GlobPattern::create(I.File)));
  }

  Plan make() {
    for (Function &F : M)
      if (!F.isDeclaration())
        planFunction(F);
    return std::move(Out);
  }

private:
  void planFunction(Function &F) {
    const FunctionMarks *Own = Marks.of(&F);
    if (Own && !(Own->Entries.empty() && Own->Exits.empty()) && !skip(F, nullptr))
      Out.Functions.push_back({&F, Own});
    for (Instruction &I : instructions(F))
      if (auto *Call = dyn_cast<CallBase>(&I))
        if (const FunctionMarks *Called = Marks.ofCallee(*Call))
          planCall(F, *Call, *Called, Own);
  }

  void planCall(Function &F, CallBase &Call, const FunctionMarks &Called, const FunctionMarks *Own) {
    StringRef Name = GlobalValue::dropLLVMManglingEscape(F.getName());
    bool LockMarks = !Called.Locks.empty();
    bool Points =
        any_of(Called.Calls, [&](const PointMark &P) { return P.At->In.empty() || P.At->In == Name; });
    if ((!LockMarks && !Points) || skip(F, &Call))
      return;
    if (LockMarks && Own && !Own->Locks.empty()) {
      note(F, &Call, "lock function");
      LockMarks = false;
      if (!Points)
        return;
    }
    auto *Plain = dyn_cast<CallInst>(&Call);
    if (Plain && Plain->isMustTailCall())
      return note(F, &Call, "musttail");
    if (isa<CallBrInst>(Call))
      return note(F, &Call, "callbr");
    Out.Calls.push_back({&Call, &Called, LockMarks});
  }

  // Says whether nothing may be marked in F, and notes it for this place.
  bool skip(Function &F, CallBase *Call) {
    auto [It, New] = Reasons.try_emplace(&F, StringRef());
    if (New)
      It->second = reasonToSkip(F);
    if (!It->second.empty())
      note(F, Call, It->second);
    return !It->second.empty();
  }

  StringRef reasonToSkip(const Function &F) {
    StringRef Name = GlobalValue::dropLLVMManglingEscape(F.getName());
    if (isNoinstr(F))
      return "noinstr";
    if (Name.starts_with("__underlock_") || Name.starts_with("underlock_"))
      return "runtime";
    if (F.hasAvailableExternallyLinkage())
      return "available externally";
    if (inlinedIntoNoinstr(F))
      return "inlined into noinstr";
    if (any_of(Model.Ignores, [&](const model::Ignore &I) { return !I.Function.empty() && I.Function == Name; }) ||
        isIgnoredFile(F))
      return "ignored by the model";
    return "";
  }

  bool isIgnoredFile(const Function &F) {
    if (IgnoredFiles.empty())
      return false;
    const DISubprogram *Program = F.getSubprogram();
    SmallString<128> Path(M.getSourceFileName());
    if (const DIFile *File = Program ? Program->getFile() : nullptr) {
      Path = File->getFilename();
      sys::fs::make_absolute(File->getDirectory(), Path);
    }
    auto [It, New] = FileVerdicts.try_emplace(Path, false);
    if (New)
      It->second = any_of(IgnoredFiles, [&](const GlobPattern &Glob) { return matchesSuffix(Glob, Path); });
    return It->second;
  }

  static bool matchesSuffix(const GlobPattern &Glob, StringRef Path) {
    while (true) {
      if (Glob.match(Path))
        return true;
      size_t Slash = Path.find('/');
      if (Slash == StringRef::npos)
        return false;
      Path = Path.drop_front(Slash + 1);
    }
  }

  bool inlinedIntoNoinstr(const Function &F) {
    if (!NoinstrKnown) {
      NoinstrKnown = true;
      for (const Function &Root : M)
        if (!Root.isDeclaration() && isNoinstr(Root))
          collectInlined(Root);
    }
    return Inlined.contains(&F);
  }

  void collectInlined(const Function &Root) {
    SmallVector<const Function *, 16> Work{&Root};
    while (!Work.empty())
      for (const Instruction &I : instructions(*Work.pop_back_val())) {
        const auto *Call = dyn_cast<CallBase>(&I);
        const Function *Callee =
            Call ? dyn_cast<Function>(Call->getCalledOperand()->stripPointerCastsAndAliases()) : nullptr;
        if (!Callee || Callee->isDeclaration())
          continue;
        if (Callee->hasFnAttribute(Attribute::AlwaysInline) && Inlined.insert(Callee).second)
          Work.push_back(Callee);
      }
  }

  void note(const Function &F, const CallBase *Call, StringRef Reason) {
    const FunctionMarks *Called = Call ? Marks.ofCallee(*Call) : nullptr;
    unsigned Line = Call && Call->getDebugLoc() ? Call->getDebugLoc().getLine() : 0;
    Out.Skips.push_back({GlobalValue::dropLLVMManglingEscape(F.getName()).str(), Called ? Called->Name.str() : "", Line,
                         Reason});
  }

  Module &M;
  const ModuleMarks &Marks;
  const model::Model &Model;
  Plan Out;
  std::vector<GlobPattern> IgnoredFiles;
  DenseMap<const Function *, StringRef> Reasons;
  StringMap<bool> FileVerdicts;
  SmallPtrSet<const Function *, 16> Inlined;
  bool NoinstrKnown = false;
};

} // namespace

Plan makePlan(Module &M, const ModuleMarks &Marks, const model::Model &Model) {
  return Planner(M, Marks, Model).make();
}

} // namespace underlock::plugin
