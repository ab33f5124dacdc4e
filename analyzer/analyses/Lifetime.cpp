// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// lifetime: an object is looked up and used, and freed by another context in between (`lifetimes` of a model).
//
//   observed   the free came between the look-up and a use
//   assumed    it came before or after, and nothing of this recording would have kept it out
//   possible   … of an object of this kind, but another one; or under locks of one class, which here were two
//
// A span goes from a look-up to the last use by the same context (or to where the model says that it ends). It is kept
// apart from a free by what both hold, not shared by both: a lock that is held all the time; or one after the other
// without a gap, where the other one takes them in that order too (HeldSets::ended). A lock that is given back and
// taken again leaves a gap. Other than by locks,
//   - by a reference, as long as this context has one: whoever frees has dropped the last one. (A free that comes all
//     the same is observed.) Who unpublishes an object has the reference of where it was found, and a thread that is
//     who it is comes before the one that it hands the object on to, to be freed;
//   - by a read side that the free waits for: it is marked as one that comes after a grace period, or such a period was
//     waited for between `unpublish` and the free. Interrupts, softirqs or preemption that are off are a read side too
//     where the model says so (`also`); where no record tells whether they were (MachineState), it is *possible*;
//   - by fork and join, and by being work that somebody waits for (delegation);
//   - while nothing else can run (`themselves-during`).
// An object can be found until it is unpublished, so what the freeing context holds then, or at any moment from then to
// the free, counts for the free. A model without such a mark says that it can be found until it is freed.
//
// Contexts free what they have looked up themselves: that is no finding, and ends the span. Uses of what was not looked
// up (a pointer that was handed on) are counted, and said. What lies where an object was freed is another object,
// unless its key tells them apart: a number names the same place again.
#include "analyzer/analyses/Lifetime.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/STLExtras.h"

using namespace underlock;
using model::Life;

// Spans and frees are compared at the end. More kinds than this, or objects of all, are dropped, and that is said.
static constexpr size_t MaxKinds = 4096, MaxObjects = 1 << 18;
// That a context has looked up and not let go of: the oldest end with their last use so far.
static constexpr size_t MaxOpen = 512;

LifetimeAnalysis::LifetimeAnalysis(const Recording &R) : Analysis(R), Phases(R.Model) {
  Statistics.resize(R.Model.Lifetimes.size());
  Seen.resize(R.Model.Lifetimes.size());
  for (const model::Contract &C : R.Model.Contracts)
    if (C.Lifetime)
      Statistics[*C.Lifetime] = {&C};
}

std::optional<std::vector<std::string>> LifetimeAnalysis::rules() const {
  std::vector<std::string> Out;
  for (const ContractStatistics &S : Statistics)
    Out.push_back(S.Contract->Id);
  return Out;
}

// ---- Objects ----

LifetimeAnalysis::Name LifetimeAnalysis::nameOf(unsigned Lifetime, llvm::ArrayRef<uint64_t> Objects) const {
  Name N;
  N.Pointer = Objects.empty() ? 0 : Objects[0];
  if (Objects.size() > 1)
    N.Key = Objects[1];
  if (N.Pointer)
    N.Life = Lives.lookup({Lifetime, N.Pointer});
  return N;
}

static bool sameName(uint64_t PointerA, const std::optional<uint64_t> &KeyA, uint64_t PointerB,
                     const std::optional<uint64_t> &KeyB) {
  return (PointerA && PointerA == PointerB) || (KeyA && KeyA == KeyB);
}

LifetimeAnalysis::Known *LifetimeAnalysis::find(ContextState &S, unsigned Lifetime, const Name &N) {
  auto It = std::find_if(S.Objects.rbegin(), S.Objects.rend(), [&](const Known &K) {
    return K.Lifetime == Lifetime && sameName(K.Of.Pointer, K.Of.Key, N.Pointer, N.Key);
  });
  return It == S.Objects.rend() ? nullptr : &*It;
}

LifetimeAnalysis::Known &LifetimeAnalysis::add(ContextState &S, unsigned Lifetime, const Name &N) {
  if (S.Objects.size() >= MaxOpen) {
    auto Oldest = llvm::find_if(S.Objects, [](const Known &K) { return K.References == 0; });
    if (Oldest == S.Objects.end())
      Oldest = S.Objects.begin();
    close(*Oldest);
    S.Objects.erase(Oldest);
  }
  S.Objects.push_back({});
  S.Objects.back().Lifetime = Lifetime;
  S.Objects.back().Of = N;
  return S.Objects.back();
}

// Forgets what there is nothing to do with any more.
void LifetimeAnalysis::settle(ContextState &S) {
  llvm::erase_if(S.Objects, [](const Known &K) { return !K.Open && K.References == 0; });
  if (!S.watched())
    S.Went.clear();
}

void LifetimeAnalysis::lookUp(const Moment &M, PlaceRef At, const model::Event &E, const Name &N) {
  ++Seen[E.Of].LookUps;
  ContextState &S = state(M.Context);
  Known *K = find(S, E.Of, N);
  if (K) {
    close(*K);
    K->Of = N;
  } else {
    K = &add(S, E.Of, N);
  }
  K->References += E.Counted;
  note(S, M.Held);
  K->Open.emplace();
  Span &New = *K->Open;
  New.LookUp = stepAt(M, Step::Kind::Event, At);
  New.Exempt = Phases.anyActive(Statistics[E.Of].Contract->ExceptDuring);
  New.PhaseMask = Phases.mask(R.Model.ThemselvesDuring);
  if (R.Model.Who == model::Threads::Themselves)
    New.First = Order.segment(M.Context);
  if (K->References)
    New.Pending.push_back(HeldSets::Counted);
  New.Until = K->References ? S.Went.end() : S.Went.end() - 1; // what is held now counts
}

void LifetimeAnalysis::used(const Moment &M, PlaceRef At, ContextState &S, Known &K) {
  Span &Here = *K.Open;
  note(S, M.Held);
  catchUp(S, K);
  append(Here.Sets, Here.Pending);
  Here.Pending.clear();
  Here.Used = true;
  Here.TookOut &= K.References > 0; // what was his he has given back
  Here.Last = stepAt(M, Step::Kind::Event, At);
  if (R.Model.Who == model::Threads::Themselves)
    Here.End = Order.segment(M.Context);
  if (!Here.Freed || Here.Exempt)
    return;
  Finding F = describe(K.Lifetime, Here.LookUp, Here.Last, *Here.Freed, Certainty::Observed);
  auto [It, New] = HappenedIndex.try_emplace(fingerprint(F), Happened.size());
  if (New)
    Happened.push_back(std::move(F));
  else if (!Here.Judged)
    ++Happened[It->second].Steps.front().Count;
  Here.Judged = true;
}

void LifetimeAnalysis::use(const Moment &M, PlaceRef At, const model::Event &E, const Name &N) {
  ++Seen[E.Of].Uses;
  ContextState &S = state(M.Context);
  Known *K = find(S, E.Of, N);
  if (K && K->Open)
    used(M, At, S, *K);
  else if (!K)
    ++Seen[E.Of].Strange;
}

// Whatever was looked up is used up to here.
void LifetimeAnalysis::until(const Moment &M, PlaceRef At, const model::Event &E) {
  ContextState &S = state(M.Context);
  for (Known &K : S.Objects)
    if (K.Lifetime == E.Of && K.Open) {
      used(M, At, S, K);
      close(K);
    }
  settle(S);
}

void LifetimeAnalysis::get(const Moment &M, const model::Event &E, const Name &N) {
  ContextState &S = state(M.Context);
  Known *K = find(S, E.Of, N);
  if (!K)
    K = &add(S, E.Of, N);
  note(S, M.Held);
  catchUp(S, *K);
  if (K->References++ == 0 && K->Open)
    K->Open->Pending.push_back(HeldSets::Counted);
}

void LifetimeAnalysis::dropReference(ContextState &S, Known &K) {
  catchUp(S, K);
  if (--K.References == 0 && K.Open)
    append(K.Open->Pending, S.Went.last());
}

// It uses the object still. Who gives back a reference and has none gives back that of the only one who has.
void LifetimeAnalysis::put(const Moment &M, PlaceRef At, const model::Event &E, const Name &N) {
  use(M, At, E, N);
  ContextState &S = state(M.Context);
  Known *K = find(S, E.Of, N);
  if (K && K->References) {
    dropReference(S, *K);
    return settle(S);
  }
  std::pair<ContextState *, Known *> Only = {nullptr, nullptr};
  for (ContextState &Other : Contexts)
    if (Known *Has = find(Other, E.Of, N); Has && Has->References) {
      if (Only.second)
        return;
      Only = {&Other, Has};
    }
  if (Only.second) {
    dropReference(*Only.first, *Only.second);
    settle(*Only.first);
  }
}

void LifetimeAnalysis::unpublish(const Moment &M, const model::Event &E, const Name &N) {
  ContextState &S = state(M.Context);
  llvm::erase_if(S.Removals, [&](const Removal &D) {
    return D.Lifetime == E.Of && sameName(D.Of.Pointer, D.Of.Key, N.Pointer, N.Key);
  });
  if (S.Removals.size() >= MaxOpen)
    S.Removals.erase(S.Removals.begin());
  Removal New;
  New.Lifetime = E.Of;
  New.Of = N;
  New.Until = S.Went.end();
  S.Removals.push_back(std::move(New));
  note(S, M.Held);
  S.Removals.back().Until = S.Went.end() - 1;
  get(M, E, N); // the reference of where it was found is his now who took it out
  if (Known *K = find(S, E.Of, N); K && K->Open)
    K->Open->TookOut = true;
}

// What is here now is another object. A context that goes on with the old one, which was freed, cannot be told from one
// that was handed the new one.
void LifetimeAnalysis::create(const Moment &M, const model::Event &E, const Name &N) {
  for (ContextId C = 0; C < Contexts.size(); ++C)
    if (Known *K = find(Contexts[C], E.Of, N); K && (C == M.Context || (K->Open && K->Open->Freed))) {
      close(*K);
      K->References = 0;
      settle(Contexts[C]);
    }
}

void LifetimeAnalysis::free(const Moment &M, PlaceRef At, const model::Event &E, const Name &N) {
  ++Seen[E.Of].Frees;
  Step Here = stepAt(M, Step::Kind::Event, At);
  state(M.Context); // or the loop below would move them
  Kind New;
  for (ContextId C = 0; C < Contexts.size(); ++C) {
    ContextState &S = Contexts[C];
    bool Own = C == M.Context || llvm::any_of(M.Held, [&](const Hold &H) { return H.By == C; });
    Known *K = find(S, E.Of, N);
    if (K && Own)
      close(*K);
    else if (K && K->Open && !K->Open->Freed && !E.After)
      K->Open->Freed = Here;
    while (K && K->References) // of what is gone
      dropReference(S, *K);
    auto D = llvm::find_if(S.Removals, [&](const Removal &D) {
      return D.Lifetime == E.Of && sameName(D.Of.Pointer, D.Of.Key, N.Pointer, N.Key);
    });
    if (D != S.Removals.end()) {
      // Where another one frees, what this one did since need not have come before.
      append(D->Sets, C == M.Context ? S.Went.since(D->Until) : S.Went.since(D->Until).take_front(D->Sets.empty()));
      New.Sets = D->Sets;
      if (C != M.Context)
        New.Sets.truncate(1);
      New.TakenOutBy = C;
      S.Removals.erase(D);
    }
    settle(S);
  }
  if (N.Pointer)
    ++Lives[{E.Of, N.Pointer}];
  if (Phases.anyActive(Statistics[E.Of].Contract->ExceptDuring))
    return;
  append(New.Sets, Held.of(M.Held, {0, 0, E.After ? uint64_t(1) << *E.After : 0}));
  New.Lifetime = E.Of;
  New.First = New.Last = std::move(Here);
  New.After = E.After ? &R.Model.GracePeriods[*E.After] : nullptr;
  New.PhaseMask = Phases.mask(R.Model.ThemselvesDuring);
  if (R.Model.Who == model::Threads::Themselves)
    New.Begin = New.End = Order.segment(M.Context);
  keep(Frees, FreeIndex, std::move(New), N);
}

// A span has ended.
void LifetimeAnalysis::close(Known &K) {
  if (!K.Open)
    return;
  Span Ended = std::move(*K.Open);
  K.Open.reset();
  if (!Ended.Used)
    return;
  ++Statistics[K.Lifetime].Exercised;
  Statistics[K.Lifetime].Exempt += Ended.Exempt;
  Statistics[K.Lifetime].Violated += Ended.Judged;
  if (Ended.Exempt)
    return;
  Kind New;
  New.Lifetime = K.Lifetime;
  New.First = std::move(Ended.LookUp);
  New.Last = std::move(Ended.Last);
  New.Sets = std::move(Ended.Sets);
  New.Begin = Ended.First;
  New.End = Ended.End;
  New.PhaseMask = Ended.PhaseMask;
  New.TookOut = Ended.TookOut;
  New.FreedAt = Ended.Judged ? Ended.Freed->Place.Site : None;
  keep(Spans, SpanIndex, std::move(New), K.Of);
}

void LifetimeAnalysis::keep(std::vector<Kind> &To, llvm::DenseMap<uint64_t, size_t> &Index, Kind New, const Name &Of) {
  uint64_t Key = llvm::hash_combine(New.Lifetime, New.Last.Context, New.First.Place.Site, New.First.Place.Stack,
                                    New.Last.Place.Site, New.Last.Place.Stack, New.Begin, New.End, New.PhaseMask,
                                    New.After, New.FreedAt, New.TookOut, New.TakenOutBy);
  Key = llvm::hash_combine(Key, llvm::hash_combine_range(New.Sets.begin(), New.Sets.end()));
  auto [It, IsNew] = Index.try_emplace(Key & (~UINT64_C(0) >> 2), To.size()); // no key of DenseMap's own
  if (IsNew && To.size() >= MaxKinds) {
    Index.erase(It);
    ++Dropped;
    return;
  }
  if (IsNew)
    To.push_back(std::move(New));
  Kind &K = To[It->second];
  ++K.Count;
  if (Objects >= MaxObjects) {
    ++Dropped;
    return;
  }
  size_t Before = K.Objects.size();
  if (Of.Pointer)
    K.Objects.insert({Of.Pointer, Of.Life});
  if (Of.Key)
    K.Objects.insert({*Of.Key, lifetime::ByKey});
  Objects += K.Objects.size() - Before;
}

void LifetimeAnalysis::contextEnd(const Moment &M) {
  ContextState &S = state(M.Context);
  for (Known &K : S.Objects)
    close(K);
  if (S.Removals.empty()) {
    S = ContextState();
    return;
  }
  fold(S); // what it has put out of reach is yet to be freed
  S.Objects.clear();
  S.Reading.clear();
}

void LifetimeAnalysis::event(const Moment &M, PlaceRef At, llvm::ArrayRef<uint64_t> Of) {
  const model::Event *E = R.Sites[At.Site].Event;
  if (!E || R.Mode == UNDERLOCK_RECORDING_DISTINCT)
    return;
  if (E->Role < Life::ReadLock)
    seen(M);
  Name N = nameOf(E->Of, Of);
  switch (E->Role) {
  case Life::None:
    return;
  case Life::LookUp:
    return lookUp(M, At, *E, N);
  case Life::Use:
    return use(M, At, *E, N);
  case Life::Until:
    return until(M, At, *E);
  case Life::Free:
    return free(M, At, *E, N);
  case Life::Unpublish:
    return unpublish(M, *E, N);
  case Life::Create:
    return create(M, *E, N);
  case Life::Get:
    return get(M, *E, N);
  case Life::Put:
    return put(M, At, *E, N);
  case Life::ReadLock:
  case Life::ReadUnlock:
  case Life::Grace:
    return readSide(M, *E);
  }
}
