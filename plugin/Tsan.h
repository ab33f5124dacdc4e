// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What ThreadSanitizer is told of marked locks, in code that is compiled with -fsanitize=thread.
#ifndef UNDERLOCK_PLUGIN_TSAN_H
#define UNDERLOCK_PLUGIN_TSAN_H

#include "Plan.h"
#include "llvm/IR/IRBuilder.h"

namespace underlock::plugin {

// Thread-safety: none; one per module. Where the module is not under ThreadSanitizer, nothing here does anything.
class TsanTeller {
public:
  explicit TsanTeller(llvm::Module &M);

  // Makes room for what has to be said when a lock call throws. Changes calls: before makePlan().
  void catchAll(const ModuleMarks &Marks);

  // One lock call that ThreadSanitizer is told of.
  class Told {
  public:
    explicit operator bool() const { return How != Way::Nothing; }

  private:
    friend TsanTeller;
    enum class Way { Nothing, Mutex, Order } How = Way::Nothing;
    unsigned Flags = 0;
    llvm::Value *Lock = nullptr;
    llvm::Value *Resolved = nullptr; // of a release: the flags as the run found them
  };

  // What stands before the call, behind our own hook there. Also sees to the ways on which the call is left by an
  // exception.
  Told before(llvm::IRBuilder<> &B, llvm::CallBase &Call, const model::Lock &Lock, const model::LockMark &Mark,
              llvm::Value *Address);
  // Behind the call, before our own hook there. `Got`: as the call's result says.
  void after(llvm::IRBuilder<> &B, const Told &T, const model::LockMark &Mark, bool Got);
  // A local variable that is a lock dies.
  void dies(llvm::IRBuilder<> &B, llvm::Value *Address);
  // Lock calls in the bodies of lock functions: not to be seen where the lock that they make is told of.
  void hide(llvm::ArrayRef<llvm::CallBase *> Inside, const ModuleMarks &Marks);

private:
  llvm::CallInst *call(llvm::IRBuilder<> &B, llvm::StringRef Name, llvm::Type *Result,
                       llvm::ArrayRef<llvm::Value *> Arguments);
  void enter(llvm::IRBuilder<> &B, Told &T);
  void leave(llvm::IRBuilder<> &B, const Told &T, llvm::Value *Flags);
  void ended(llvm::IRBuilder<> &B, const Told &T, const model::LockMark &Mark, bool Got);
  void whenThrown(llvm::CallBase &Call, const Told &T, const model::LockMark &Mark);

  llvm::Module &M;
  bool Enabled = false;
};

} // namespace underlock::plugin

#endif
