// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Locks that are handed over: where one that has a name here goes where it may have none.
#ifndef UNDERLOCK_PLUGIN_HANDOVER_H
#define UNDERLOCK_PLUGIN_HANDOVER_H

#include "Exclusions.h"
#include "LockNames.h"
#include "Marks.h"
#include "llvm/ADT/MapVector.h"

namespace underlock::plugin {

struct HandOver {
  llvm::Instruction *Before;
  llvm::Value *Lock;
  LockName Name;
};

// A local variable that is, or has in it, a lock: it dies when its function ends.
struct LocalLock {
  llvm::AllocaInst *Variable;
  int64_t Offset;
  LockName Name; // of what lies there
};

struct HandOvers {
  std::vector<HandOver> Names;
  llvm::MapVector<llvm::Function *, std::vector<LocalLock>> Deaths;
};

// Reads the module as Clang made it, and changes nothing.
HandOvers findHandOvers(llvm::Module &M, const ModuleMarks &Marks, LockNames &Names, Exclusions &Excluded);

} // namespace underlock::plugin

#endif
