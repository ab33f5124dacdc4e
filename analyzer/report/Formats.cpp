// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The formats there are.
#include "analyzer/report/Report.h"

using namespace underlock;

static constexpr report::Format All[] = {
    {"text", "for people", report::text},
    {"json", "everything, for programs", report::json},
    {"sarif", "SARIF 2.1.0, for code scanning and editors", report::sarif},
    {"junit", "JUnit XML, for what shows test results", report::junit},
    {"github", "annotations of GitHub Actions", report::github},
    {"gitlab", "GitLab's code quality report", report::gitlab},
    {"markdown", "a page for a job's summary", report::markdown},
};

llvm::ArrayRef<report::Format> report::formats() { return All; }

const report::Format *report::formatNamed(llvm::StringRef Name) {
  for (const Format &F : All)
    if (F.Name == Name)
      return &F;
  return nullptr;
}
