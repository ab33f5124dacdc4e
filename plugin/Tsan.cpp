// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ThreadSanitizer knows the locks of POSIX, whose functions it intercepts, and atomics. A lock made of anything else
// (inline assembly, a futex, a function that it does not intercept) is nothing to it, and what that lock protects looks
// like a race. So in a module under ThreadSanitizer each marked lock call is told to it, by its own interface for
// custom mutexes (sanitizer/tsan_interface.h):
//   mutex, spinlock, rwlock, rwsem   pre_lock CALL post_lock, pre_unlock CALL post_unlock, create, destroy
//   without an owner (a semaphore)   release CALL, CALL acquire: an order, and no mutex
//   pseudo-locks                     nothing: they exclude no other thread
//   what is waited for and no lock   nothing
// Between pre and post it looks at no memory access: how a lock is made is not what is judged.
//
// A call that it intercepts is not told: it would see two acquisitions. A lock made of an intercepted one (a kernel's
// mutex, on top of a pthread_mutex_t) would be seen twice too, so the calls inside lock functions go through the
// runtime (runtime/tsan), which passes ThreadSanitizer by where the lock around it was told, and only there.
#include "Tsan.h"
#include "underlock/hooks.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/EHPersonalities.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/Local.h"

using namespace llvm;

namespace underlock::plugin {
namespace {

// sanitizer/tsan_interface.h
constexpr unsigned WriteReentrant = 1 << 1, ReadReentrant = 1 << 2, ReadLock = 1 << 3, TryLock = 1 << 4,
                   TryLockFailed = 1 << 5;

// Lock functions that ThreadSanitizer intercepts, of those that the shipped models mark. std::condition_variable's wait
// is out of line, and calls one of them. testcases/tsan compares this with what the runtime of Clang has.
bool isIntercepted(StringRef Function) {
  static const StringSet<> Names = {
#define UNDERLOCK_TSAN_NAME(Name, ...) #Name,
      UNDERLOCK_TSAN_INTERCEPTED(UNDERLOCK_TSAN_NAME)
#undef UNDERLOCK_TSAN_NAME
          "_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE"};
  return Names.contains(Function);
}

} // namespace

TsanTeller::TsanTeller(Module &M) : M(M) {
  for (const Function &F : M)
    Enabled |= F.hasFnAttribute(Attribute::SanitizeThread);
}

CallInst *TsanTeller::call(IRBuilder<> &B, StringRef Name, Type *Result, ArrayRef<Value *> Arguments) {
  SmallVector<Type *, 4> Types;
  for (Value *A : Arguments)
    Types.push_back(A->getType());
  CallInst *Call = B.CreateCall(M.getOrInsertFunction(Name, FunctionType::get(Result, Types, false)), Arguments);
  Call->setDoesNotThrow();
  // The address behind the call is where ThreadSanitizer says that it happened.
  Call->setTailCallKind(CallInst::TCK_NoTail);
  Call->addFnAttr(Attribute::NoMerge);
  return Call;
}

// ---- What is said ----

void TsanTeller::enter(IRBuilder<> &B, Told &T) {
  T.Resolved = call(B, "__underlock_v1_tsan_enter", B.getInt32Ty(), {T.Lock, B.getInt32(T.Flags)});
}

void TsanTeller::leave(IRBuilder<> &B, const Told &T, Value *Flags) {
  call(B, "__underlock_v1_tsan_leave", B.getVoidTy(), {T.Lock, Flags});
}

TsanTeller::Told TsanTeller::before(IRBuilder<> &B, CallBase &Call, const model::Lock &Lock,
                                    const model::LockMark &Mark, Value *Address) {
  Told T;
  if (!Enabled || isIntercepted(Mark.Function) || Lock.Kind == model::LockKind::Pseudo || !Lock.isLock())
    return T;
  T.How = Lock.Owner && Lock.Kind != model::LockKind::Semaphore ? Told::Way::Mutex : Told::Way::Order;
  T.Lock = Address;
  T.Flags = (Lock.Recursive ? WriteReentrant | ReadReentrant : 0) |
            (Mark.LockMode == model::Mode::Shared ? ReadLock : 0) | (Mark.What == model::Verb::Try ? TryLock : 0) |
            (Mark.LockMode == model::Mode::Any ? UNDERLOCK_TSAN_EITHER : 0);
  bool Releases = Mark.What == model::Verb::Release || Mark.What == model::Verb::Wait;
  if (T.How == Told::Way::Order) {
    if (Releases)
      call(B, "__tsan_release", B.getVoidTy(), {Address});
    return T;
  }
  switch (Mark.What) {
  case model::Verb::Init:
    return T;
  case model::Verb::Destroy:
    dies(B, Address);
    return T;
  case model::Verb::Await: // of no lock
  case model::Verb::Signal:
    return T;
  case model::Verb::Acquire:
  case model::Verb::Try:
    enter(B, T);
    call(B, "__tsan_mutex_pre_lock", B.getVoidTy(), {Address, B.getInt32(T.Flags)});
    break;
  case model::Verb::Release:
  case model::Verb::Wait:
    enter(B, T);
    call(B, "__tsan_mutex_pre_unlock", B.getInt32Ty(), {Address, T.Resolved});
    // The wait itself is no part of giving the lock back: what goes on in it is to be seen.
    if (Mark.What == model::Verb::Wait)
      call(B, "__tsan_mutex_post_unlock", B.getVoidTy(), {Address, T.Resolved});
    break;
  }
  whenThrown(Call, T, Mark);
  return T;
}

void TsanTeller::after(IRBuilder<> &B, const Told &T, const model::LockMark &Mark, bool Got) {
  if (!T)
    return;
  if (T.How == Told::Way::Mutex)
    return ended(B, T, Mark, Got);
  bool Takes = Mark.What == model::Verb::Acquire || Mark.What == model::Verb::Try || Mark.What == model::Verb::Wait;
  if (Got && Takes)
    call(B, "__tsan_acquire", B.getVoidTy(), {T.Lock});
}

// Behind the call of a mutex, returned or thrown out of.
void TsanTeller::ended(IRBuilder<> &B, const Told &T, const model::LockMark &Mark, bool Got) {
  Value *Flags = B.getInt32(T.Flags);
  switch (Mark.What) {
  case model::Verb::Init:
    call(B, "__tsan_mutex_create", B.getVoidTy(), {T.Lock, Flags});
    return;
  case model::Verb::Destroy:
  case model::Verb::Await:
  case model::Verb::Signal:
    return;
  case model::Verb::Release:
    call(B, "__tsan_mutex_post_unlock", B.getVoidTy(), {T.Lock, T.Resolved});
    return leave(B, T, T.Resolved);
  case model::Verb::Wait:
    Flags = B.CreateAnd(T.Resolved, B.getInt32(~UNDERLOCK_TSAN_EITHER));
    call(B, "__tsan_mutex_pre_lock", B.getVoidTy(), {T.Lock, Flags});
    break;
  case model::Verb::Acquire:
  case model::Verb::Try:
    if (!Got)
      Flags = B.getInt32(T.Flags | TryLock | TryLockFailed);
    break;
  }
  call(B, "__tsan_mutex_post_lock", B.getVoidTy(), {T.Lock, Flags, B.getInt32(0)});
  // A wait holds the lock again in the mode in which it was held before: nothing has changed of that.
  if (Mark.What == model::Verb::Wait)
    Flags = B.getInt32(0);
  else if (Got)
    Flags = B.CreateOr(Flags, B.getInt32(UNDERLOCK_TSAN_GOT));
  leave(B, T, Flags);
}

void TsanTeller::dies(IRBuilder<> &B, Value *Address) {
  if (Enabled)
    call(B, "__tsan_mutex_destroy", B.getVoidTy(), {Address, B.getInt32(0)});
}

// ---- Ways out ----

// A call that throws and that nothing catches here gets somewhere to come by. Before anything is planned: the call
// becomes another instruction.
void TsanTeller::catchAll(const ModuleMarks &Marks) {
  if (!Enabled)
    return;
  SmallVector<CallInst *, 8> Calls;
  for (Function &F : M)
    for (Instruction &I : instructions(F))
      if (auto *Call = dyn_cast<CallInst>(&I); Call && !Call->doesNotThrow() && !F.doesNotThrow())
        if (const FunctionMarks *Called = Marks.ofCallee(*Call);
            Called && Called->marks(/*ALock=*/true) && !isIntercepted(Called->Name) && !Call->isMustTailCall())
          Calls.push_back(Call);
  for (CallInst *Call : Calls) {
    Function &F = *Call->getFunction();
    if (!F.hasPersonalityFn())
      F.setPersonalityFn(cast<Constant>(
          M.getOrInsertFunction(getEHPersonalityName(getDefaultEHPersonality(Triple(M.getTargetTriple()))),
                                FunctionType::get(Type::getInt32Ty(M.getContext()), true))
              .getCallee()));
    if (isScopedEHPersonality(classifyEHPersonality(F.getPersonalityFn())))
      continue;
    BasicBlock *Out = BasicBlock::Create(M.getContext(), "underlock.tsan", &F);
    IRBuilder<> B(Out);
    B.SetCurrentDebugLocation(Call->getDebugLoc());
    LandingPadInst *Pad = B.CreateLandingPad(StructType::get(B.getPtrTy(), B.getInt32Ty()), 0);
    Pad->setCleanup(true);
    B.CreateResume(Pad);
    changeToInvokeAndSplitBasicBlock(Call, Out);
  }
}

// Where the call throws, what was begun has to end, or ThreadSanitizer would look away for good.
void TsanTeller::whenThrown(CallBase &Call, const Told &T, const model::LockMark &Mark) {
  auto *Invoke = dyn_cast<InvokeInst>(&Call);
  if (!Invoke || !Invoke->getUnwindDest()->isLandingPad())
    return;
  SmallVector<BasicBlock *, 2> Ways;
  SplitLandingPadPredecessors(Invoke->getUnwindDest(), {Invoke->getParent()}, ".tsan", ".others", Ways);
  IRBuilder<> B(&*Ways.front()->getFirstInsertionPt());
  B.SetCurrentDebugLocation(Call.getDebugLoc());
  ended(B, T, Mark, /*Got=*/false);
}

// ---- Locks made of locks ----

void TsanTeller::hide(ArrayRef<CallBase *> Inside, const ModuleMarks &Marks) {
  if (!Enabled)
    return;
  for (CallBase *Call : Inside) {
    StringRef Name = Marks.ofCallee(*Call)->Name;
    if (isIntercepted(Name) && Name.starts_with("pthread_"))
      Call->setCalledOperand(
          M.getOrInsertFunction(("__underlock_v1_tsan_" + Name).str(), Call->getFunctionType()).getCallee());
  }
}

} // namespace underlock::plugin
