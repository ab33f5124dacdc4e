// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counting what cannot be so in a real run, and the remarks on it (Doubts.h).
#include "analyzer/replay/Doubts.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;

void Doubts::endedUnseen(ContextId Holder, InstanceId Lock) {
  ++UnseenReleases[R.classOf(Lock).Name];
  ++EndedUnseen[{Holder, Lock}];
}

bool Doubts::comesLate(ContextId C, InstanceId Lock) {
  auto It = EndedUnseen.find({C, Lock});
  if (It == EndedUnseen.end())
    return false;
  if (--It->second == 0)
    EndedUnseen.erase(It);
  --UnseenReleases[R.classOf(Lock).Name];
  ++Overlaps;
  return true;
}

void Doubts::remarksOnReleases(std::vector<Remark> &Out) const {
  for (const auto &Unseen : UnseenReleases)
    if (Unseen.getValue() > 0)
      Out.push_back(
          {Remark::Kind::Warning,
           llvm::formatv(
               "{0} was taken {1} time(s) while the recording still showed it held elsewhere: a release is not "
               "marked in the model, or was made by code built without Underlock; the older hold was ended",
               Unseen.getKey().empty() ? "a lock without a name" : Unseen.getKey(), Unseen.getValue())
               .str()});
}

void Doubts::remarksOnTime(std::vector<Remark> &Out) const {
  auto Say = [&](uint64_t Count, const char *What) {
    if (Count)
      Out.push_back({Remark::Kind::Warning, llvm::formatv(What, Count).str()});
  };
  Say(Overlaps, "{0} section(s) of one lock overlap in time: the clocks of the processors differ, so the order of "
                "events between threads is not exact");
  Say(Backwards, "{0} record(s) stand before an earlier one of another context: the clock ran backwards between "
                 "processors, so the order of locks is not exact");
}
