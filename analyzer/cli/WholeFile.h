// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files that are written whole or not at all.
#ifndef UNDERLOCK_ANALYZER_CLI_WHOLEFILE_H
#define UNDERLOCK_ANALYZER_CLI_WHOLEFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace underlock::cli {

// Writes a file by `Write`, through a temporary one beside it. The old one may be what the new one is made of, mapped
// and all; after an error it is as it was. A pipe or a device is written to directly; so is, once all of it is there, a file
// that no other one can be put in the place of: in a folder that is not writable, or mounted by itself.
llvm::Error writeWhole(llvm::StringRef Path, llvm::function_ref<void(llvm::raw_ostream &)> Write);

// The same, and after an error says that and why on standard error. `What` is for the message: "the baseline".
bool writeWhole(llvm::StringRef Path, llvm::StringRef What, llvm::function_ref<void(llvm::raw_ostream &)> Write);

} // namespace underlock::cli

#endif
