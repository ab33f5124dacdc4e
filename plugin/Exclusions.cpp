// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions that are left alone, each for one of these reasons:
//   noinstr               code in a section where the kernel allows no calls out, and naked functions
//   inlined into noinstr  always_inline functions that such code calls, however indirectly: they have one body for all
//                         callers, and its hooks would travel. A plain inline function may be a call at any time, so
//                         such code calls it only where it has said that calls out are fine: it keeps its hooks
//   runtime               functions of Underlock itself
//   available externally  a copy of a definition that another object owns and marks
//   ignored by the model  by file or by function
#include "Exclusions.h"
#include "Marks.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace underlock::plugin {

static bool isNoinstr(const Function &F) {
  StringRef Section = F.getSection();
  return F.hasFnAttribute(Attribute::Naked) || Section.starts_with(".noinstr.text") ||
         Section.starts_with(".entry.text") || Section.starts_with(".cpuidle.text");
}

Exclusions::Exclusions(const Module &M, const model::Model &Model) : M(M), Model(Model) {
  for (const model::Ignore &I : Model.Ignores)
    if (!I.File.empty()) // that it is a pattern was seen to when the model was loaded
      IgnoredFiles.push_back(cantFail(GlobPattern::create(I.File)));
}

StringRef Exclusions::reason(const Function &F) {
  auto [It, New] = Reasons.try_emplace(&F, StringRef());
  if (New)
    It->second = findReason(F);
  return It->second;
}

StringRef Exclusions::findReason(const Function &F) {
  StringRef Name = linkageName(F);
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

bool Exclusions::isIgnoredFile(const Function &F) {
  if (IgnoredFiles.empty())
    return false;
  const DISubprogram *Program = F.getSubprogram();
  SmallString<128> Path(M.getSourceFileName());
  if (const DIFile *File = Program ? Program->getFile() : nullptr) {
    Path = sys::path::is_absolute(File->getFilename()) ? StringRef() : File->getDirectory();
    sys::path::append(Path, File->getFilename());
  }
  auto [It, New] = FileVerdicts.try_emplace(Path, false);
  if (New)
    It->second = any_of(IgnoredFiles, [&](const GlobPattern &Glob) { return matchesSuffix(Glob, Path); });
  return It->second;
}

bool Exclusions::inlinedIntoNoinstr(const Function &F) {
  if (!NoinstrKnown) {
    NoinstrKnown = true;
    for (const Function &Root : M)
      if (!Root.isDeclaration() && isNoinstr(Root))
        collectInlined(Root);
  }
  return Inlined.contains(&F);
}

void Exclusions::collectInlined(const Function &Root) {
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

} // namespace underlock::plugin
