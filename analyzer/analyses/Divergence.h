// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// divergence: where a contract is violated on one way and kept on another, the function in which both ways join. It is
// entered with the lock and without, and goes on to need it: no lock and unlock inside it can be right for both.
//
// This is evidence for the contract's finding, not a finding of its own. Certainty: observed; both ways were gone.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_DIVERGENCE_H
#define UNDERLOCK_ANALYZER_ANALYSES_DIVERGENCE_H

#include "analyzer/analyses/Analysis.h"
#include <map>

namespace underlock {

class Divergences {
public:
  explicit Divergences(const Recording &R) : R(R) {}
  // The event of a contract happened under `By`, which keeps it.
  void kept(size_t Contract, PlaceRef At, const Hold &By);
  // … and at `Bare` without; nothing when the ways have no function in common, or none that is entered with the lock.
  std::optional<Divergence> of(size_t Contract, PlaceRef Bare) const;

private:
  struct Way {
    PlaceRef At;
    Hold By;
    uint64_t Count = 1;
  };
  // How many frames two ways have in common, from the event outwards.
  size_t common(llvm::ArrayRef<Frame> A, llvm::ArrayRef<Frame> B) const;
  bool takenInside(const Way &W, llvm::ArrayRef<Frame> Frames, size_t Common) const;

  const Recording &R;
  std::map<size_t, std::vector<Way>> Ways; // by contract: one for each place
  std::map<std::tuple<size_t, SiteId, StackId>, size_t> Seen;
};

} // namespace underlock

#endif
