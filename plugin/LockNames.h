// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The name of the lock that a call is given: its class, and the expression as a report shows it.
#ifndef UNDERLOCK_PLUGIN_LOCKNAMES_H
#define UNDERLOCK_PLUGIN_LOCKNAMES_H

#include "Marks.h"
#include "TypeNames.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Operator.h"

namespace underlock::plugin {

struct LockName {
  std::string ClassName;  // `global`, `table[]`, `struct.field`, `function.local`; empty: only a run can tell
  std::string Expression; // `dev->mutex`; empty where nothing better is known
};

// Thread-safety: none; one per module, which must not change while it is used.
class LockNames {
public:
  LockNames(const llvm::Module &M, const model::Model &Model, const ModuleMarks &Marks);
  LockName name(const llvm::Value *Lock);

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
    std::string Variable;             // the local variable that held the base
  };

  Access trace(const llvm::Value *V);
  bool addSteps(const llvm::GEPOperator &G, Access &To) const;
  const llvm::Value *stored(const llvm::AllocaInst *A) const;
  const llvm::Value *seenThrough(const llvm::CallBase &Call) const;

  bool nameBySteps(const Access &A, LockName &Out);
  bool describe(const Access &A, const llvm::DIType *Type, llvm::StringRef Name, MemberPath &Path) const;
  void nameByVariable(const Access &A, LockName &Out);
  bool nameByIrType(llvm::Type *T, int64_t Offset, LockName &Out) const;
  std::string baseExpression(const Access &A, const llvm::DIType *&Type, bool &IsObject, unsigned Depth);
  std::string expressionOf(const Access &A, unsigned Depth = 0);
  std::string globalName(const llvm::GlobalVariable *G, const llvm::DIType *&Type) const;
  const llvm::DILocalVariable *variable(const llvm::AllocaInst *A);

  const llvm::Module &M;
  const ModuleMarks &Marks;
  TypeNames Types;
  llvm::DenseMap<const llvm::Value *, const llvm::DILocalVariable *> Variables;
  const llvm::Function *VariablesOf = nullptr;
};

} // namespace underlock::plugin

#endif
