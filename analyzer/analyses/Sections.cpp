// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What has to be got through before a signal or an end: kept while the replay runs (Sections.h).
#include "analyzer/analyses/Sections.h"
#include "llvm/ADT/STLExtras.h"

using namespace underlock;

SignalOrder::Known SignalOrder::known(ContextId C) {
  if (C >= Clocks.size())
    Clocks.resize(C + 1);
  if (!Clocks[C]) {
    auto First = std::make_shared<std::vector<uint32_t>>(C + 1, 0);
    (*First)[C] = 1;
    Clocks[C] = std::move(First);
  }
  return Clocks[C];
}

SignalOrder::Known SignalOrder::merged(const std::vector<uint32_t> &A, const std::vector<uint32_t> &B) {
  auto Both = std::make_shared<std::vector<uint32_t>>(A);
  Both->resize(std::max(A.size(), B.size()), 0);
  for (size_t I = 0; I < B.size(); ++I)
    (*Both)[I] = std::max((*Both)[I], B[I]);
  return Both;
}

SignalOrder::Known SignalOrder::publish(ContextId C) {
  Known Now = known(C);
  auto Next = std::make_shared<std::vector<uint32_t>>(*Now);
  ++(*Next)[C];
  Clocks[C] = std::move(Next);
  return Now;
}

static bool has(const model::Model &M, model::LockKind Kind) {
  return llvm::any_of(M.Locks, [&](const model::Lock &L) { return L.Kind == Kind; });
}

// Where a task stands for any caller, its life is no section: what it did for one caller is nothing to the next one.
Sections::Sections(const Recording &R)
    : R(R), Signals(R.Model.Who == model::Threads::Themselves && has(R.Model, model::LockKind::Completion)),
      Ends(R.Model.Who == model::Threads::Themselves && has(R.Model, model::LockKind::Thread)) {}

Sections::Context &Sections::of(ContextId C) {
  if (C >= Of.size())
    Of.resize(C + 1);
  return Of[C];
}

void Sections::took(ContextId C, uint64_t Like, llvm::function_ref<std::shared_ptr<const Acquisition>()> Make) {
  Context &By = of(C);
  auto [It, New] = By.ByLike.try_emplace(Like & (~UINT64_C(0) >> 2), By.All.size()); // no key of DenseMap's own
  if (New)
    By.All.push_back({Make(), 0, 0});
  By.All[It->second].Newest = ++By.Count;
  By.All[It->second].Moment = Order.moment(C);
}

// What was before matters to who waits for its end, and to nobody else.
void Sections::waited(ContextId C) {
  Context &By = of(C);
  By.Since = By.Count;
  if (isThread(C))
    return;
  By.All.clear();
  By.ByLike.clear();
}

void Sections::signalled(ContextId C, InstanceId What) {
  Signal &S = Last[What];
  S.By = C;
  S.What.clear();
  const Context &By = of(C);
  llvm::copy_if(By.All, std::back_inserter(S.What), [&](const Taken &T) { return T.Newest > By.Since; });
  if (!llvm::is_contained(S.Signallers, C) && S.Signallers.size() < 3) // more are not told apart
    S.Signallers.push_back(C);
}

Sections::Before Sections::beforeSignal(ContextId Waiter, InstanceId What) const {
  auto It = Last.find(What);
  if (It == Last.end())
    return {};
  const Signal &S = It->second;
  // A ring or a distinct recording does not have them all.
  bool SeesAll = R.Mode == UNDERLOCK_RECORDING_EVERYTHING;
  bool Alone = SeesAll && llvm::all_of(S.Signallers, [&](ContextId C) { return C == S.By || C == Waiter; });
  return {S.By, S.What, Alone};
}

Sections::Before Sections::beforeEnd(ContextId C) const {
  if (C >= Of.size())
    return {};
  return {C, Of[C].All, true};
}

void Sections::forget(ContextId C) { of(C) = Context(); }

void Sections::ended(ContextId C) {
  constexpr size_t Remembered = 16384;
  if (!isThread(C))
    return;
  Ended.push_back(C);
  if (Ended.size() > Remembered) {
    forget(Ended.front());
    Ended.pop_front();
  }
}
