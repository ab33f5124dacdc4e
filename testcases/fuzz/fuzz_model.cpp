// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Model files: YAML, keys, references.
#include "analyzer/model/Model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *Data, size_t Size) {
  llvm::StringRef Text(reinterpret_cast<const char *>(Data), Size);
  // Other files are not what is fuzzed.
  if (Text.contains("extends"))
    return 0;
  if (auto M = underlock::model::parse(Text, "fuzz.yaml", "/nonexistent", llvm::nulls()))
    M->marksHash();
  return 0;
}
