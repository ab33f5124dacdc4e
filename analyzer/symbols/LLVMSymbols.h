// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names of addresses from the binaries that the recording names, by LLVM's symbolizer: functions with inlined frames
// expanded, and data.
//
// A binary that is not there, or is not the one that was recorded, is said once in the recording's remarks; addresses
// in it have no name, or a doubtful one. Thread-safety: none. Every answer is cached: analyses ask for the same stacks
// again.
#ifndef UNDERLOCK_ANALYZER_SYMBOLS_LLVMSYMBOLS_H
#define UNDERLOCK_ANALYZER_SYMBOLS_LLVMSYMBOLS_H

#include "analyzer/replay/Recording.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/DebugInfo/Symbolize/Symbolize.h"
#include <unordered_map>

namespace underlock {

class LLVMSymbols : public Symbols {
public:
  // `Binary` stands in for the image of the same file name, otherwise for the recorded program itself (the first
  // image); in a recording without images it is taken to have run where it was linked. Empty: the recorded paths.
  LLVMSymbols(Recording &R, llvm::StringRef Binary);
  std::vector<Frame> frames(uint64_t ReturnAddress) override;
  std::string datum(uint64_t Address) override;
  // A path is looked for from here, as the compiler looked for it.
  std::optional<std::string> line(const std::string &File, uint32_t Line) override;
  // What was remarked about the binary that this address is in, or "".
  llvm::StringRef doubt(uint64_t Address) { return locate(Address).Doubt; }

private:
  // Where an address is: which file, and at which of its link addresses. No file: the address has no name.
  struct Location {
    std::string File;
    uint64_t LinkAddress = 0;
    llvm::StringRef Doubt;
  };
  struct Examined {
    bool Usable = false;
    std::string Doubt;
  };
  Location locate(uint64_t Address);
  Location locateIn(const std::string &File, llvm::StringRef BuildId, uint64_t LinkAddress);
  std::string fileOf(size_t ImageIndex) const;
  static Examined examine(const std::string &File, llvm::StringRef BuildId);

  Recording &R;
  std::string Binary;
  llvm::symbolize::LLVMSymbolizer Symbolizer;
  llvm::StringMap<Examined> Binaries; // by file
  // Not DenseMap, which keeps two keys for itself: these are addresses out of a file.
  std::unordered_map<uint64_t, std::vector<Frame>> FrameCache;
  std::unordered_map<uint64_t, std::string> DatumCache;
  llvm::StringMap<std::vector<std::string>> Sources; // lines, by file; none where it cannot be read
};

} // namespace underlock

#endif
