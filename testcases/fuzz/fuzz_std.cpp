// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Traces in RAPID's STD format: whatever is read makes a trace that our own reader takes; whatever is not has a place
// and a reason. The same text once more as a table of locations.
#include "analyzer/analyses/Analysis.h"
#include "analyzer/std/Import.h"
#include "analyzer/trace/Open.h"
#include <cstdlib>

using namespace underlock;

static model::Model stdModel() {
  model::Model M;
  M.Name = "std";
  model::Lock L;
  L.Id = "std-lock";
  L.Recursive = true;
  M.Locks.push_back(L);
  return M;
}

static void judge(const std::string &Trace) {
  std::string Text;
  llvm::raw_string_ostream Errors(Text);
  auto File = TraceFile::parse(llvm::MemoryBuffer::getMemBuffer(Trace, "imported", false), Errors);
  if (!File)
    std::abort();
  OpenTrace T(std::move(File), stdModel(), "", Errors);
  auto Analyses = makeAnalyses(T.R);
  std::vector<Observer *> Observers;
  for (const auto &A : Analyses)
    Observers.push_back(A.get());
  if (!replay(T.From, T.R, Observers))
    std::abort();
  std::vector<Finding> Findings;
  for (const auto &A : Analyses)
    A->finish(Findings);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *Data, size_t Size) {
  llvm::StringRef Text(reinterpret_cast<const char *>(Data), Size);
  std::string Said, Trace;
  llvm::raw_string_ostream Errors(Said), Out(Trace);
  std_format::ImportOptions O;
  O.Name = "fuzz.std";
  O.ModelHash = stdModel().marksHash();
  std_format::readLocations(Text, "fuzz.locations", O.Locations, llvm::nulls());
  std_format::Importer I(O, Errors);
  if (I.survey(Text)) {
    I.write(Text, Out);
    judge(Trace);
  } else if (!llvm::StringRef(Said).starts_with("fuzz.std:") || !llvm::StringRef(Said).contains(": error: ")) {
    std::abort();
  }
  return 0;
}
