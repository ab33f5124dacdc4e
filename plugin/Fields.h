// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fields of what a function is given, as debug information describes them.
#ifndef UNDERLOCK_PLUGIN_FIELDS_H
#define UNDERLOCK_PLUGIN_FIELDS_H

#include "llvm/IR/DebugInfoMetadata.h"
#include <optional>

namespace underlock::plugin {

struct TextField {
  uint64_t Offset = 0;    // in bytes, in the struct
  bool IsPointer = false; // to the text, which else lies in the struct itself
};

// The field `Name` of the struct that an argument points to, counted as in the source: a text, by pointer or as an
// array. Nothing where there is no such field, or it is none.
std::optional<TextField> findTextField(const llvm::DISubprogram &Function, unsigned Argument, llvm::StringRef Name);

struct NumberField {
  uint64_t Offset = 0; // in bytes, in the struct
  unsigned Bits = 0;   // of a number
  bool IsPointer = false;
};

// … and one that is a pointer or a number of whole bytes.
std::optional<NumberField> findNumberField(const llvm::DISubprogram &Function, unsigned Argument, llvm::StringRef Name);

} // namespace underlock::plugin

#endif
