// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The name of the lock that a call is given: its class, and the expression as a report shows it.
#ifndef UNDERLOCK_PLUGIN_LOCKNAMES_H
#define UNDERLOCK_PLUGIN_LOCKNAMES_H

#include "Marks.h"
#include "TypeNames.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Operator.h"

namespace underlock::plugin {

struct LockName {
  std::string ClassName;  // `global`, `table[]`, `struct.field`, `function.local`; empty: only a run can tell
  std::string Expression; // `dev->mutex`; empty where nothing better is known
  bool IsLock = false;    // debug information says that one of the model's lock types lies there
};

// Thread-safety: none; one per module, which must not change while it is used.
class LockNames {
public:
  LockNames(const llvm::Module &M, const model::Model &Model, const ModuleMarks &Marks);
  LockName name(const llvm::Value *Lock);
  // The same where the lock is born. There, the global or member that points to it will do for a name: one place gives
  // birth to a class, while who takes the lock later may hold any of several pointers to it.
  LockName nameAtBirth(const llvm::Value *Lock);
  // Has the lock no name here, and is it reached from an argument: so that a caller may name it?
  bool isHandedIn(const llvm::Value *Lock);
  // The local variable that a pointer points into; null when it is none.
  const llvm::AllocaInst *objectOf(const llvm::Value *Pointer) {
    return Pointer->getType()->isPointerTy() ? llvm::dyn_cast<llvm::AllocaInst>(trace(Pointer).Base) : nullptr;
  }
  // Is what a function stores there found again where it is loaded: a variable that is stored once, or a guard's
  // pointer?
  bool isFollowed(const llvm::StoreInst &Store);
  // Where in an object of this type the model's lock types lie, in bytes. Of long arrays none.
  void findLocks(llvm::Type *T, int64_t Offset, llvm::SmallVectorImpl<int64_t> &Out) const;
  // The function that was looked at last has changed.
  void changed() { LooksAt = nullptr; }

private:
  // A step into a member of an IR struct.
  struct Step {
    const llvm::StructType *Struct;
    unsigned Index;
    int64_t Rest; // bytes from the start of the struct to the lock
  };
  // How the address of a lock is made: a base, steps from it inwards, and the whole distance.
  struct Access {
    const llvm::Value *Base = nullptr;
    llvm::SmallVector<Step, 4> Steps; // outermost first
    int64_t Offset = 0;               // variable array indices count as 0
    bool Direct = true;               // no plain arithmetic (container_of) between the base and the steps
    bool Exact = true;                // no variable array index
    std::string Variable;             // the local variable that held the base
  };

  // What the pointers in one function's local objects are: a guard's pointer to its lock.
  using Slot = std::pair<const llvm::AllocaInst *, int64_t>;
  struct SlotValue {
    const llvm::Value *Stored = nullptr;
    bool Several = false;
  };

  Access trace(const llvm::Value *V, bool ThroughObjects = true);
  void lookAt(const llvm::Function &F);
  void noteVariables(const llvm::Instruction &I);
  void noteObjects(const llvm::Instruction &I);
  const llvm::Value *inObject(const llvm::Value *Pointer);
  bool addSteps(const llvm::GEPOperator &G, Access &To) const;
  const llvm::Value *stored(const llvm::AllocaInst *A) const;
  const llvm::Value *seenThrough(const llvm::CallBase &Call) const;

  bool nameBySteps(const Access &A, LockName &Out);
  bool describe(const Access &A, const llvm::DIType *Type, llvm::StringRef Name, MemberPath &Path) const;
  void nameByVariable(const Access &A, LockName &Out);
  bool nameByIrType(llvm::Type *T, int64_t Offset, LockName &Out);
  std::string baseExpression(const Access &A, const llvm::DIType *&Type, bool &IsObject, unsigned Depth);
  std::string expressionOf(const Access &A, unsigned Depth = 0);
  std::string globalName(const llvm::GlobalVariable *G, const llvm::DIType *&Type) const;
  const llvm::DILocalVariable *variable(const llvm::AllocaInst *A);

  const llvm::Module &M;
  const ModuleMarks &Marks;
  TypeNames Types;
  // Of the function that was looked at last.
  const llvm::Function *LooksAt = nullptr;
  llvm::DenseMap<const llvm::Value *, const llvm::DILocalVariable *> Variables;
  llvm::DenseMap<Slot, SlotValue> Objects;
  llvm::SmallPtrSet<const llvm::AllocaInst *, 8> Escaped; // others may write to them
};

} // namespace underlock::plugin

#endif
