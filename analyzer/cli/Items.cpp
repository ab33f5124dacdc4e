// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analyzer/cli/Items.h"
#include "analyzer/cli/Commands.h"
#include "analyzer/cli/Gate.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace underlock;
using llvm::StringRef;

bool cli::fails(const gate::Item &I, const JudgeOptions &O) {
  report::Options How = thresholds(O);
  return I.Sure >= How.Gate && I.Level <= How.FailOn && counts(I.Stands);
}

// A report begins with a brace. A recording may be large, so no more than that is read of it here.
static bool looksLikeReport(StringRef Path) {
  auto Head = llvm::MemoryBuffer::getFileSlice(Path, 4096, 0);
  return Head && (*Head)->getBuffer().ltrim().starts_with("{");
}

static bool addReport(StringRef Path, std::vector<gate::Item> &Out) {
  auto Text = llvm::MemoryBuffer::getFile(Path);
  if (!Text) {
    cli::unusable(Path + ": " + Text.getError().message());
    return false;
  }
  std::optional<std::vector<gate::Item>> Read = gate::readReport(Path, (*Text)->getBuffer(), llvm::errs());
  if (Read)
    llvm::append_range(Out, *Read);
  return Read.has_value();
}

std::optional<std::vector<gate::Item>> cli::itemsOf(const std::vector<std::string> &Paths, const JudgeOptions &O) {
  std::vector<gate::Item> Out;
  std::vector<std::string> Traces;
  for (const std::string &Path : Paths)
    if (!looksLikeReport(Path))
      Traces.push_back(Path);
    else if (!addReport(Path, Out))
      return std::nullopt;
  if (Traces.empty())
    return Out;
  std::optional<Judgement> J = judged(Traces, O);
  if (!J)
    return std::nullopt;
  for (const report::Judged &One : J->All) {
    if (One.ProvesNothing) {
      unusable(One.R->Name + " proves nothing: " + One.Reason);
      return std::nullopt;
    }
    for (const Finding &F : One.Findings) {
      Out.push_back(gate::itemOf(*One.R, F));
      StringRef Part = gate::unfit(Out.back());
      if (!Part.empty()) {
        unusable(One.R->Name + ": the " + Part + " of finding " + Out.back().Fingerprint +
                 " has a line break or another control character in it: damaged");
        return std::nullopt;
      }
    }
  }
  return Out;
}
