// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What compile time cannot join, the run can: a lock that is taken through a pointer without a name (in another unit,
// out of a container, after a choice) has an address, and so has the expression that was handed over before,
// `&account->lock`. So wherever such an expression leaves our sight, a hook says what is at this address:
//   - as an argument of a call that is no mark of the model: `std::lock(a.m, b.m)`, `transfer(&from->lock, &to->lock)`
//   - into memory that is not followed: `job->lock = &queue->lock`
//   - as what a function returns, and into a choice: `cold ? &slow->lock : &fast->lock`
// Only for what debug information says is a lock; a guard or a variable that is followed to its use needs none.
//
// And locks in local variables: their memory is another variable's after the function's end, and most (a std::mutex, a
// static initialiser) are never destroyed. So their end is told on every way out. A variable of an inner block lives,
// for us, as long as its function: its own end is in the IR only when optimising.
#include "HandOver.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace underlock::plugin {
namespace {

class Finder {
public:
  Finder(const ModuleMarks &Marks, LockNames &Names, HandOvers &Out) : Marks(Marks), Names(Names), Out(Out) {}

  void look(Function &F) {
    for (Instruction &I : instructions(F)) {
      if (auto *Call = dyn_cast<CallBase>(&I))
        lookAtCall(*Call);
      else if (auto *Store = dyn_cast<StoreInst>(&I)) {
        if (!Names.isFollowed(*Store))
          consider(Store, Store->getValueOperand());
      } else if (auto *Return = dyn_cast<ReturnInst>(&I)) {
        if (Return->getReturnValue())
          consider(Return, Return->getReturnValue());
      } else if (auto *Phi = dyn_cast<PHINode>(&I)) {
        for (unsigned N = 0; N < Phi->getNumIncomingValues(); ++N)
          consider(Phi->getIncomingBlock(N)->getTerminator(), Phi->getIncomingValue(N));
      } else if (auto *Choice = dyn_cast<SelectInst>(&I)) {
        consider(Choice, Choice->getTrueValue());
        consider(Choice, Choice->getFalseValue());
      } else if (auto *Variable = dyn_cast<AllocaInst>(&I)) {
        lookAtVariable(*Variable);
      }
    }
  }

private:
  void lookAtCall(CallBase &Call) {
    const FunctionMarks *Called = Marks.ofCallee(Call);
    if (isa<IntrinsicInst>(Call) || Call.isInlineAsm() || (Called && (!Called->Locks.empty() || Called->SeeThrough)))
      return;
    for (const Use &Argument : Call.args())
      consider(&Call, Argument);
  }

  void consider(Instruction *Before, Value *V) {
    if (!V->getType()->isPointerTy() || isa<Argument>(V) || isa<ConstantPointerNull>(V) || isa<Function>(V) ||
        isa<UndefValue>(V))
      return;
    LockName Name = Names.name(V);
    if (Name.IsLock && !Name.ClassName.empty())
      Out.Names.push_back({Before, V, std::move(Name)});
  }

  void lookAtVariable(AllocaInst &Variable) {
    if (!Variable.isStaticAlloca() || Variable.isArrayAllocation())
      return;
    SmallVector<int64_t, 4> Offsets;
    Names.findLocks(Variable.getAllocatedType(), 0, Offsets);
    for (int64_t Offset : Offsets)
      Out.Deaths[Variable.getFunction()].push_back({&Variable, Offset, Names.name(&Variable)});
  }

  const ModuleMarks &Marks;
  LockNames &Names;
  HandOvers &Out;
};

} // namespace

HandOvers findHandOvers(Module &M, const ModuleMarks &Marks, LockNames &Names, Exclusions &Excluded) {
  HandOvers Out;
  Finder Look(Marks, Names, Out);
  for (Function &F : M) {
    const FunctionMarks *Own = Marks.of(&F);
    if (!F.isDeclaration() && !(Own && !Own->Locks.empty()) && Excluded.reason(F).empty())
      Look.look(F);
  }
  return Out;
}

} // namespace underlock::plugin
