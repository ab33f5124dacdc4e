// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which functions the model speaks of, and where they are in a module. Matching is by linkage name; an alias of a
// marked function is that function, and a marked alias marks the function behind it.
#include "Marks.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

using namespace llvm;

namespace underlock::plugin {

MarkIndex::MarkIndex(const model::Model &M) {
  for (const model::Lock &L : M.Locks)
    for (const model::LockMark &Mark : L.Marks)
      (Mark.During ? at(Mark.Function).Holds : at(Mark.Function).Locks).emplace_back(&L, &Mark);
  for (const model::SeeThrough &S : M.SeeThroughs)
    at(S.Function).SeeThrough = S.Argument;
  for (const model::Free &F : M.Frees)
    at(F.Function).Frees = &F;
  // Phases before events: where both are at one entry, the event is inside the phase.
  for (const model::Phase &P : M.Phases) {
    if (!P.FromStart)
      addPoint(P.Begin, {nullptr, &P, false, &P.Begin});
    addPoint(P.End, {nullptr, &P, true, &P.End});
    for (const auto &[Begin, End] : P.Also) {
      addPoint(Begin, {nullptr, &P, false, &Begin});
      addPoint(End, {nullptr, &P, true, &End});
    }
  }
  // … and delegations before those too: an event in a worker's entry is done for the waiter.
  for (bool OfDelegations : {true, false})
    for (const model::Event &E : M.Events)
      if ((E.Is != model::Part::None) == OfDelegations)
        addPoint(E.At, {&E, nullptr, false, &E.At});
  // … and the end of all last.
  for (const model::TaskEnd &E : M.TaskEnds)
    addPoint(E.At, {nullptr, nullptr, false, &E.At});
}

FunctionMarks &MarkIndex::at(StringRef Function) {
  auto It = Functions.try_emplace(Function).first;
  It->second.Name = It->first();
  return It->second;
}

void MarkIndex::addPoint(const model::Point &At, PointMark Mark) {
  FunctionMarks &F = at(At.Function);
  switch (At.At) {
  case model::Point::Kind::Entry:
    F.Entries.push_back(Mark);
    break;
  case model::Point::Kind::Exit:
    F.Exits.push_back(Mark);
    break;
  case model::Point::Kind::BeforeCall:
  case model::Point::Kind::AfterCall:
    F.Calls.push_back(Mark);
    break;
  }
}

const FunctionMarks *MarkIndex::find(StringRef LinkageName) const {
  auto It = Functions.find(LinkageName);
  return It == Functions.end() ? nullptr : &It->second;
}

std::vector<std::string> MarkIndex::names() const {
  std::vector<std::string> Out;
  for (const auto &Entry : Functions)
    Out.push_back(Entry.first().str());
  llvm::sort(Out);
  return Out;
}

ModuleMarks::ModuleMarks(const MarkIndex &Index, const Module &M) {
  for (const Function &F : M)
    if (const FunctionMarks *Marks = Index.find(linkageName(F)))
      Known[&F] = Marks;
  for (const GlobalAlias &A : M.aliases())
    if (const FunctionMarks *Marks = Index.find(linkageName(A))) {
      Known[&A] = Marks;
      if (auto *Behind = dyn_cast_or_null<Function>(A.getAliaseeObject()))
        Known.try_emplace(Behind, Marks);
    }
}

const FunctionMarks *ModuleMarks::ofCallee(const CallBase &Call) const {
  const Value *Callee = Call.getCalledOperand()->stripPointerCasts();
  if (const auto *Named = dyn_cast<GlobalValue>(Callee))
    if (const FunctionMarks *Marks = Known.lookup(Named))
      return Marks;
  const auto *Behind = dyn_cast<GlobalValue>(Callee->stripPointerCastsAndAliases());
  return Behind ? Known.lookup(Behind) : nullptr;
}

std::vector<std::string> ModuleMarks::names() const {
  std::set<std::string> Sorted;
  for (const auto &[Function, Marks] : Known)
    if (!Function->isDeclaration() || !Function->use_empty())
      Sorted.insert(Marks->Name.str());
  return {Sorted.begin(), Sorted.end()};
}

} // namespace underlock::plugin
