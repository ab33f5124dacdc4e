// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lifting: before anything is planned, lock calls are brought to where their lock has a name.
#ifndef UNDERLOCK_PLUGIN_LIFT_H
#define UNDERLOCK_PLUGIN_LIFT_H

#include "Exclusions.h"
#include "LockNames.h"
#include "Marks.h"

namespace underlock::plugin {

struct LiftCounts {
  unsigned Lifted = 0; // calls of wrappers that were inlined
  unsigned Own = 0;    // inline functions that got a body of this unit's own
};

// Changes the module. `Marks` learns of new functions; `Names` forgets what it knew.
LiftCounts liftLocks(llvm::Module &M, ModuleMarks &Marks, LockNames &Names, Exclusions &Excluded);

} // namespace underlock::plugin

#endif
