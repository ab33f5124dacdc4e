// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What gets hooks and what must not. Left alone are functions of Exclusions.cpp, and
//   lock function         the lock marks inside the body of a function that is a lock mark itself: that body is how the
//                         lock is made, and is marked where it is called
//   musttail, callbr      nothing can stand behind such a call
// each with its reason in the summary.
#include "Plan.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"

using namespace llvm;

namespace underlock::plugin {
namespace {

class Planner {
public:
  Planner(Module &M, const ModuleMarks &Marks, Exclusions &Excluded) : M(M), Marks(Marks), Excluded(Excluded) {}

  Plan make() {
    for (Function &F : M)
      if (!F.isDeclaration())
        planFunction(F);
    return std::move(Out);
  }

private:
  void planFunction(Function &F) {
    const FunctionMarks *Own = Marks.of(&F);
    if (Own && Own->marksBody() && !skip(F, nullptr))
      Out.Functions.push_back({&F, Own});
    for (Instruction &I : instructions(F))
      if (auto *Call = dyn_cast<CallBase>(&I))
        if (const FunctionMarks *Called = Marks.ofCallee(*Call))
          planCall(F, *Call, *Called, Own);
  }

  void planCall(Function &F, CallBase &Call, const FunctionMarks &Called, const FunctionMarks *Own) {
    StringRef Name = linkageName(F);
    bool LockMarks = Called.marks(true), WaitMarks = Called.marks(false);
    bool Points = any_of(Called.Calls, [&](const PointMark &P) { return P.At->In.empty() || P.At->In == Name; });
    if ((!LockMarks && !WaitMarks && !Points && !Called.Frees) || skip(F, &Call))
      return;
    if (LockMarks && Own && Own->marks(true)) {
      note(F, &Call, "lock function");
      Out.Inside.push_back(&Call);
      LockMarks = false;
    }
    if (WaitMarks && Own && isHow(*Own, Called)) {
      note(F, &Call, "lock function");
      WaitMarks = false;
    }
    if (!LockMarks && !WaitMarks && !Points && !Called.Frees)
      return;
    auto *Plain = dyn_cast<CallInst>(&Call);
    if (Plain && Plain->isMustTailCall())
      return note(F, &Call, "musttail");
    if (isa<CallBrInst>(Call))
      return note(F, &Call, "callbr");
    Out.Calls.push_back({&Call, &Called, LockMarks, WaitMarks});
  }

  // In the body of a function that locks or waits, other waits are how it does that. Not so where it waits for one kind
  // of reference after the other: each of them is waited for.
  static bool isHow(const FunctionMarks &Own, const FunctionMarks &Called) {
    auto IsReference = [](const auto &L) { return L.first->Kind == model::LockKind::Reference; };
    auto IsOwn = [&](const auto &L) { return any_of(Own.Locks, [&](const auto &O) { return O.first == L.first; }); };
    return !Own.Locks.empty() &&
           !(all_of(Own.Locks, IsReference) && all_of(Called.Locks, IsReference) && none_of(Called.Locks, IsOwn));
  }

  // Says whether nothing may be marked in F, and notes it for this place.
  bool skip(Function &F, CallBase *Call) {
    StringRef Reason = Excluded.reason(F);
    if (!Reason.empty())
      note(F, Call, Reason);
    return !Reason.empty();
  }

  void note(const Function &F, const CallBase *Call, StringRef Reason) {
    const FunctionMarks *Called = Call ? Marks.ofCallee(*Call) : nullptr;
    Out.Skips.push_back(skipped(F, Call, Called ? Called->Name : "", Reason));
  }

  Module &M;
  const ModuleMarks &Marks;
  Exclusions &Excluded;
  Plan Out;
};

} // namespace

Skipped skipped(const Function &In, const CallBase *Call, StringRef Callee, StringRef Reason) {
  return {demangle(linkageName(In)), Callee.str(), Call && Call->getDebugLoc() ? Call->getDebugLoc().getLine() : 0,
          Reason};
}

Plan makePlan(Module &M, const ModuleMarks &Marks, Exclusions &Excluded) { return Planner(M, Marks, Excluded).make(); }

} // namespace underlock::plugin
