// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a report of ThreadSanitizer names by addresses and thread ids, found among what the recording knows.
//
// Thread-safety: none.
#ifndef UNDERLOCK_ANALYZER_REPLAY_TSANNAMES_H
#define UNDERLOCK_ANALYZER_REPLAY_TSANNAMES_H

#include "analyzer/replay/Recording.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace underlock {

class TsanNames {
public:
  // Sites and stacks are appended to `R`.
  explicit TsanNames(Recording &R) : R(R) {}
  // Fills in contexts, places, locks and names. `LockAt`: the lock that lies, or lay last, at an address; or None.
  void resolve(TsanReport &T, llvm::function_ref<InstanceId(uint64_t)> LockAt);

private:
  PlaceRef placeOf(StackId Stack);
  ContextId contextWithId(uint64_t OsId) const;

  Recording &R;
  llvm::DenseMap<StackId, PlaceRef> PlaceOfStack; // of stacks that belong to no marked place
};

} // namespace underlock

#endif
