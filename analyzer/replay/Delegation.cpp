// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Who works for whom, from the marks of waiting and working.
#include "analyzer/replay/Delegation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;

// The newest that fits ends: waits and works of one context nest.
template <typename T> static void endNewest(std::vector<T> &Of, ContextId C, unsigned Delegation) {
  auto It = std::find_if(Of.rbegin(), Of.rend(), [&](const T &E) { return E.By == C && E.Of == Delegation; });
  if (It != Of.rend())
    Of.erase(std::next(It).base());
}

void Delegations::event(const model::Event &E, ContextId C, llvm::ArrayRef<uint64_t> Objects) {
  uint64_t Object = Objects.empty() ? 0 : Objects.front();
  switch (E.Is) {
  case model::Part::None:
    return;
  case model::Part::Waits:
    return waits({++LastWait, C, E.Of, Object});
  case model::Part::Waited:
    return endNewest(Waits, C, E.Of);
  case model::Part::Works:
    return works(C, E.Of, Object);
  case model::Part::Worked:
    return endNewest(Works, C, E.Of);
  }
}

// Nobody waits for one thing twice at a time: the older wait has ended unseen (a longjmp, a killed task).
void Delegations::waits(const Wait &New) {
  llvm::erase_if(Waits, [&](const Wait &W) { return W.By == New.By && W.Of == New.Of && W.Object == New.Object; });
  Waits.push_back(New);
}

void Delegations::works(ContextId C, unsigned Of, uint64_t Object) {
  unsigned Waiting = 0;
  uint64_t For = 0;
  for (const Wait &W : Waits)
    if (W.Of == Of && W.Object == Object && W.By != C) {
      ++Waiting;
      For = W.Number;
    }
  bool Unclear = Waiting > 1 || R.Mode == UNDERLOCK_RECORDING_DISTINCT;
  if (Unclear) {
    Ambiguous.resize(R.Model.Delegations.size(), 0);
    ++Ambiguous[Of];
    For = 0;
  }
  Works.push_back({C, Of, For, Unclear});
}

void Delegations::contextEnded(ContextId C) {
  llvm::erase_if(Waits, [&](const Wait &W) { return W.By == C; });
  llvm::erase_if(Works, [&](const Work &W) { return W.By == C; });
}

llvm::SmallVector<ContextId, 2> Delegations::waitersFor(ContextId C) const {
  llvm::SmallVector<ContextId, 2> Found;
  if (Works.empty() || Waits.empty())
    return Found;
  // Found grows while it is walked: a waiter may itself work for another one.
  for (size_t Next = 0; Next <= Found.size(); ++Next) {
    ContextId Worker = Next == 0 ? C : Found[Next - 1];
    for (const Work &K : Works)
      for (const Wait &W : Waits)
        if (K.By == Worker && K.For == W.Number && W.By != C && !llvm::is_contained(Found, W.By))
          Found.push_back(W.By);
  }
  return Found;
}

const model::Delegation *Delegations::unclear(ContextId C) const {
  auto It = llvm::find_if(Works, [&](const Work &W) { return W.By == C && W.Unclear; });
  return It == Works.end() ? nullptr : &R.Model.Delegations[It->Of];
}

void Delegations::remarks(std::vector<Remark> &Out) const {
  const char *Reason = R.Mode == UNDERLOCK_RECORDING_DISTINCT ? "a distinct recording does not tell who waited for work"
                                                              : "work began while several contexts waited for it";
  for (size_t I = 0; I < Ambiguous.size(); ++I)
    if (Ambiguous[I])
      Out.push_back({Remark::Kind::Warning,
                     llvm::formatv("delegation {0}: {1} ({2} time(s)): it was judged under what the worker held alone",
                                   R.Model.Delegations[I].Id, Reason, Ambiguous[I])
                         .str()});
}
