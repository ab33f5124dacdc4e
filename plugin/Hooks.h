// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Emission: hook calls and the records they point at, as underlock/hooks.h defines them.
#ifndef UNDERLOCK_PLUGIN_HOOKS_H
#define UNDERLOCK_PLUGIN_HOOKS_H

#include "HandOver.h"
#include "LockNames.h"
#include "Plan.h"
#include "Summary.h"
#include "Tsan.h"
#include "underlock/hooks.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/IR/IRBuilder.h"

namespace underlock::plugin {

// Thread-safety: none; one per module; emit() once.
class HookEmitter {
public:
  // `ModelText` goes into the unit record: names or absolute paths of the models, separated by ':'.
  HookEmitter(llvm::Module &M, llvm::StringRef ModelText, LockNames &Names, TsanTeller &Tsan, Summary &Told);
  void emit(const Plan &P, const HandOvers &Handed);

private:
  // What a site record says, but for the unit.
  struct Site {
    underlock_verb Verb;
    underlock_mode Mode = UNDERLOCK_MODE_EXCLUSIVE;
    std::string Mark, Callee;
    LockName Lock;
    llvm::Function *In;
    llvm::DebugLoc Where; // of the call; null for a mark at the entry or an exit
  };
  struct LockCall {
    const PlannedCall *Planned;
    const model::Lock *Lock;
    const model::LockMark *Mark;
    llvm::Value *Address;
    LockName Name;
  };

  // What a function holds from its entry on (HoldDuring.cpp).
  struct Held {
    const model::Lock *Lock;
    llvm::Value *Object;
  };
  using HeldInside = llvm::SmallVector<Held, 1>;

  void prepare(const PlannedCall &C);
  void emitLockCall(const LockCall &C);
  llvm::Value *success(llvm::IRBuilder<> &B, llvm::CallBase &Call, model::Success If, llvm::ArrayRef<int64_t> Returns,
                       llvm::StringRef Function);
  void outcome(const LockCall &C, llvm::Constant *Record, llvm::Value *Lock, llvm::Value *Place,
               const TsanTeller::Told &Sanitizer);
  void emitFree(llvm::CallBase &Call, const model::Free &F);
  void emitPoints(const PlannedCall &C, bool After);
  void emitName(const HandOver &H);
  void emitDeaths(llvm::Function &F, llvm::ArrayRef<LocalLock> Locks);
  HeldInside emitEntry(const PlannedFunction &F);
  void emitExits(const PlannedFunction &F, const HeldInside &Held);
  HeldInside emitHolds(llvm::IRBuilder<> &B, const PlannedFunction &F, llvm::ArrayRef<llvm::Value *> Arguments);
  void emitDrops(llvm::IRBuilder<> &B, const PlannedFunction &F, const HeldInside &Held, llvm::DebugLoc Where);
  llvm::Value *heldObject(llvm::IRBuilder<> &B, const model::LockMark &Mark, llvm::ArrayRef<llvm::Value *> Arguments,
                          const llvm::Function &In);
  void emitPoint(llvm::IRBuilder<> &B, const PointMark &P, llvm::Function *In, llvm::StringRef Callee,
                 llvm::DebugLoc Where, llvm::ArrayRef<llvm::Value *> Arguments, llvm::Value *Returned = nullptr);
  void emitEvent(llvm::IRBuilder<> &B, const model::Event &E, llvm::Constant *Record, llvm::Function *In,
                 llvm::ArrayRef<llvm::Value *> Arguments, llvm::Value *Returned);
  llvm::Value *object(llvm::IRBuilder<> &B, const model::Event &E, unsigned Number,
                      llvm::ArrayRef<llvm::Value *> Arguments, llvm::Value *Returned, const llvm::Function &In);
  llvm::Value *titlePart(llvm::IRBuilder<> &B, const model::Phase &P, const model::TitlePart &Part,
                         llvm::ArrayRef<llvm::Value *> Arguments, const llvm::Function &In);

  llvm::Constant *record(const Site &S);
  llvm::Constant *text(llvm::StringRef Text);
  llvm::Constant *unit();
  llvm::CallInst *call(llvm::IRBuilder<> &B, llvm::StringRef Hook, llvm::Type *Result,
                       llvm::ArrayRef<llvm::Value *> Arguments);
  llvm::Instruction *afterCall(llvm::CallBase &Call);
  void warn(const llvm::Function &F, const llvm::Twine &Text);

  llvm::Module &M;
  std::string ModelText;
  LockNames &Names;
  TsanTeller &Tsan;
  Summary &Told;
  llvm::StringMap<llvm::Constant *> Texts;
  llvm::GlobalVariable *Unit = nullptr;
  std::vector<LockCall> LockCalls;
  llvm::DenseMap<llvm::CallBase *, llvm::Instruction *> Behind; // see afterCall()
};

// Where emitted code is: at `Known`, or else in F as such. Code in a function with debug information must have a place
// in it, or inlining it makes IR that does not verify.
llvm::DebugLoc placeIn(const llvm::Function &F, llvm::DebugLoc Known, bool AtEntry);

// The place of the instruction that the builder stands before, on a way out of a function; it may have none.
llvm::DebugLoc placeAtExit(const llvm::IRBuilder<> &B);

} // namespace underlock::plugin

#endif
