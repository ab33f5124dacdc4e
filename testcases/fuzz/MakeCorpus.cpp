// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the seeds: make_corpus FOLDER fills FOLDER/trace and FOLDER/records.
#include "testcases/fuzz/Compact.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdio>

using namespace underlock::test;

static bool put(const std::string &Path, const std::string &Data) {
  std::error_code Error;
  llvm::raw_fd_ostream Out(Path, Error);
  if (!Error)
    Out << Data;
  else
    llvm::errs() << Path << ": " << Error.message() << '\n';
  return !Error;
}

// The definitions that a block gets by its flag are taken off the records, where they stand.
static std::string compact(const TraceWriter &W) {
  ChunkWriter Definitions;
  defineAll(Definitions, smallModel().marksHash());
  const std::string &Defined = Definitions.Records.Data;
  std::string Out;
  for (const ChunkWriter &C : W.Chunks) {
    bool Defines = C.Records.Data.compare(0, Defined.size(), Defined) == 0;
    uint8_t Flags = (C.Sealed ? BlockSealed : 0) | (Defines ? BlockDefines : 0) | (C.WaitingLock ? BlockWaits : 0);
    appendBlock(Out, C.Context - 1, Flags, C.StartTicks - 1000, C.Records.Data.substr(Defines ? Defined.size() : 0));
  }
  return Out;
}

int main(int Argc, char **Argv) {
  if (Argc != 2) {
    llvm::errs() << "usage: make_corpus FOLDER\n";
    return 2;
  }
  std::string Folder = Argv[1];
  bool Good = true;
  const std::pair<const char *, TraceWriter> Seeds[] = {
      {"sealed", sealedTrace()}, {"end-first", endFirstTrace()}, {"killed", killedTrace()},
      {"ring", ringTrace()},     {"distinct", distinctTrace()},
      {"packed", packedTrace()}};
  for (const auto &[Name, W] : Seeds) {
    Good &= put(Folder + "/trace/" + Name, W.finish());
    Good &= put(Folder + "/records/" + Name, compact(W));
  }
  return Good ? 0 : 2;
}
