// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The plan for one module: every place that gets hooks, and every one that does not, with the reason.
//
// It is made before the first instruction changes, so that emission cannot disturb what is still to be found.
#ifndef UNDERLOCK_PLUGIN_PLAN_H
#define UNDERLOCK_PLUGIN_PLAN_H

#include "Exclusions.h"
#include "Marks.h"
#include <vector>

namespace underlock::plugin {

// Hooks around one call.
struct PlannedCall {
  llvm::CallBase *Call;
  const FunctionMarks *Marks;
  bool LockMarks; // false inside the body of a lock function: only its points count there
  bool WaitMarks; // … of a function that waits for what is no lock: how it waits is its own matter
};

// Hooks at the entry and the exits of one function.
struct PlannedFunction {
  llvm::Function *Function;
  const FunctionMarks *Marks;
};

// Something that the model marks and that was left alone.
struct Skipped {
  std::string Function, Callee; // the callee is empty for a mark at an entry or exit
  unsigned Line;
  llvm::StringRef Reason; // a literal
};

Skipped skipped(const llvm::Function &In, const llvm::CallBase *Call, llvm::StringRef Callee, llvm::StringRef Reason);

struct Plan {
  std::vector<PlannedCall> Calls;
  std::vector<PlannedFunction> Functions;
  std::vector<Skipped> Skips;
  std::vector<llvm::CallBase *> Inside; // lock calls in the bodies of lock functions: how those locks are made
};

Plan makePlan(llvm::Module &M, const ModuleMarks &Marks, Exclusions &Excluded);

} // namespace underlock::plugin

#endif
