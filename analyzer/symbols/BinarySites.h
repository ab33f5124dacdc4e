// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an instrumented object or program has marked: the site records that the plugin emits (underlock/hooks.h), read
// out of the file, and the functions that it knows by name.
#ifndef UNDERLOCK_ANALYZER_SYMBOLS_BINARYSITES_H
#define UNDERLOCK_ANALYZER_SYMBOLS_BINARYSITES_H

#include "analyzer/replay/Events.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>

namespace underlock {

struct BinarySites {
  std::vector<Site> Sites;
  std::vector<uint64_t> ModelHashes; // of the marks that its units were built with
  // Symbols, undefined ones included, and what debug information describes: inlined functions have no symbol left.
  llvm::StringSet<> Functions;
};

// Nothing after an error that was reported to `Errors`: no 64-bit little-endian ELF file.
std::optional<BinarySites> readBinarySites(llvm::StringRef Path, llvm::raw_ostream &Errors);

} // namespace underlock

#endif
