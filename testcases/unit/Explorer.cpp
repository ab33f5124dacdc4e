// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "testcases/unit/Explorer.h"
#include <algorithm>

using namespace underlock;
using namespace underlock::test;

LockCycle test::canonical(LockCycle C) {
  LockCycle Best = C;
  for (size_t I = 1; I < C.size(); ++I) {
    std::rotate(C.begin(), C.begin() + 1, C.end());
    Best = std::min(Best, C);
  }
  return Best;
}

uint64_t ProgramState::key() const {
  uint64_t Key = 0;
  for (int T = 0; T < 3; ++T)
    Key = Key << 13 | At[T] << 8 | Exclusive[T] << 4 | Shared[T];
  return Key << 11 | Started << 8 | Queued << 5 | Waiting << 2 | Events;
}

bool Execution::canTake(const ProgramState &S, int T, int Lock, bool Shared, bool Queues) const {
  for (int U = 0; U < static_cast<int>(P.Threads.size()); ++U) {
    if (U == T)
      continue;
    if (S.Exclusive[U] >> Lock & 1 || (!Shared && S.Shared[U] >> Lock & 1))
      return false;
    if (Shared && Queues && S.Queued >> U & 1 && next(S, U).Which == Lock)
      return false;
  }
  return true;
}

bool Execution::canStep(const ProgramState &S, int T) const {
  if (!(S.Started >> T & 1) || ended(S, T))
    return false;
  const Instruction &I = next(S, T);
  bool Came = Free.Signals || S.Events >> I.Event & 1;
  switch (I.What) {
  case Instruction::Lock:
    // A writer's first step, where it cannot have the lock, is into the queue.
    return canTake(S, T, I.Which, false, false) || (P.Locks[I.Which] == LockKind::Fair && !(S.Queued >> T & 1));
  case Instruction::LockShared:
    return canTake(S, T, I.Which, true, P.Locks[I.Which] == LockKind::Fair);
  case Instruction::Try:
  case Instruction::TryShared:
    return !Recorded || canTake(S, T, I.Which, I.What == Instruction::TryShared, false);
  case Instruction::Wait:
    return !(S.Waiting >> T & 1) || (Came && canTake(S, T, I.Which, false, false));
  case Instruction::Passed:
    return Came;
  case Instruction::Join:
    return S.Started >> I.Which & 1 && ended(S, I.Which);
  case Instruction::Unlock:
  case Instruction::Signal:
  case Instruction::Fork:
    return true;
  }
  return false;
}

Execution::Did Execution::step(ProgramState &S, int T) const {
  const Instruction &I = next(S, T);
  const uint8_t Lock = 1 << I.Which, Thread = 1 << T;
  bool Shared = I.What == Instruction::LockShared || I.What == Instruction::TryShared;
  Did What = Did::Else;
  switch (I.What) {
  case Instruction::Lock:
    if (!canTake(S, T, I.Which, false, false)) {
      S.Queued |= Thread;
      return Did::Queued;
    }
    S.Queued &= ~Thread;
    [[fallthrough]];
  case Instruction::LockShared:
  case Instruction::Try:
  case Instruction::TryShared:
    What = canTake(S, T, I.Which, Shared, false) ? Did::Taken : Did::Failed;
    if (What == Did::Taken)
      (Shared ? S.Shared : S.Exclusive)[T] |= Lock;
    break;
  case Instruction::Unlock:
    What = (S.Exclusive[T] | S.Shared[T]) & Lock ? Did::Released : Did::Nothing;
    S.Exclusive[T] &= ~Lock;
    S.Shared[T] &= ~Lock;
    break;
  case Instruction::Wait:
    if (S.Waiting & Thread) {
      S.Waiting &= ~Thread;
      S.Exclusive[T] |= Lock;
      What = Did::WaitEnded;
    } else if (!Free.Signals && S.Events >> I.Event & 1) {
      What = Did::Passed;
    } else {
      S.Waiting |= Thread;
      S.Exclusive[T] &= ~Lock;
      return Did::WaitBegun;
    }
    break;
  case Instruction::Signal:
    S.Events |= 1 << I.Event;
    break;
  case Instruction::Fork:
    S.Started |= 1 << I.Which;
    break;
  case Instruction::Passed:
  case Instruction::Join:
    break;
  }
  ++S.At[T];
  return What;
}

int Execution::blockedOn(const ProgramState &S, int T) const {
  if (!(S.Started >> T & 1) || ended(S, T))
    return -1;
  const Instruction &I = next(S, T);
  bool Can = true;
  switch (I.What) {
  case Instruction::LockShared:
    Can = canTake(S, T, I.Which, true, P.Locks[I.Which] == LockKind::Fair);
    if (Can && Free.Writers && P.Locks[I.Which] == LockKind::Fair)
      Can = canTake(S, T, I.Which, false, false);
    break;
  case Instruction::Try:
  case Instruction::TryShared:
    Can = !Free.Tries || canTake(S, T, I.Which, I.What == Instruction::TryShared, false);
    break;
  case Instruction::Wait:
    if (!(S.Waiting >> T & 1) || !(Free.Signals || S.Events >> I.Event & 1))
      return -1;
    [[fallthrough]];
  case Instruction::Lock:
    Can = canTake(S, T, I.Which, false, false);
    break;
  default:
    break;
  }
  return Can ? -1 : I.Which;
}

void Execution::follow(const ProgramState &S, int First, int T, LockCycle &Path, std::set<LockCycle> &Out) const {
  int Lock = blockedOn(S, T);
  if (Lock < 0 || std::find(Path.begin(), Path.end(), Lock) != Path.end())
    return;
  Path.push_back(Lock);
  for (int U = 0; U < static_cast<int>(P.Threads.size()); ++U)
    if (U != T && (S.Exclusive[U] | S.Shared[U]) >> Lock & 1) {
      if (U == First)
        Out.insert(canonical(Path));
      else
        follow(S, First, U, Path, Out);
    }
  Path.pop_back();
}

std::set<LockCycle> Execution::cycles(const ProgramState &S) const {
  std::set<LockCycle> Out;
  LockCycle Path;
  for (int T = 0; T < static_cast<int>(P.Threads.size()); ++T)
    follow(S, T, T, Path, Out);
  return Out;
}

void Execution::explore(const ProgramState &S, llvm::DenseSet<uint64_t> &Seen, std::set<LockCycle> &Out) const {
  if (!Seen.insert(S.key()).second)
    return;
  Out.merge(cycles(S));
  for (int T = 0; T < static_cast<int>(P.Threads.size()); ++T)
    if (canStep(S, T)) {
      ProgramState Next = S;
      step(Next, T);
      explore(Next, Seen, Out);
    }
}

std::set<LockCycle> Execution::everyCycle() const {
  llvm::DenseSet<uint64_t> Seen;
  std::set<LockCycle> Out;
  explore(ProgramState(), Seen, Out);
  return Out;
}
