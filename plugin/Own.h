// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inline functions with marks in them, kept apart from the copies of units that were built without the plugin.
#ifndef UNDERLOCK_PLUGIN_OWN_H
#define UNDERLOCK_PLUGIN_OWN_H

#include "Exclusions.h"
#include "Marks.h"

namespace underlock::plugin {

// Changes the module; `Marks` and `Excluded` learn of it. Returns how many functions and vtables got a copy.
unsigned makeOwnCopies(llvm::Module &M, ModuleMarks &Marks, Exclusions &Excluded, uint64_t ModelHash);

} // namespace underlock::plugin

#endif
