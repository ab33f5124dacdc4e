// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which functions of a module must not be touched, whatever the model says of what they call.
#ifndef UNDERLOCK_PLUGIN_EXCLUSIONS_H
#define UNDERLOCK_PLUGIN_EXCLUSIONS_H

#include "analyzer/model/Model.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/GlobPattern.h"
#include <vector>

namespace underlock::plugin {

// Thread-safety: none; one per module. Answers are kept.
class Exclusions {
public:
  Exclusions(const llvm::Module &M, const model::Model &Model);
  // Why nothing may be marked in F, as the summary says it (a literal); empty: it may.
  llvm::StringRef reason(const llvm::Function &F);
  // F is about to go.
  void forget(const llvm::Function &F) { Reasons.erase(&F); }

private:
  llvm::StringRef findReason(const llvm::Function &F);
  bool isIgnoredFile(const llvm::Function &F);
  bool inlinedIntoNoinstr(const llvm::Function &F);
  void collectInlined(const llvm::Function &Root);

  const llvm::Module &M;
  const model::Model &Model;
  std::vector<llvm::GlobPattern> IgnoredFiles;
  llvm::DenseMap<const llvm::Function *, llvm::StringRef> Reasons;
  llvm::StringMap<bool> FileVerdicts;
  llvm::SmallPtrSet<const llvm::Function *, 16> Inlined;
  bool NoinstrKnown = false;
};

} // namespace underlock::plugin

#endif
