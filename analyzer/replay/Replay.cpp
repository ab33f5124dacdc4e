// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Replay keeps, record by record, what each context holds and which lock lives at which address, and tells observers.
//
// A recording may be wrong in ways that a real run cannot be: a release that was not marked leaves a lock held for
// ever, and every later acquisition would look as if done under it. So replay believes the locks over the marks: where
// a context gets a lock exclusively that another still seems to hold, the older hold has ended unseen. It is ended
// then, counted, and said (DESIGN.md: "the analyzer verifies it, and says so").
//
// Where a recording begins in the middle (a ring) or shows moments that do not follow on each other (distinct), it says
// what is held, and replay takes that over without a word to the observers.
#include "analyzer/replay/Replay.h"
#include "analyzer/replay/Delegation.h"
#include "analyzer/replay/Doubts.h"
#include "analyzer/replay/LockTable.h"
#include "analyzer/replay/TsanNames.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include <utility>

using namespace underlock;

namespace {

class Replayer {
public:
  Replayer(Source &From, Recording &R, llvm::ArrayRef<Observer *> To)
      : From(From), R(R), To(To), Locks(R), Delegated(R), Doubted(R), Tsan(R) {}

  bool run();

private:
  struct ContextState {
    llvm::SmallVector<Hold, 8> Held;
    bool Ended = false;
    uint64_t Joined = 0;   // the thread that it has just joined
    InstanceId End = None; // for those who wait for it
  };

  void one(const Record &Rec);
  void acquired(const Record &Rec);
  void awaited(const Record &Rec);
  void signalled(const Record &Rec);
  void released(const Record &Rec);
  void releasedElsewhere(const Record &Rec, InstanceId Lock);
  void born(const Record &Rec);
  void diedAt(const Record &Rec, uint64_t Address);
  void died(const Record &Rec, InstanceId Lock);
  void thread(const Record &Rec);
  void tsanReport(const Record &Rec);
  void endOfRecording();

  void handedOn(const Record &Rec);
  void held(const Record &Rec);
  void forgetHolds(ContextId C);

  // Who has the lock to himself; None where nobody does.
  ContextId &exclusiveHolder(InstanceId Lock) {
    if (Lock >= ExclusiveHolders.size())
      ExclusiveHolders.resize(R.Instances.size(), None);
    return ExclusiveHolders[Lock];
  }
  void endHold(ContextId Context, InstanceId Lock, size_t Index);
  void endUnseenHold(const Record &Rec, InstanceId Lock, ContextId Holder);

  Moment momentOf(const Record &Rec) {
    return Moment{Rec.Time, Rec.Context, Rec.State, heldFor(Rec.Context), Delegated.unclear(Rec.Context)};
  }
  llvm::ArrayRef<Hold> heldFor(ContextId C);
  void heldWhileWaiting(Moment &M, SiteId At);
  InstanceId endOf(ContextId C, SiteId At);
  InstanceId waitedFor(uint64_t Address, SiteId At);
  void addHolders(Blocked &B) const;
  ContextState &contextState(ContextId C) {
    if (C >= Contexts.size())
      Contexts.resize(C + 1);
    return Contexts[C];
  }
  template <typename Callback> void tell(Callback Call) {
    if (!Quiet)
      for (Observer *O : To)
        Call(*O);
  }

  Source &From;
  Recording &R;
  llvm::ArrayRef<Observer *> To;

  std::vector<ContextState> Contexts;
  LockTable Locks;
  std::vector<ContextId> ExclusiveHolders;       // by InstanceId
  llvm::DenseMap<uint64_t, InstanceId> LastDead; // for ThreadSanitizer, which reports behind our own record
  Delegations Delegated;
  Doubts Doubted;
  TsanNames Tsan;
  std::vector<Hold> WithDelegated;              // what heldFor() returned last, where others hold locks for the context
  std::vector<Hold> Waits;                      // what heldWhileWaiting() left
  llvm::DenseMap<uint64_t, ContextId> Children; // by the token of their start
  Ticks Last = 0;
  bool Quiet = false;
};

// ---- Holds ----

// What a context holds, and what those hold who wait for it.
llvm::ArrayRef<Hold> Replayer::heldFor(ContextId C) {
  llvm::SmallVector<ContextId, 2> Waiters = Delegated.waitersFor(C);
  llvm::ArrayRef<Hold> Own = contextState(C).Held;
  if (Waiters.empty())
    return Own;
  WithDelegated.assign(Own.begin(), Own.end());
  for (ContextId W : Waiters) // of whom a record has been seen, so nothing moves here
    for (const Hold &H : Contexts[W].Held) {
      WithDelegated.push_back(H);
      WithDelegated.back().By = W;
    }
  return WithDelegated;
}

void Replayer::endHold(ContextId Context, InstanceId Lock, size_t Index) {
  auto &Held = contextState(Context).Held;
  Held.erase(Held.begin() + Index);
  if (exclusiveHolder(Lock) == Context &&
      llvm::none_of(Held, [&](const Hold &H) { return H.Lock == Lock && H.Mode != model::Mode::Shared; }))
    exclusiveHolder(Lock) = None;
}

void Replayer::endUnseenHold(const Record &Rec, InstanceId Lock, ContextId Holder) {
  auto &Held = contextState(Holder).Held;
  for (size_t I = Held.size(); I-- > 0;)
    if (Held[I].Lock == Lock)
      endHold(Holder, Lock, I);
  Doubted.endedUnseen(Holder, Lock);
}

void Replayer::acquired(const Record &Rec) {
  const Site &S = R.Sites[Rec.Site];
  InstanceId Lock = Locks.at(Rec.Lock, Rec.Site);
  LockInstance &Instance = R.Instances[Lock];
  if (Instance.Creator != Rec.Context)
    Instance.SharedUse = true;

  Locks.taken(Lock);
  // A counting semaphore can be taken by several; all else excludes.
  bool Excludes = !S.Lock || S.Lock->Kind != model::LockKind::Semaphore;
  if (ContextId Holder = exclusiveHolder(Lock); Excludes && Holder != None && Holder != Rec.Context)
    endUnseenHold(Rec, Lock, Holder);

  Hold New;
  New.Lock = Lock;
  New.Mode = S.Mode;
  New.ByTry = S.Verb == UNDERLOCK_VERB_TRY;
  New.Place = {Rec.Site, Rec.Stack};
  New.Since = Rec.Time;
  Moment M = momentOf(Rec);
  tell([&](Observer &O) { O.acquired(M, New); });
  contextState(Rec.Context).Held.push_back(New);
  // `S` may have moved: what-if makes sites of its own.
  if (New.Mode != model::Mode::Shared)
    exclusiveHolder(Lock) = Rec.Context;
}

// ---- Waits for what is no lock ----

// The model may say that the waiting function gives some locks back meanwhile.
void Replayer::heldWhileWaiting(Moment &M, SiteId At) {
  const model::Lock *Kind = R.Sites[At].Lock;
  if (!Kind || Kind->GivesUp.empty())
    return;
  Waits.assign(M.Held.begin(), M.Held.end());
  llvm::erase_if(Waits, [&](const Hold &H) { return llvm::is_contained(Kind->GivesUp, R.classOf(H.Lock).Name); });
  M.Held = Waits;
}

// The end of a context, as something to wait for.
InstanceId Replayer::endOf(ContextId C, SiteId At) {
  InstanceId &End = contextState(C).End;
  if (End == None)
    End = Locks.endOf(C, At);
  return End;
}

// A thread is named by its token.
InstanceId Replayer::waitedFor(uint64_t Address, SiteId At) {
  const Site &S = R.Sites[At];
  if (S.Verb == UNDERLOCK_VERB_AWAIT && S.Lock->Kind == model::LockKind::Thread)
    if (auto It = Children.find(Address); It != Children.end())
      return endOf(It->second, At);
  return Locks.at(Address, At);
}

void Replayer::awaited(const Record &Rec) {
  const model::Lock &Kind = *R.Sites[Rec.Site].Lock;
  uint64_t Object = Rec.Lock;
  if (Kind.Kind == model::LockKind::Thread)
    Object = std::exchange(contextState(Rec.Context).Joined, 0); // else it was started before the recording
  InstanceId Lock = waitedFor(Object, Rec.Site);
  Moment M = momentOf(Rec);
  heldWhileWaiting(M, Rec.Site);
  tell([&](Observer &O) { O.awaited(M, Lock, {Rec.Site, Rec.Stack}); });
  if (!Kind.Ends || Kind.Kind == model::LockKind::Thread)
    return;
  for (ContextId C = 0; C < Contexts.size(); ++C)
    for (size_t I = Contexts[C].Held.size(); I-- > 0;)
      if (Contexts[C].Held[I].Lock == Lock)
        endHold(C, Lock, I);
  Locks.erase(Object, Lock);
}

void Replayer::signalled(const Record &Rec) {
  InstanceId Lock = Locks.at(Rec.Lock, Rec.Site);
  R.Instances[Lock].SharedUse |= R.Instances[Lock].Creator != Rec.Context;
  Moment M = momentOf(Rec);
  tell([&](Observer &O) { O.signalled(M, Lock, {Rec.Site, Rec.Stack}); });
}

void Replayer::released(const Record &Rec) {
  InstanceId Lock = Locks.at(Rec.Lock, Rec.Site);
  auto &Held = contextState(Rec.Context).Held;
  model::Mode Wanted = R.Sites[Rec.Site].Mode;
  size_t Found = Held.size();
  for (size_t I = Held.size(); I-- > 0;) {
    if (Held[I].Lock != Lock)
      continue;
    if (Found == Held.size())
      Found = I;
    if (Wanted == model::Mode::Any || Held[I].Mode == Wanted) {
      Found = I;
      break;
    }
  }
  if (Found == Held.size())
    return releasedElsewhere(Rec, Lock);
  Moment M = momentOf(Rec);
  Hold Old = Held[Found];
  tell([&](Observer &O) { O.released(M, Old, Rec.Site); });
  endHold(Rec.Context, Lock, Found);
}

// The releasing context does not hold it. Kinds without an owner (semaphores) may be taken here and given back there;
// for the others it is the analyses' to judge. Either way the lock is free afterwards.
void Replayer::releasedElsewhere(const Record &Rec, InstanceId Lock) {
  if (Doubted.comesLate(Rec.Context, Lock))
    return;
  ContextId Holder = None;
  size_t Index = 0;
  for (ContextId C = 0; C < Contexts.size() && Holder == None; ++C)
    for (size_t I = Contexts[C].Held.size(); I-- > 0;)
      if (Contexts[C].Held[I].Lock == Lock) {
        Holder = C;
        Index = I;
        break;
      }
  const model::Lock *Kind = R.classOf(Lock).Lock;
  Moment M = momentOf(Rec);
  if (Holder == None || !Kind || Kind->Owner) {
    tell([&](Observer &O) { O.releasedUnheld(M, Lock, Rec.Site, Holder); });
  } else {
    M.Held = contextState(Holder).Held;
    Hold Old = M.Held[Index];
    tell([&](Observer &O) { O.released(M, Old, Rec.Site); });
  }
  if (Holder != None)
    endHold(Holder, Lock, Index);
}

// A name that is given before the lock is born is meant for the one to be born: `make_lock(&account->lock)`.
void Replayer::handedOn(const Record &Rec) {
  InstanceId Lock = Locks.at(Rec.Lock, Rec.Site);
  Locks.handedOn(Lock, Rec.Site);
}

// ---- Recordings that begin in the middle ----

void Replayer::held(const Record &Rec) {
  const Site &S = R.Sites[Rec.Site];
  InstanceId Lock = Locks.at(Rec.Lock, Rec.Site);
  contextState(Rec.Context)
      .Held.push_back({Lock, S.Mode, S.Verb == UNDERLOCK_VERB_TRY, {Rec.Site, Rec.Stack}, Rec.Time});
  // Snapshots of different contexts are of different moments: who excludes whom cannot be told from them.
  if (R.Mode == UNDERLOCK_RECORDING_DISTINCT)
    return;
  if (S.Mode != model::Mode::Shared)
    exclusiveHolder(Lock) = Rec.Context;
}

void Replayer::forgetHolds(ContextId C) {
  while (!contextState(C).Held.empty())
    endHold(C, contextState(C).Held.back().Lock, contextState(C).Held.size() - 1);
}

// ---- Lifetimes, threads ----

void Replayer::diedAt(const Record &Rec, uint64_t Address) {
  llvm::SmallVector<InstanceId, 2> All = Locks.all(Address);
  if (All.empty())
    return;
  for (InstanceId Lock : All)
    died(Rec, Lock);
  if (R.Tsan)
    LastDead[Address] = All.front();
  Locks.erase(Address);
}

void Replayer::died(const Record &Rec, InstanceId Lock) {
  ContextId HeldBy = None;
  for (ContextId C = 0; C < Contexts.size() && HeldBy == None; ++C)
    if (llvm::any_of(Contexts[C].Held, [&](const Hold &H) { return H.Lock == Lock; }))
      HeldBy = C;
  Moment M = momentOf(Rec);
  tell([&](Observer &O) { O.died(M, Lock, Rec.Site, HeldBy); });
  for (ContextId C = 0; C < Contexts.size(); ++C)
    for (size_t I = Contexts[C].Held.size(); I-- > 0;)
      if (Contexts[C].Held[I].Lock == Lock)
        endHold(C, Lock, I);
}

void Replayer::born(const Record &Rec) {
  SiteId Hint = Locks.hintFor(Rec.Lock);
  diedAt(Rec, Rec.Lock);
  InstanceId Lock = Locks.born(Rec.Lock, Rec.Site, Rec.Context, Hint);
  Moment M = momentOf(Rec);
  tell([&](Observer &O) { O.born(M, Lock, Rec.Site); });
}

void Replayer::thread(const Record &Rec) {
  Moment M = momentOf(Rec);
  switch (Rec.What) {
  case UNDERLOCK_THREAD_FORK:
    return tell([&](Observer &O) { O.fork(M, Rec.Value); });
  case UNDERLOCK_THREAD_START:
    Children[Rec.Value] = Rec.Context;
    return tell([&](Observer &O) { O.start(M, Rec.Value); });
  case UNDERLOCK_THREAD_JOIN:
    contextState(Rec.Context).Joined = Rec.Value;
    return tell([&](Observer &O) { O.join(M, Rec.Value); });
  case UNDERLOCK_THREAD_END:
    contextState(Rec.Context).Ended = true;
    tell([&](Observer &O) { O.contextEnd(M); });
    return Delegated.contextEnded(Rec.Context);
  }
}

void Replayer::tsanReport(const Record &Rec) {
  TsanReport &T = R.TsanReports[Rec.Value];
  Tsan.resolve(T, [&](uint64_t Address) {
    if (InstanceId Lock = Locks.known(Address); Lock != None)
      return Lock;
    auto Dead = LastDead.find(Address);
    return Dead == LastDead.end() ? None : Dead->second;
  });
  Moment M = momentOf(Rec);
  tell([&](Observer &O) { O.tsanReport(M, T); });
}

void Replayer::one(const Record &Rec) {
  switch (Rec.Kind) {
  case UNDERLOCK_RECORD_ACQUIRED:
    switch (R.Sites[Rec.Site].Verb) {
    case UNDERLOCK_VERB_AWAIT:
      return awaited(Rec);
    case UNDERLOCK_VERB_SIGNAL:
      return signalled(Rec);
    default:
      return acquired(Rec);
    }
  case UNDERLOCK_RECORD_RELEASED:
    return released(Rec);
  case UNDERLOCK_RECORD_INIT:
    return born(Rec);
  case UNDERLOCK_RECORD_DESTROY:
    return diedAt(Rec, Rec.Lock);
  case UNDERLOCK_RECORD_THREAD:
    return thread(Rec);
  case UNDERLOCK_RECORD_HELD:
    return held(Rec);
  case UNDERLOCK_RECORD_SNAPSHOT:
    return forgetHolds(Rec.Context);
  case UNDERLOCK_RECORD_BORN:
    return Locks.bornBefore(Rec.Lock, Rec.Site, static_cast<ContextId>(Rec.Value));
  case UNDERLOCK_RECORD_NAME:
    return handedOn(Rec);
  case UNDERLOCK_RECORD_DEFINE:
    return tsanReport(Rec);
  default:
    break;
  }

  PlaceRef At{Rec.Site, Rec.Stack};
  if (Rec.Kind == UNDERLOCK_RECORD_FAILED) {
    InstanceId Lock = Locks.at(Rec.Lock, Rec.Site);
    Moment M = momentOf(Rec);
    return tell([&](Observer &O) { O.failed(M, Lock, At); });
  }
  if (Rec.Kind == UNDERLOCK_RECORD_EVENT && R.Sites[Rec.Site].Event)
    Delegated.event(*R.Sites[Rec.Site].Event, Rec.Context, Rec.Objects);
  Moment M = momentOf(Rec);
  if (Rec.Kind == UNDERLOCK_RECORD_EVENT)
    return tell([&](Observer &O) { O.event(M, At, Rec.Objects); });
  const model::Phase *P = Rec.Site != None ? R.Sites[Rec.Site].Phase : nullptr;
  Quiet = false; // a phase that began before a ring's horizon goes on behind it
  if (Rec.Kind == UNDERLOCK_RECORD_PHASE_BEGIN && P) {
    tell([&](Observer &O) { O.phaseBegin(M, At, *P); });
    if (Rec.Value < R.Titles.size())
      tell([&](Observer &O) { O.titled(M, *P, R.Titles[Rec.Value]); });
    return;
  }
  if (Rec.Kind == UNDERLOCK_RECORD_PHASE_END && P)
    return tell([&](Observer &O) { O.phaseEnd(M, Rec.Site, *P); });
  if (Rec.Kind == UNDERLOCK_RECORD_EXIT)
    R.CleanExit = true;
}

// ---- The whole ----

// Shared holds keep nobody out who wants it shared, but for a writer that waits between them.
void Replayer::addHolders(Blocked &B) const {
  if (ContextId Ends = R.Instances[B.Lock].EndOf; Ends != None) {
    B.Holders.push_back({Ends, {}, Contexts[Ends].Ended});
    return;
  }
  bool Shared = R.Sites[B.At.Site].Mode == model::Mode::Shared;
  for (ContextId C = 0; C < Contexts.size(); ++C)
    for (const Hold &H : Contexts[C].Held)
      if (H.Lock == B.Lock && !(Shared && H.Mode == model::Mode::Shared)) {
        B.Holders.push_back({C, H, Contexts[C].Ended});
        break;
      }
}

void Replayer::endOfRecording() {
  std::vector<Blocked> Stuck;
  for (const Waiting &W : From.waiting()) {
    InstanceId Lock = waitedFor(W.Lock, W.Place.Site);
    Moment M{R.End, W.Context, std::nullopt, heldFor(W.Context), Delegated.unclear(W.Context)};
    heldWhileWaiting(M, W.Place.Site);
    tell([&](Observer &O) { O.waiting(M, Lock, W.Place, W.Since); });
    Stuck.push_back({W.Context, Lock, W.Place, W.Since, M.Held.vec(), {}});
    addHolders(Stuck.back());
  }
  tell([&](Observer &O) { O.stuck(Stuck); });
  Doubted.remarksOnReleases(R.Remarks);
  Delegated.remarks(R.Remarks);
  Doubted.remarksOnTime(R.Remarks);
}

bool Replayer::run() {
  Record Rec;
  for (;;) {
    switch (From.next(Rec)) {
    case Source::Status::Failed:
      return false;
    case Source::Status::End:
      Quiet = false;
      endOfRecording();
      return true;
    case Source::Status::Record:
      break;
    }
    Quiet = Rec.Quiet;
    if (!Quiet && R.Records++ == 0)
      R.Start = Rec.Time;
    if (Rec.Time < Last)
      Doubted.backwards();
    Last = R.End = std::max(Last, Rec.Time);
    one(Rec);
    if (R.Mode == UNDERLOCK_RECORDING_DISTINCT && !Quiet && Rec.Kind != UNDERLOCK_RECORD_THREAD)
      forgetHolds(Rec.Context);
  }
}

} // namespace

bool underlock::replay(Source &From, Recording &R, llvm::ArrayRef<Observer *> To) {
  return Replayer(From, R, To).run();
}
