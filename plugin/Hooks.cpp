// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Emission of hooks and records. What a hook means is told in underlock/hooks.h; here is only where it goes:
//   before the call     events and phases, then begin/try/wait, release, signal or destroy, then free
//   after the call      acquired, awaited or failed, init, then ends of phases, and what was found (lifetimes). After an
//                       invoke that is its normal edge
//   entry               behind the allocas, before anything else of the function: what it holds, then points
//   exit                before each return, and where an exception passes through: points, then what it held
// Records are private, writable globals in the default section (a kernel's linker script knows no other), so that a
// copy of a linkonce function brings its own.
#include "Hooks.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/Support/Path.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/EscapeEnumerator.h"

using namespace llvm;

namespace underlock::plugin {
namespace {

underlock_verb verbOf(model::Verb V) {
  switch (V) {
  case model::Verb::Acquire:
    return UNDERLOCK_VERB_ACQUIRE;
  case model::Verb::Try:
    return UNDERLOCK_VERB_TRY;
  case model::Verb::Release:
    return UNDERLOCK_VERB_RELEASE;
  case model::Verb::Init:
    return UNDERLOCK_VERB_INIT;
  case model::Verb::Destroy:
    return UNDERLOCK_VERB_DESTROY;
  case model::Verb::Wait:
    return UNDERLOCK_VERB_WAIT;
  case model::Verb::Await:
    return UNDERLOCK_VERB_AWAIT;
  case model::Verb::Signal:
    return UNDERLOCK_VERB_SIGNAL;
  }
  llvm_unreachable("a verb of the model");
}

underlock_mode modeOf(model::Mode M) {
  switch (M) {
  case model::Mode::Exclusive:
    return UNDERLOCK_MODE_EXCLUSIVE;
  case model::Mode::Shared:
    return UNDERLOCK_MODE_SHARED;
  case model::Mode::Any:
    return UNDERLOCK_MODE_ANY;
  }
  llvm_unreachable("a mode of the model");
}

// Goes to the user as Clang's own warnings do.
class Warning : public DiagnosticInfo {
public:
  explicit Warning(std::string Text) : DiagnosticInfo(kind(), DS_Warning), Text(std::move(Text)) {}
  void print(DiagnosticPrinter &To) const override { To << Text; }

private:
  static int kind() {
    static const int Kind = getNextAvailablePluginDiagnosticKind();
    return Kind;
  }
  std::string Text;
};

// The path as the compiler was given it. A description splits off what it has in common with the working folder.
std::string pathOf(const DIFile &File, const DISubprogram *In) {
  const DICompileUnit *Unit = In ? In->getUnit() : nullptr;
  StringRef Folder = File.getDirectory(), Name = File.getFilename();
  if (sys::path::is_absolute(Name) || Folder.empty() || (Unit && Unit->getDirectory() == Folder))
    return Name.str();
  return (Folder + "/" + Name).str();
}

std::string sourceName(const Function &F) { return demangle(linkageName(F)); }

} // namespace

DebugLoc placeIn(const Function &F, DebugLoc Known, bool AtEntry) {
  DISubprogram *Program = F.getSubprogram();
  if (Known || !Program)
    return Known;
  return DILocation::get(F.getContext(), AtEntry ? Program->getScopeLine() : 0, 0, Program);
}

DebugLoc placeAtExit(const IRBuilder<> &B) {
  return B.GetInsertPoint() != B.GetInsertBlock()->end() ? B.GetInsertPoint()->getDebugLoc() : DebugLoc();
}

HookEmitter::HookEmitter(Module &M, StringRef ModelText, LockNames &Names, TsanTeller &Tsan, Summary &Told)
    : M(M), ModelText(ModelText), Names(Names), Tsan(Tsan), Told(Told) {}

void HookEmitter::warn(const Function &F, const Twine &Text) {
  M.getContext().diagnose(Warning(("underlock: in " + Twine(sourceName(F)) + ": " + Text).str()));
}

void HookEmitter::emit(const Plan &P, const HandOvers &Handed) {
  // All names first: they are read from IR as Clang made it.
  for (const PlannedCall &C : P.Calls)
    prepare(C);
  for (const HandOver &H : Handed.Names)
    emitName(H);
  auto Next = LockCalls.begin();
  for (const PlannedCall &C : P.Calls) {
    emitPoints(C, /*After=*/false);
    for (; Next != LockCalls.end() && Next->Planned == &C; ++Next)
      emitLockCall(*Next);
    if (C.Marks->Frees)
      emitFree(*C.Call, *C.Marks->Frees);
    emitPoints(C, /*After=*/true);
  }
  for (const PlannedFunction &F : P.Functions)
    emitExits(F, emitEntry(F));
  for (const auto &[F, Locks] : Handed.Deaths)
    emitDeaths(*F, Locks);
}

void HookEmitter::prepare(const PlannedCall &C) {
  for (const auto &[Lock, Mark] : C.Marks->Locks) {
    if (!(Lock->isLock() ? C.LockMarks : C.WaitMarks))
      continue;
    if (Mark->Lock >= C.Call->arg_size()) {
      warn(*C.Call->getFunction(), "the call of " + Mark->Function + " has no argument " + Twine(Mark->Lock) +
                                       ", which the model calls its lock: not marked");
      Told.Skips.push_back(skipped(*C.Call->getFunction(), C.Call, Mark->Function, "no such argument"));
      continue;
    }
    Value *Address = C.Call->getArgOperand(Mark->Lock);
    if (Address->getType()->isPointerTy() && Mark->Indirect) {
      LoadInst *Load = IRBuilder<>(C.Call).CreateLoad(Address->getType(), Address);
      Load->setNoSanitizeMetadata(); // ours, not the program's
      Address = Load;
    }
    if (!Lock->isLock() && Address->getType()->isIntegerTy()) // a pthread_t, a handle
      Address = IRBuilder<>(C.Call).CreateIntToPtr(Address, PointerType::getUnqual(M.getContext()));
    if (Address->getType()->isPointerTy())
      LockCalls.push_back({&C, Lock, Mark, Address,
                           Mark->What == model::Verb::Init ? Names.nameAtBirth(Address) : Names.name(Address)});
    else
      Told.Skips.push_back(skipped(*C.Call->getFunction(), C.Call, Mark->Function, "no pointer"));
  }
}

void HookEmitter::emitLockCall(const LockCall &C) {
  CallBase &Call = *C.Planned->Call;
  Site S{verbOf(C.Mark->What), modeOf(C.Mark->LockMode), C.Lock->Id, C.Mark->Function, C.Name,
         Call.getFunction(),   Call.getDebugLoc()};
  Constant *Record = record(S);
  DebugLoc Where = placeIn(*Call.getFunction(), Call.getDebugLoc(), false);
  IRBuilder<> Before(&Call);
  Before.SetCurrentDebugLocation(Where);
  Value *Lock = Before.CreatePointerBitCastOrAddrSpaceCast(C.Address, Before.getPtrTy());
  Type *Nothing = Before.getVoidTy(), *Number = Before.getInt32Ty();
  auto Hook = [&](StringRef Name, Type *Result) { return call(Before, Name, Result, {Record, Lock}); };
  auto Sanitizer = [&] { return Tsan.before(Before, Call, *C.Lock, *C.Mark, Lock); };
  switch (C.Mark->What) {
  case model::Verb::Acquire:
  case model::Verb::Await:
  case model::Verb::Try:
  case model::Verb::Wait: {
    StringRef Name = C.Mark->What == model::Verb::Try    ? "__underlock_v1_try"
                     : C.Mark->What == model::Verb::Wait ? "__underlock_v1_wait"
                                                         : "__underlock_v1_begin";
    Value *Place = Hook(Name, Number);
    return outcome(C, Record, Lock, Place, Sanitizer());
  }
  case model::Verb::Signal:
    Hook("__underlock_v1_signal", Nothing);
    return;
  case model::Verb::Release:
  case model::Verb::Destroy: {
    Hook(C.Mark->What == model::Verb::Release ? "__underlock_v1_release" : "__underlock_v1_destroy", Nothing);
    if (TsanTeller::Told T = Sanitizer()) {
      IRBuilder<> After(afterCall(Call));
      After.SetCurrentDebugLocation(Where);
      Tsan.after(After, T, *C.Mark, true);
    }
    return;
  }
  case model::Verb::Init: {
    TsanTeller::Told T = Sanitizer();
    IRBuilder<> After(afterCall(Call));
    After.SetCurrentDebugLocation(Where);
    Tsan.after(After, T, *C.Mark, true);
    call(After, "__underlock_v1_init", Nothing, {Record, Lock});
    return;
  }
  }
}

// Whether the call got the lock, by what it returned.
Value *HookEmitter::success(IRBuilder<> &B, CallBase &Call, model::Success If, ArrayRef<int64_t> Returns,
                            StringRef Function) {
  if (If == model::Success::NonZero)
    return B.CreateIsNotNull(&Call);
  Value *Got = nullptr;
  for (int64_t Returned : Returns) {
    auto *Number = dyn_cast<IntegerType>(Call.getType());
    unsigned Bits = Number ? Number->getBitWidth() : 0; // of a pointer only null can be told
    if (Returned != 0 && (Bits == 0 || (!isIntN(Bits, Returned) && !isUIntN(Bits, Returned)))) {
      warn(*Call.getFunction(), "the model says that " + Function + " may return " + Twine(Returned) +
                                    ", and here its type cannot hold that: not tested");
      continue;
    }
    Value *Same =
        Number ? B.CreateICmpEQ(&Call, B.getInt(APInt(64, Returned, true).sextOrTrunc(Bits))) : B.CreateIsNull(&Call);
    Got = Got ? B.CreateOr(Got, Same) : Same;
  }
  return Got ? Got : B.getFalse();
}

// Behind an acquisition: acquired(), or failed() where the return value says so.
void HookEmitter::outcome(const LockCall &C, Constant *Record, Value *Lock, Value *Place,
                          const TsanTeller::Told &Sanitizer) {
  CallBase &Call = *C.Planned->Call;
  Instruction *Next = afterCall(Call);
  IRBuilder<> B(Next);
  B.SetCurrentDebugLocation(placeIn(*Call.getFunction(), Call.getDebugLoc(), false));
  StringRef Has = C.Mark->What == model::Verb::Await ? "__underlock_v1_awaited" : "__underlock_v1_acquired";
  Type *Result = Call.getType();
  bool Testable = Result->isIntegerTy() || Result->isPointerTy();
  if (C.Mark->If != model::Success::Always && !Testable)
    warn(*Call.getFunction(), "the model tests what " + C.Mark->Function +
                                  " returns, and here that is no number: taken " + "as always successful");
  if (C.Mark->If == model::Success::Always || !Testable) {
    Tsan.after(B, Sanitizer, *C.Mark, true);
    call(B, Has, B.getVoidTy(), {Record, Lock, Place});
    return;
  }
  Value *Got = success(B, Call, C.Mark->If, C.Mark->Returns, C.Mark->Function);
  Instruction *Then, *Else;
  SplitBlockAndInsertIfThenElse(Got, Next, &Then, &Else);
  for (auto [At, Hook] : {std::pair(Then, Has), std::pair(Else, StringRef("__underlock_v1_failed"))}) {
    At->setDebugLoc(B.getCurrentDebugLocation());
    B.SetInsertPoint(At);
    Tsan.after(B, Sanitizer, *C.Mark, At == Then);
    call(B, Hook, B.getVoidTy(), {Record, Lock, Place});
  }
}

// Where hooks behind a call go. Stays the same instruction however many are put before it, so they follow in order.
Instruction *HookEmitter::afterCall(CallBase &Call) {
  auto [It, New] = Behind.try_emplace(&Call, nullptr);
  if (New) {
    if (auto *Invoke = dyn_cast<InvokeInst>(&Call))
      It->second = SplitEdge(Invoke->getParent(), Invoke->getNormalDest())->getTerminator();
    else
      It->second = Call.getNextNode();
  }
  return It->second;
}

// A size of the program's own, which must not pass for one of ours that says who knows it.
static Value *sizeOf(IRBuilder<> &B, Value &Argument) {
  Value *Size = B.CreateZExtOrTrunc(&Argument, B.getInt64Ty());
  if (const auto *Known = dyn_cast<ConstantInt>(Size))
    return B.getInt64(std::min<uint64_t>(Known->getZExtValue(), UNDERLOCK_SIZE_NONE));
  return B.CreateBinaryIntrinsic(Intrinsic::umin, Size, B.getInt64(UNDERLOCK_SIZE_NONE));
}

void HookEmitter::emitFree(CallBase &Call, const model::Free &F) {
  Function &In = *Call.getFunction();
  bool BySize = F.Known == model::Free::Size::Argument;
  Value *Memory = F.Memory < Call.arg_size() ? Call.getArgOperand(F.Memory) : nullptr;
  Value *Size = BySize && F.SizeArgument < Call.arg_size() ? Call.getArgOperand(F.SizeArgument) : nullptr;
  if (!Memory || !Memory->getType()->isPointerTy() || (BySize && !(Size && Size->getType()->isIntegerTy()))) {
    warn(In, "the call of " + F.Function + " has not the arguments that the model says: a pointer to what is freed" +
                 (BySize ? ", and its size" : "") + "; not marked");
    Told.Skips.push_back(skipped(In, &Call, F.Function, "no such argument"));
    return;
  }
  IRBuilder<> B(&Call);
  B.SetCurrentDebugLocation(placeIn(In, Call.getDebugLoc(), false));
  Size = BySize ? sizeOf(B, *Size)
                : B.getInt64(F.Known == model::Free::Size::New ? UNDERLOCK_SIZE_OF_NEW : UNDERLOCK_SIZE_OF_MALLOC);
  Constant *Record =
      record({UNDERLOCK_VERB_FREE, UNDERLOCK_MODE_EXCLUSIVE, "", F.Function, {}, &In, Call.getDebugLoc()});
  Memory = B.CreatePointerBitCastOrAddrSpaceCast(Memory, B.getPtrTy());
  call(B, "__underlock_v1_free", B.getVoidTy(), {Record, Memory, Size});
}

void HookEmitter::emitName(const HandOver &H) {
  Function *In = H.Before->getFunction();
  DebugLoc Where = H.Before->getDebugLoc();
  IRBuilder<> B(H.Before);
  B.SetCurrentDebugLocation(placeIn(*In, Where, false));
  std::string Callee;
  if (const auto *Call = dyn_cast<CallBase>(H.Before); Call && Call->getCalledFunction())
    Callee = linkageName(*Call->getCalledFunction()).str();
  Constant *Record = record({UNDERLOCK_VERB_NAME, UNDERLOCK_MODE_EXCLUSIVE, "", Callee, H.Name, In, Where});
  Value *Lock = B.CreatePointerBitCastOrAddrSpaceCast(H.Lock, B.getPtrTy());
  call(B, "__underlock_v1_name", B.getVoidTy(), {Record, Lock});
}

void HookEmitter::emitDeaths(Function &F, ArrayRef<LocalLock> Locks) {
  EscapeEnumerator Exits(F, "underlock.unwind");
  while (IRBuilder<> *B = Exits.Next()) {
    DebugLoc Here = placeAtExit(*B);
    B->SetCurrentDebugLocation(placeIn(F, Here, false));
    for (const LocalLock &L : Locks) {
      Value *Lock = B->CreatePointerBitCastOrAddrSpaceCast(L.Variable, B->getPtrTy());
      Lock = L.Offset ? B->CreateConstInBoundsGEP1_64(B->getInt8Ty(), Lock, L.Offset) : Lock;
      call(*B, "__underlock_v1_destroy", B->getVoidTy(),
           {record({UNDERLOCK_VERB_DESTROY, UNDERLOCK_MODE_EXCLUSIVE, "", "", L.Name, &F, Here}), Lock});
      Tsan.dies(*B, Lock);
    }
  }
}

CallInst *HookEmitter::call(IRBuilder<> &B, StringRef Hook, Type *Result, ArrayRef<Value *> Arguments) {
  SmallVector<Type *, 6> Types;
  for (Value *A : Arguments)
    Types.push_back(A->getType());
  FunctionCallee Callee = M.getOrInsertFunction(Hook, FunctionType::get(Result, Types, false));
  if (auto *Declared = dyn_cast<Function>(Callee.getCallee()))
    Declared->setDoesNotThrow();
  CallInst *Call = B.CreateCall(Callee, Arguments);
  Call->setDoesNotThrow();
  // The hook walks the stack from the frame that calls it: that frame must be there, and one site one address.
  Call->setTailCallKind(CallInst::TCK_NoTail);
  Call->addFnAttr(Attribute::NoMerge);
  return Call;
}

Constant *HookEmitter::text(StringRef Text) {
  auto [It, New] = Texts.try_emplace(Text, nullptr);
  if (New) {
    Constant *Content = ConstantDataArray::getString(M.getContext(), Text);
    auto *G = new GlobalVariable(M, Content->getType(), true, GlobalValue::PrivateLinkage, Content, "__underlock.text");
    G->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    G->setAlignment(Align(1));
    It->second = G;
  }
  return It->second;
}

Constant *HookEmitter::unit() {
  if (!Unit) {
    IRBuilder<> B(M.getContext());
    Constant *Content =
        ConstantStruct::getAnon({B.getInt32(0), B.getInt32(UNDERLOCK_HOOK_ABI), B.getInt64(Told.ModelHash),
                                 text(ModelText), text(M.getSourceFileName())});
    Unit = new GlobalVariable(M, Content->getType(), false, GlobalValue::PrivateLinkage, Content, "__underlock.unit");
  }
  return Unit;
}

Constant *HookEmitter::record(const Site &S) {
  const DISubprogram *Program = S.In->getSubprogram();
  // Where a wrapper was called, not where it calls: nothing but lifting has inlined anything yet.
  const DILocation *Where = S.Where.get();
  while (Where && Where->getInlinedAt())
    Where = Where->getInlinedAt();
  const DIFile *File = Where ? Where->getFile() : Program ? Program->getFile() : nullptr;
  PlacedMark P;
  P.Verb = S.Verb;
  P.Mark = S.Mark;
  P.Function = sourceName(*S.In);
  P.Callee = S.Callee;
  P.File = File ? pathOf(*File, Program) : M.getSourceFileName();
  P.Line = Where ? Where->getLine() : Program ? Program->getLine() : 0;
  P.Column = Where ? Where->getColumn() : 0;
  P.ClassName = S.Lock.ClassName;
  P.Expression = S.Lock.Expression;
  IRBuilder<> B(M.getContext());
  Constant *Content =
      ConstantStruct::getAnon({B.getInt32(0), B.getInt8(S.Verb), B.getInt8(S.Mode), B.getInt8(0), B.getInt8(0),
                               B.getInt32(P.Line), B.getInt32(P.Column), unit(), text(P.Mark), text(P.File),
                               text(P.Function), text(P.Expression), text(P.ClassName)});
  Told.Placed.push_back(std::move(P));
  return new GlobalVariable(M, Content->getType(), false, GlobalValue::PrivateLinkage, Content, "__underlock.site");
}

} // namespace underlock::plugin
