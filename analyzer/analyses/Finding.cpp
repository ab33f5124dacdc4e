// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fingerprints.
#include "analyzer/analyses/Finding.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

using namespace underlock;

std::string underlock::fingerprint(const Finding &F) {
  // NUL separates: no name contains one, so no two identities run together.
  std::string Text = F.Analysis + '\0' + F.Rule;
  for (const std::string &Part : F.Identity)
    Text += '\0' + Part;
  std::string Digits = llvm::utohexstr(llvm::xxh3_64bits(Text), /*LowerCase=*/true);
  return std::string(16 - Digits.size(), '0') + Digits;
}
