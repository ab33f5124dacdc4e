// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names of addresses out of a packed trace: what LLVMSymbols said beside the build, doubts included, each said when its
// first address is asked for, as there.
#ifndef UNDERLOCK_ANALYZER_SYMBOLS_PACKEDSYMBOLS_H
#define UNDERLOCK_ANALYZER_SYMBOLS_PACKEDSYMBOLS_H

#include "analyzer/trace/Pack.h"
#include "llvm/ADT/BitVector.h"

namespace underlock {

class PackedSymbols : public Symbols {
public:
  PackedSymbols(Recording &R, Pack Known) : R(R), Known(std::move(Known)), Said(this->Known.Doubts.size()) {}
  std::vector<Frame> frames(uint64_t ReturnAddress) override {
    const Pack::Names *N = find(Known.Code, ReturnAddress);
    return N ? N->Frames : std::vector<Frame>();
  }
  std::string datum(uint64_t Address) override {
    const Pack::Names *N = find(Known.Data, Address);
    return N ? N->Datum : "";
  }
  std::optional<std::string> line(const std::string &File, uint32_t Line) override {
    auto It = Known.Lines.find({File, Line});
    return It == Known.Lines.end() ? std::nullopt : std::optional(It->second);
  }
  bool empty() const { return Known.empty(); }

private:
  const Pack::Names *find(const std::map<uint64_t, Pack::Names> &In, uint64_t Address) {
    auto It = In.find(Address);
    if (It == In.end())
      return nullptr;
    if (uint32_t Doubt = It->second.Doubt; Doubt && !Said.test(Doubt - 1)) {
      Said.set(Doubt - 1);
      R.Remarks.push_back({Remark::Kind::Warning, Known.Doubts[Doubt - 1]});
    }
    return &It->second;
  }

  Recording &R;
  Pack Known;
  llvm::BitVector Said; // by doubt
};

} // namespace underlock

#endif
