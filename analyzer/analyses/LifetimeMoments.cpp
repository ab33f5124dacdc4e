// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the lifetime analysis keeps of the moments between a look-up and a use: what is held, which read sides the
// context is in, and what is off.
#include "analyzer/analyses/Lifetime.h"
#include "llvm/ADT/STLExtras.h"

using namespace underlock;
using model::GracePeriod;
using model::Life;

static constexpr size_t MaxSteps = 64; // of a span: beyond, only sets that it has not had yet

LifetimeAnalysis::ContextState &LifetimeAnalysis::state(ContextId C) {
  if (C >= Contexts.size())
    Contexts.resize(C + 1);
  underlock_context_kind Kind = R.Contexts[C].Kind;
  Contexts[C].Inside = Kind == UNDERLOCK_CONTEXT_SOFTIRQ                                    ? GracePeriod::SoftIrq
                       : Kind == UNDERLOCK_CONTEXT_HARDIRQ || Kind == UNDERLOCK_CONTEXT_NMI ? GracePeriod::HardIrq
                                                                                            : 0;
  return Contexts[C];
}

// The words of a model for what is off.
static unsigned statesOf(uint8_t Off) {
  return (Off & UNDERLOCK_STATE_IRQS_OFF ? GracePeriod::IrqsOff : 0) |
         (Off & UNDERLOCK_STATE_SOFTIRQS_OFF ? GracePeriod::SoftirqsOff : 0) |
         (Off & UNDERLOCK_STATE_NO_PREEMPT ? GracePeriod::PreemptionOff : 0);
}

void LifetimeAnalysis::note(ContextState &S, llvm::ArrayRef<Hold> Now, uint64_t Grace) {
  if (!S.watched())
    return;
  Besides B{0, 0, Grace};
  for (auto [Period, Depth] : S.Reading)
    B.Reading |= uint64_t(Depth > 0) << Period;
  for (auto [Period, G] : llvm::enumerate(R.Model.GracePeriods)) {
    B.Reading |= uint64_t((G.Also & (S.Inside | statesOf(S.Machine.off()))) != 0) << Period;
    B.Perhaps |= uint64_t((G.Also & statesOf(S.Machine.perhapsOff())) != 0) << Period;
  }
  B.Perhaps &= ~B.Reading;
  S.Went.add(Held.of(Now, B));
  if (S.Went.tooLong())
    fold(S);
}

// A record of anything: what is held and what is off.
void LifetimeAnalysis::seen(const Moment &M) {
  ContextState &S = state(M.Context);
  S.Machine.at(M.State.value_or(0));
  note(S, M.Held);
}

// Who takes it turns preemption off, and interrupts perhaps; who gives it back, on.
bool LifetimeAnalysis::turnsOff(InstanceId Lock) const {
  const model::Lock *Kind = R.classOf(Lock).Lock;
  return Kind && (Kind->Kind == model::LockKind::Spinlock || Kind->Kind == model::LockKind::RwLock);
}

void LifetimeAnalysis::append(SetList &To, llvm::ArrayRef<HeldSetId> Sets) {
  for (HeldSetId Set : Sets)
    if (To.empty() || (To.back() != Set && (To.size() < MaxSteps || !llvm::is_contained(To, Set))))
      To.push_back(Set);
}

// Takes over what the trail says that the span does not know yet. While a reference is held, it does not matter.
void LifetimeAnalysis::catchUp(ContextState &S, Known &K) {
  if (!K.Open)
    return;
  if (K.References == 0)
    append(K.Open->Pending, S.Went.since(K.Open->Until));
  K.Open->Until = S.Went.end();
}

void LifetimeAnalysis::fold(ContextState &S) {
  for (Known &K : S.Objects)
    catchUp(S, K);
  for (Removal &D : S.Removals) {
    append(D.Sets, S.Went.since(D.Until));
    D.Until = S.Went.end();
  }
  HeldSetId Last = S.Went.last();
  S.Went.clear();
  S.Went.add(Last);
}

void LifetimeAnalysis::acquired(const Moment &M, const Hold &New) {
  ContextState &S = state(M.Context);
  note(S, M.Held); // what has ended unseen has left a gap
  if (turnsOff(New.Lock))
    S.Machine.begins(New.Lock, M.State.value_or(0));
  else
    S.Machine.at(M.State.value_or(0));
  if (!S.watched())
    return;
  llvm::SmallVector<Hold, 8> Now(M.Held);
  Now.push_back(New);
  note(S, Now);
}

void LifetimeAnalysis::released(const Moment &M, const Hold &Old, SiteId) {
  ContextState &S = state(M.Context);
  // What another context has taken is given back for that one, and it is that one's set that is told.
  bool Tells = S.watched() && Held.holds(S.Went.last(), Old.Lock);
  if (Tells)
    seen(M);
  S.Machine.ends(Old.Lock, M.State.value_or(0));
  if (!Tells)
    return;
  llvm::SmallVector<Hold, 8> Now(M.Held);
  auto It = llvm::find_if(Now, [&](const Hold &H) { return H.own() && H.Lock == Old.Lock && H.Since == Old.Since; });
  if (It != Now.end())
    Now.erase(It);
  note(S, Now);
}

void LifetimeAnalysis::readSide(const Moment &M, const model::Event &E) {
  ContextState &S = state(M.Context);
  uint8_t State = M.State.value_or(0);
  if (E.Role == Life::Grace) {
    S.Machine.at(State);
    note(S, M.Held, uint64_t(1) << E.Of);
    return note(S, M.Held);
  }
  auto It = llvm::find_if(S.Reading, [&](const auto &P) { return P.first == E.Of; });
  if (It == S.Reading.end()) {
    S.Reading.push_back({E.Of, 0});
    It = std::prev(S.Reading.end());
  }
  // A read side can be preemption that is off (RCU where it is not preemptible).
  if (E.Role == Life::ReadLock) {
    ++It->second;
    S.Machine.begins(nameOfReadSide(E.Of), State);
  } else {
    It->second -= It->second > 0;
    S.Machine.ends(nameOfReadSide(E.Of), State);
  }
  note(S, M.Held);
}
