// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A recording as an STD trace: threads, exclusive locks, who starts and awaits whom. STD has no words for the rest, and
// what was left out, or reads otherwise there, is counted.
//
// What comes out is well formed: a lock is held by one thread at a time, also where the recording misses a release.
#ifndef UNDERLOCK_ANALYZER_STD_EXPORT_H
#define UNDERLOCK_ANALYZER_STD_EXPORT_H

#include "analyzer/replay/Recording.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/raw_ostream.h"

namespace underlock::std_format {

// Who is started by which token, as the trace numbers contexts: known at the child's first record, needed at its
// parent's, and so collected by a replay of its own.
class Children : public Observer {
public:
  explicit Children(const Recording &R) : R(R) {}
  void start(const Moment &M, uint64_t Token) override { ByToken[Token] = R.Contexts[M.Context].TraceId; }
  llvm::DenseMap<uint64_t, uint32_t> ByToken;

private:
  const Recording &R;
};

class Exporter : public Observer {
public:
  Exporter(const Recording &R, const Children &Started, llvm::raw_ostream &Out) : R(R), Started(Started), Out(Out) {}

  void acquired(const Moment &, const Hold &New) override;
  void released(const Moment &, const Hold &Old, SiteId At) override;
  void releasedUnheld(const Moment &, InstanceId Lock, SiteId At, ContextId Holder) override;
  void failed(const Moment &, InstanceId, PlaceRef) override { ++Failed; }
  void event(const Moment &, PlaceRef, llvm::ArrayRef<uint64_t>) override { ++Events; }
  void phaseBegin(const Moment &, PlaceRef, const model::Phase &) override { ++Phases; }
  void born(const Moment &, InstanceId, SiteId) override { ++Births; }
  void fork(const Moment &M, uint64_t Token) override { thread(M, "fork", Token); }
  void join(const Moment &M, uint64_t Token) override { thread(M, "join", Token); }
  void waiting(const Moment &, InstanceId, PlaceRef, Ticks) override { ++Waits; }

  // A sentence for each kind of thing that the text does not say, or says otherwise. After the replay.
  std::vector<std::string> losses() const;
  // LOCATION|FILE:LINE:COLUMN|FUNCTION for each location in it.
  void locations(llvm::raw_ostream &To) const;

private:
  struct Holder {
    ContextId Context = None;
    unsigned Depth = 0;
  };
  bool sayable(const Hold &H);
  void catchUp(const Moment &M);
  void take(ContextId C, InstanceId Lock, SiteId At);
  void line(ContextId C, llvm::StringRef What, InstanceId Lock, SiteId At);
  void thread(const Moment &M, llvm::StringRef What, uint64_t Token);

  const Recording &R;
  const Children &Started;
  llvm::raw_ostream &Out;
  llvm::DenseMap<InstanceId, Holder> Holders;
  uint64_t SharedHolds = 0, Tries = 0, OtherKinds = 0, MadeUp = 0, Failed = 0, Events = 0, Phases = 0, Births = 0,
           Waits = 0, NeverRan = 0, Delegated = 0;
};

} // namespace underlock::std_format

#endif
