// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lifting: before anything is planned, lock calls are brought to where their lock has a name.
#ifndef UNDERLOCK_PLUGIN_LIFT_H
#define UNDERLOCK_PLUGIN_LIFT_H

#include "Exclusions.h"
#include "LockNames.h"
#include "Marks.h"

namespace underlock::plugin {

// Changes the module; `Names` forgets what it knew. Returns how many calls of wrappers were inlined.
unsigned liftLocks(llvm::Module &M, ModuleMarks &Marks, LockNames &Names, Exclusions &Excluded);

} // namespace underlock::plugin

#endif
