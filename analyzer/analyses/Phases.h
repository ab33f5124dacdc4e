// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which phases of the model are going on, for analyses that ask. An analysis forwards phaseBegin and phaseEnd.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_PHASES_H
#define UNDERLOCK_ANALYZER_ANALYSES_PHASES_H

#include "analyzer/model/Model.h"
#include "llvm/ADT/ArrayRef.h"
#include <algorithm>
#include <vector>

namespace underlock {

class ActivePhases {
public:
  explicit ActivePhases(const model::Model &M) : M(M), Depth(M.Phases.size(), 0) {
    for (size_t I = 0; I < Depth.size(); ++I)
      Depth[I] = M.Phases[I].FromStart;
  }

  void begin(const model::Phase &P) { ++Depth[indexOf(P)]; }
  // An end without a begin changes nothing: the phase began before the recording did.
  void end(const model::Phase &P) {
    unsigned &D = Depth[indexOf(P)];
    D -= D > 0;
  }

  bool active(llvm::StringRef Id) const {
    const model::Phase *P = M.findPhase(Id);
    return P && Depth[indexOf(*P)] > 0;
  }
  bool anyActive(llvm::ArrayRef<std::string> Ids) const {
    return std::any_of(Ids.begin(), Ids.end(), [&](const std::string &Id) { return active(Id); });
  }
  // One bit for each of the first 64 given phases that is going on.
  uint64_t mask(llvm::ArrayRef<std::string> Ids) const {
    uint64_t Bits = 0;
    for (size_t I = 0; I < Ids.size() && I < 64; ++I)
      Bits |= uint64_t(active(Ids[I])) << I;
    return Bits;
  }

private:
  size_t indexOf(const model::Phase &P) const { return &P - M.Phases.data(); }

  const model::Model &M;
  std::vector<unsigned> Depth; // by index into the model's phases
};

} // namespace underlock

#endif
