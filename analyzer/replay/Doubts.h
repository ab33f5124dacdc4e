// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What replay doubts of a recording: releases that it does not have, sections of one lock that overlap, a clock that
// runs backwards. Each is counted while the replay runs, and said at its end.
//
// Thread-safety: none.
#ifndef UNDERLOCK_ANALYZER_REPLAY_DOUBTS_H
#define UNDERLOCK_ANALYZER_REPLAY_DOUBTS_H

#include "analyzer/replay/Recording.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

namespace underlock {

class Doubts {
public:
  // `R` outlives it.
  explicit Doubts(const Recording &R) : R(R) {}

  // Another context got the lock: the hold of this one has ended without a record.
  void endedUnseen(ContextId Holder, InstanceId Lock);
  // The context releases what it does not hold. Is that the release of a hold that was ended so?
  bool comesLate(ContextId C, InstanceId Lock);
  // A record stands before an earlier one of another context.
  void backwards() { ++Backwards; }

  // The first are of releases, the others of the clock.
  void remarksOnReleases(std::vector<Remark> &Out) const;
  void remarksOnTime(std::vector<Remark> &Out) const;

private:
  const Recording &R;
  llvm::StringMap<uint64_t> UnseenReleases; // by class: holds that ended without a record
  // Holds that were ended that way. Their release may still come: then the clock is to blame, not a missing mark.
  llvm::DenseMap<std::pair<ContextId, InstanceId>, uint32_t> EndedUnseen;
  uint64_t Overlaps = 0;
  uint64_t Backwards = 0;
};

} // namespace underlock

#endif
