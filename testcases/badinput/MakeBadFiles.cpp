// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes bad traces to a folder, for the command to be tried on: make_bad_files MODEL.yaml SECOND.yaml FOLDER. MODEL is
// what the traces say they were recorded with, all but one; it has the entries of smallModel().
#include "testcases/badinput/Traces.h"
#include "llvm/Support/FileSystem.h"

using namespace underlock;
using namespace underlock::test;

static std::string Folder;
static bool Good = true;

static void put(const char *Name, const std::string &Data) {
  std::error_code Error;
  llvm::raw_fd_ostream Out(Folder + "/" + Name + ".trace", Error);
  Good &= !Error;
  if (!Error)
    Out << Data;
}

// The traces of Traces.cpp name the test's own model; here it is the file.
static TraceWriter forModel(TraceWriter W, uint64_t Hash, const std::string &Path) {
  for (ChunkWriter &C : W.Chunks) {
    ChunkWriter Old, New;
    Old.unit(1, smallModel().marksHash());
    New.unit(1, Hash, Path);
    size_t At = C.Records.Data.find(Old.Records.Data);
    if (At != std::string::npos)
      C.Records.Data.replace(At, Old.Records.Data.size(), New.Records.Data);
  }
  return W;
}

int main(int Argc, char **Argv) {
  if (Argc != 4) {
    llvm::errs() << "usage: make_bad_files MODEL.yaml SECOND.yaml FOLDER\n";
    return 2;
  }
  llvm::SmallString<128> Path(Argv[1]);
  llvm::sys::fs::make_absolute(Path);
  llvm::SmallString<128> SecondPath(Argv[2]);
  llvm::sys::fs::make_absolute(SecondPath);
  Folder = Argv[3];
  auto M = model::load({std::string(Path)}, "", llvm::errs());
  auto Second = model::load({std::string(SecondPath)}, "", llvm::errs());
  if (!M || !Second)
    return 2;
  uint64_t Hash = M->marksHash();
  TraceWriter W = forModel(sealedTrace(), Hash, std::string(Path));
  std::string Whole = W.finish(), Changed;

  put("good", Whole);
  put("killed", forModel(killedTrace(), Hash, std::string(Path)).finish());
  put("empty", "");
  put("text", "This is not a trace.\n");
  TraceWriter Newer = W;
  Newer.Version = 5;
  put("newer", Newer.finish());
  (Changed = Whole)[100] ^= 0x20;
  put("header", Changed);
  (Changed = Whole)[4096 + 300] ^= 0x04;
  put("chunk", Changed);
  put("cut-header", Whole.substr(0, 3000));
  put("cut-chunk", Whole.substr(0, 4096 + 4096 + 1000));
  put("cut-at-chunk", Whole.substr(0, 4096 + 4096));
  put("other-model", forModel(sealedTrace(), Hash + 1, std::string(Path)).finish());
  put("lost-model", forModel(sealedTrace(), Hash, "/nonexistent/other.yaml").finish());
  TraceWriter Two = W;
  Two.Chunks[1].unit(2, Hash + 1, "linux", "b.c");
  put("two-models", Two.finish());
  put("second-model", forModel(sealedTrace(), Second->marksHash(), std::string(SecondPath)).finish());
  TraceWriter Unexercised;
  defineAll(Unexercised.chunk(1), smallModel().marksHash());
  Unexercised.Chunks[0].lockRecord(Acquired, 1, 0x7000, 1).slotRecord(Released, 1, 0, SiteUnlock).exit(1);
  put("unexercised", forModel(std::move(Unexercised), Hash, std::string(Path)).finish());
  TraceWriter None;
  None.chunk().thread(1, Fork, 1).exit(1);
  put("no-instrumentation", None.finish());
  TraceWriter Undefined = W;
  Undefined.Chunks[1].lockRecord(Released, 1, 0x7000, 77);
  put("undefined-site", Undefined.finish());
  return Good ? 0 : 2;
}
