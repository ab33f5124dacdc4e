// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// References that a function has while it runs (`hold-during`): held behind its entry, dropped on every way out. Where
// what is held lies in a struct, it is read once, at the entry: what is dropped is what was held.
#include "Fields.h"
#include "Hooks.h"

using namespace llvm;

namespace underlock::plugin {

// Reads the field, or 0 where there is no struct: the function itself may have a test for that.
static Value *loadField(IRBuilder<> &B, Value *Struct, const NumberField &Field) {
  Module &M = *B.GetInsertBlock()->getModule();
  Type *Type = Field.IsPointer ? static_cast<llvm::Type *>(B.getPtrTy()) : B.getIntNTy(Field.Bits);
  auto *Nothing = new GlobalVariable(M, Type, true, GlobalValue::PrivateLinkage, Constant::getNullValue(Type),
                                     "__underlock.nothing");
  Value *At = B.CreateConstGEP1_64(B.getInt8Ty(), Struct, Field.Offset);
  LoadInst *Load = B.CreateLoad(Type, B.CreateSelect(B.CreateIsNull(Struct), Nothing, At));
  Load->setNoSanitizeMetadata(); // ours, not the program's
  return Load;
}

// What a mark means, as an address; null, and said, where it cannot be had.
Value *HookEmitter::heldObject(IRBuilder<> &B, const model::LockMark &Mark, ArrayRef<Value *> Arguments,
                               const Function &In) {
  Value *V = Mark.Lock < Arguments.size() ? Arguments[Mark.Lock] : nullptr;
  std::string Problem;
  if (!V)
    Problem = "does not exist";
  else if (!V->getType()->isPointerTy() && (!V->getType()->isIntegerTy() || !Mark.Field.empty()))
    Problem = Mark.Field.empty() ? "is no pointer or number" : "is no pointer";
  else if (!Mark.Field.empty() && !In.getSubprogram())
    Problem = "has no fields that are known: compile with -g";
  else if (!Mark.Field.empty()) {
    if (auto Field = findNumberField(*In.getSubprogram(), Mark.Lock, Mark.Field))
      V = loadField(B, V, *Field);
    else
      Problem = "has no field " + Mark.Field + " that is a pointer or a number";
  }
  if (!Problem.empty()) {
    warn(In, "argument " + Twine(Mark.Lock) + " of " + Mark.Function +
                 ", which the model says is held while it runs, " + Problem + ": not marked");
    Told.Skips.push_back(skipped(In, nullptr, Mark.Function, "nothing to hold"));
    return nullptr;
  }
  return V->getType()->isIntegerTy() ? B.CreateIntToPtr(V, B.getPtrTy())
                                     : B.CreatePointerBitCastOrAddrSpaceCast(V, B.getPtrTy());
}

HookEmitter::HeldInside HookEmitter::emitHolds(IRBuilder<> &B, const PlannedFunction &F, ArrayRef<Value *> Arguments) {
  HeldInside Out;
  for (const auto &[Lock, Mark] : F.Marks->Holds) {
    Value *Object = heldObject(B, *Mark, Arguments, *F.Function);
    if (!Object)
      continue;
    Constant *Record = record({UNDERLOCK_VERB_TRY, UNDERLOCK_MODE_SHARED, Lock->Id, "", {}, F.Function, DebugLoc()});
    Value *Place = call(B, "__underlock_v1_try", B.getInt32Ty(), {Record, Object});
    call(B, "__underlock_v1_acquired", B.getVoidTy(), {Record, Object, Place});
    Out.push_back({Lock, Object});
  }
  return Out;
}

void HookEmitter::emitDrops(IRBuilder<> &B, const PlannedFunction &F, const HeldInside &Held, DebugLoc Where) {
  for (const auto &[Lock, Object] : reverse(Held))
    call(B, "__underlock_v1_release", B.getVoidTy(),
         {record({UNDERLOCK_VERB_RELEASE, UNDERLOCK_MODE_ANY, Lock->Id, "", {}, F.Function, Where}), Object});
}

} // namespace underlock::plugin
