// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Points of the model: an event, the begin or the end of a phase, or the end of a task, at the entry or the exits of a
// function, before or after a call. Where such a hook goes among others is told in Hooks.cpp.
#include "Fields.h"
#include "Hooks.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/EscapeEnumerator.h"

using namespace llvm;

namespace underlock::plugin {

void HookEmitter::emitPoints(const PlannedCall &C, bool After) {
  CallBase &Call = *C.Call;
  StringRef Name = linkageName(*Call.getFunction());
  for (const PointMark &P : C.Marks->Calls) {
    if ((P.At->At == model::Point::Kind::AfterCall) != After || !(P.At->In.empty() || P.At->In == Name))
      continue;
    IRBuilder<> B(After ? afterCall(Call) : &Call);
    B.SetCurrentDebugLocation(placeIn(*Call.getFunction(), Call.getDebugLoc(), false));
    unsigned First = Call.hasStructRetAttr();
    SmallVector<Value *, 8> Arguments(Call.arg_begin() + First, Call.arg_end());
    bool Tested = After && P.Event && P.Event->If != model::Success::Always;
    if (Tested && !Call.getType()->isIntegerTy() && !Call.getType()->isPointerTy()) {
      warn(*Call.getFunction(), "event " + P.Event->Id + ": what " + C.Marks->Name +
                                    " returns is no pointer or number" + "; taken as always successful");
    } else if (Tested) {
      Value *Got = success(B, Call, P.Event->If, P.Event->Returns, C.Marks->Name);
      Instruction *Then = SplitBlockAndInsertIfThen(Got, afterCall(Call), false);
      Then->setDebugLoc(B.getCurrentDebugLocation());
      B.SetInsertPoint(Then);
      B.SetCurrentDebugLocation(Then->getDebugLoc());
    }
    emitPoint(B, P, Call.getFunction(), C.Marks->Name, Call.getDebugLoc(), Arguments, After ? &Call : nullptr);
  }
}

HookEmitter::HeldInside HookEmitter::emitEntry(const PlannedFunction &F) {
  BasicBlock &Entry = F.Function->getEntryBlock();
  IRBuilder<> B(&*Entry.getFirstNonPHIOrDbgOrAlloca());
  B.SetCurrentDebugLocation(placeIn(*F.Function, DebugLoc(), true));
  SmallVector<Value *, 8> Arguments;
  for (Argument &A : F.Function->args())
    if (!A.hasStructRetAttr())
      Arguments.push_back(&A);
  HeldInside Held = emitHolds(B, F, Arguments);
  for (const PointMark &P : F.Marks->Entries)
    emitPoint(B, P, F.Function, "", DebugLoc(), Arguments);
  return Held;
}

void HookEmitter::emitExits(const PlannedFunction &F, const HeldInside &Held) {
  if (F.Marks->Exits.empty() && Held.empty())
    return;
  EscapeEnumerator Exits(*F.Function, "underlock.unwind");
  while (IRBuilder<> *B = Exits.Next()) {
    DebugLoc Here = placeAtExit(*B);
    B->SetCurrentDebugLocation(placeIn(*F.Function, Here, false));
    for (const PointMark &P : F.Marks->Exits)
      emitPoint(*B, P, F.Function, "", Here, {});
    emitDrops(*B, F, Held, Here);
  }
}

void HookEmitter::emitPoint(IRBuilder<> &B, const PointMark &P, Function *In, StringRef Callee, DebugLoc Where,
                            ArrayRef<Value *> Arguments, Value *Returned) {
  if (!P.Event && !P.Phase)
    return void(call(B, "__underlock_v1_end", B.getVoidTy(), {}));
  underlock_verb Verb = P.Event   ? UNDERLOCK_VERB_EVENT
                        : P.IsEnd ? UNDERLOCK_VERB_PHASE_END
                                  : UNDERLOCK_VERB_PHASE_BEGIN;
  Constant *Record =
      record({Verb, UNDERLOCK_MODE_EXCLUSIVE, P.Event ? P.Event->Id : P.Phase->Id, Callee.str(), {}, In, Where});
  if (P.Phase && !P.IsEnd && !P.Phase->Title.empty()) {
    SmallVector<Value *, 4> Passed{Record, B.getInt32(P.Phase->Title.size())};
    for (const model::TitlePart &Part : P.Phase->Title)
      Passed.push_back(titlePart(B, *P.Phase, Part, Arguments, *In));
    Passed.resize(2 + UNDERLOCK_TITLE_PARTS, ConstantPointerNull::get(B.getPtrTy()));
    call(B, "__underlock_v1_phase_titled", B.getVoidTy(), Passed);
    return;
  }
  if (P.Phase) {
    call(B, P.IsEnd ? "__underlock_v1_phase_end" : "__underlock_v1_phase_begin", B.getVoidTy(), {Record});
    return;
  }
  emitEvent(B, *P.Event, Record, In, Arguments, Returned);
}

void HookEmitter::emitEvent(IRBuilder<> &B, const model::Event &E, Constant *Record, Function *In,
                            ArrayRef<Value *> Arguments, Value *Returned) {
  SmallVector<Value *, 2 + UNDERLOCK_OBJECTS> Passed{Record, B.getInt32(E.Objects.size())};
  for (unsigned Number : E.Objects)
    Passed.push_back(object(B, E, Number, Arguments, Returned, *In));
  Passed.resize(2 + UNDERLOCK_OBJECTS, B.getInt64(0));
  call(B, "__underlock_v1_event", B.getVoidTy(), Passed);
}

Value *HookEmitter::object(IRBuilder<> &B, const model::Event &E, unsigned Number, ArrayRef<Value *> Arguments,
                           Value *Returned, const Function &In) {
  if (Number == model::Event::Absent)
    return B.getInt64(0);
  bool FromCall = Number == model::Event::Returned;
  Value *V = FromCall ? Returned : Number < Arguments.size() ? Arguments[Number] : nullptr;
  if (V && V->getType()->isPointerTy())
    return B.CreatePtrToInt(V, B.getInt64Ty());
  if (V && V->getType()->isIntegerTy())
    return B.CreateZExtOrTrunc(V, B.getInt64Ty());
  std::string Which = FromCall ? "what is returned" : "argument " + std::to_string(Number);
  warn(In,
       "event " + E.Id + ": " + Which + (V ? " is no pointer or number" : " does not exist") + "; it is recorded as 0");
  return B.getInt64(0);
}

// The address of a text. A field is found by its name, in what debug information says of the function's argument.
Value *HookEmitter::titlePart(IRBuilder<> &B, const model::Phase &P, const model::TitlePart &Part,
                              ArrayRef<Value *> Arguments, const Function &In) {
  Value *V = Part.Argument < Arguments.size() ? Arguments[Part.Argument] : nullptr;
  std::string Problem = !V                             ? "does not exist"
                        : !V->getType()->isPointerTy() ? "is no pointer"
                        : Part.Field.empty()           ? ""
                        : !In.getSubprogram()          ? "has no fields that are known: compile with -g"
                                                       : "has no field " + Part.Field + " that is a text";
  if (Problem.empty())
    return V;
  if (std::optional<TextField> Field =
          V && In.getSubprogram() ? findTextField(*In.getSubprogram(), Part.Argument, Part.Field) : std::nullopt) {
    Value *At = B.CreateConstInBoundsGEP1_64(B.getInt8Ty(), V, Field->Offset);
    return Field->IsPointer ? B.CreateLoad(B.getPtrTy(), At) : At;
  }
  warn(In,
       "phase " + P.Id + ": argument " + Twine(Part.Argument) + " " + Problem + "; that part of its title is empty");
  return ConstantPointerNull::get(B.getPtrTy());
}

} // namespace underlock::plugin
