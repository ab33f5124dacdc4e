// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The words for certainties, severities and modes: the same in every format and on the command line.
#include "analyzer/report/Report.h"

using namespace underlock;

static constexpr llvm::StringLiteral CertaintyNames[] = {"possible", "assumed", "predicted", "observed"};

llvm::StringRef report::nameOf(Certainty C) { return CertaintyNames[static_cast<unsigned>(C)]; }

std::optional<Certainty> report::certaintyNamed(llvm::StringRef Name) {
  for (unsigned I = 0; I < 4; ++I)
    if (CertaintyNames[I] == Name)
      return static_cast<Certainty>(I);
  return std::nullopt;
}

llvm::StringRef report::nameOf(model::Severity S) {
  static constexpr llvm::StringLiteral Names[] = {"error", "warning", "note"};
  return Names[static_cast<unsigned>(S)];
}

llvm::StringRef report::nameOf(model::Mode M) {
  static constexpr llvm::StringLiteral Names[] = {"exclusive", "shared", "any"};
  return Names[static_cast<unsigned>(M)];
}
