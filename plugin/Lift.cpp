// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A wrapper is handed its lock by its caller: `lock_guard<mutex>::lock_guard(mutex &)`, `mutex::lock()`, a kernel's
// `static inline void take(struct mutex *)`. Inside it the lock has no name, and all locks that come through it would
// be one. So its calls are inlined here, callees first, until the lock is written as somebody's member, variable or
// global: what an optimiser does later anyway, done at every level, and only for functions that are handed a lock.
// Debug information keeps the frames.
//
// Large functions and recursive ones are not inlined: their locks are named in the run, by where they were initialised.
#include "Lift.h"
#include "llvm/ADT/SCCIterator.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Analysis/CallGraph.h"
#include "llvm/Analysis/InlineCost.h"
#include "llvm/IR/Attributes.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;

namespace underlock::plugin {
namespace {

// What is handed a lock is small. The standard library's timed waits, all of them inline, are the largest.
constexpr unsigned MaxWrapper = 500, MaxQuiet = 50;

class Lifter {
public:
  Lifter(Module &M, ModuleMarks &Marks, LockNames &Names, Exclusions &Excluded)
      : M(M), Marks(Marks), Names(Names), Excluded(Excluded) {}

  unsigned run() {
    for (Function *F : calleesFirst()) {
      if (!Excluded.reason(*F).empty())
        continue;
      inlineWrappers(*F);
      if (!mayBeInlined(*F))
        continue;
      if (isHandedALock(*F))
        Wrappers.insert(F);
      else if (isQuiet(*F))
        Quiet.insert(F);
    }
    dropUnused();
    return Lifted;
  }

private:
  // All definitions, but for those that call themselves in a circle: none of these is inlined.
  std::vector<Function *> calleesFirst() {
    std::vector<Function *> Out;
    CallGraph Graph(M);
    for (auto I = scc_begin(&Graph); !I.isAtEnd(); ++I)
      for (CallGraphNode *Node : *I)
        if (Function *F = Node->getFunction(); F && !F->isDeclaration()) {
          Out.push_back(F);
          if (I.hasCycle())
            Recursive.insert(F);
        }
    return Out;
  }

  static Function *calleeOf(const CallBase &Call) {
    return dyn_cast<Function>(Call.getCalledOperand()->stripPointerCastsAndAliases());
  }

  bool canInline(CallBase &Call, const SmallPtrSetImpl<Function *> &Set) const {
    Function *Callee = calleeOf(Call);
    return Callee && Set.contains(Callee) && AttributeFuncs::areInlineCompatible(*Call.getFunction(), *Callee);
  }

  // The calls that come in with the body are left in `Info`.
  bool inlineCall(CallBase &Call, InlineFunctionInfo &Info) {
    Call.setCalledOperand(calleeOf(Call)); // through an alias it would not be inlined
    return InlineFunction(Call, Info).isSuccess();
  }

  void inlineWrappers(Function &F) {
    SmallVector<CallBase *, 8> Calls;
    SmallPtrSet<const AllocaInst *, 4> Guards;
    for (Instruction &I : instructions(F))
      if (auto *Call = dyn_cast<CallBase>(&I); Call && canInline(*Call, Wrappers)) {
        Calls.push_back(Call);
        for (const Value *Argument : Call->args())
          if (const AllocaInst *Object = Names.objectOf(Argument))
            Guards.insert(Object);
      }
    if (Calls.empty())
      return;
    inlineMakers(F, Guards);
    for (CallBase *Call : Calls) {
      InlineFunctionInfo Info;
      Lifted += inlineCall(*Call, Info);
    }
    Names.changed();
  }

  // What else is done to a guard, such as making it without locking yet: `unique_lock(m, defer_lock)`.
  void inlineMakers(Function &F, const SmallPtrSetImpl<const AllocaInst *> &Guards) {
    SmallVector<CallBase *, 8> Work;
    for (Instruction &I : instructions(F))
      if (auto *Call = dyn_cast<CallBase>(&I);
          Call && canInline(*Call, Quiet) && any_of(Call->args(), [&](const Use &A) {
            const AllocaInst *Object = Names.objectOf(A);
            return Object && Guards.contains(Object);
          }))
        Work.push_back(Call);
    while (!Work.empty()) {
      InlineFunctionInfo Info;
      if (!inlineCall(*Work.pop_back_val(), Info))
        continue;
      for (CallBase *Inner : Info.InlinedCallSites)
        if (canInline(*Inner, Quiet))
          Work.push_back(Inner);
    }
  }

  // Small, and calls nothing that is not.
  bool isQuiet(Function &F) const {
    return F.getInstructionCount() <= MaxQuiet && !Marks.of(&F) && all_of(instructions(F), [&](const Instruction &I) {
             const auto *Call = dyn_cast<CallBase>(&I);
             return !Call || isa<IntrinsicInst>(Call) || Quiet.contains(calleeOf(*Call));
           });
  }

  bool mayBeInlined(Function &F) const {
    bool Inline = F.hasLinkOnceLinkage() || F.hasWeakODRLinkage();
    if (!F.hasLocalLinkage() && !(Inline && !F.isInterposable()))
      return false;
    const FunctionMarks *Own = Marks.of(&F);
    if (Own && (!Own->Locks.empty() || Own->marksBody()))
      return false;
    return !Recursive.contains(&F) && !F.isVarArg() && F.getInstructionCount() <= MaxWrapper &&
           isInlineViable(F).isSuccess();
  }

  bool isHandedALock(Function &F) {
    bool HandedIn = false;
    for (Instruction &I : instructions(F)) {
      auto *Call = dyn_cast<CallBase>(&I);
      const FunctionMarks *Called = Call ? Marks.ofCallee(*Call) : nullptr;
      if (!Called)
        continue;
      // An event that only counts inside this function would not be inside it any more.
      for (const PointMark &P : Called->Calls)
        if (P.At->In == linkageName(F))
          return false;
      for (const auto &[Lock, Mark] : Called->Locks)
        if (Mark->Lock < Call->arg_size() && Call->getArgOperand(Mark->Lock)->getType()->isPointerTy())
          HandedIn |= Names.isHandedIn(Call->getArgOperand(Mark->Lock));
    }
    return HandedIn;
  }

  // The next function to be made may get its address, so nobody may go on to know it by that.
  void erase(Function &F) {
    Wrappers.erase(&F);
    Excluded.forget(F);
    Marks.forget(F);
    Names.changed();
    F.eraseFromParent();
  }

  // A wrapper that nobody calls any more would stand in the summary with locks that have no name.
  void dropUnused() {
    for (bool Again = true; Again;) {
      Again = false;
      for (Function &F : make_early_inc_range(M))
        if (Wrappers.contains(&F) && F.use_empty() && F.isDiscardableIfUnused()) {
          erase(F);
          Again = true;
        }
    }
  }

  Module &M;
  ModuleMarks &Marks;
  LockNames &Names;
  Exclusions &Excluded;
  SmallPtrSet<Function *, 16> Recursive;
  SmallPtrSet<Function *, 16> Wrappers, Quiet;
  unsigned Lifted = 0;
};

} // namespace

unsigned liftLocks(Module &M, ModuleMarks &Marks, LockNames &Names, Exclusions &Excluded) {
  return Lifter(M, Marks, Names, Excluded).run();
}

} // namespace underlock::plugin
