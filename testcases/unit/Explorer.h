// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small programs about locks, run step by step or explored over all interleavings: what order is tested against. It
// shares no code with the analyses.
//
// What its locks do:
//   Plain          one holder
//   Fair           one writer or many readers. A reader that comes while a writer waits goes behind it: Linux's
//   rw_semaphore,
//                  and pthread's rwlock where it prefers writers. A try goes past the queue.
//   ReadersFirst   one writer or many readers, and a reader never waits for a writer that waits: pthread's rwlock by
//   default,
//                  Linux's rwlock_t in interrupts
// Every wait is for all who hold the lock (and, behind a writer, for all whom it waits for), so each cycle of waiting
// threads is a deadlock, whatever other threads do.
//
// Thread-safety: none needed; an Explorer belongs to one thread. At most 3 threads, 4 locks, 2 events, 31 steps a
// thread.
#ifndef UNDERLOCK_TESTCASES_UNIT_EXPLORER_H
#define UNDERLOCK_TESTCASES_UNIT_EXPLORER_H

#include "llvm/ADT/DenseSet.h"
#include <cstdint>
#include <set>
#include <vector>

namespace underlock::test {

enum class LockKind { Plain, Fair, ReadersFirst };

struct Instruction {
  enum Kind {
    Lock,
    LockShared,
    Try,       // where it fails, its Unlock does nothing
    TryShared, // …
    Unlock,
    Wait,   // a condition variable's: where `Event` has not come, gives the lock back until it has
    Passed, // such a wait in a run where `Event` had come before
    Signal, // `Event` has come, and stays
    Fork,   // thread `Which`
    Join,   // …
  } What;
  int Which = 0; // lock or thread
  int Event = 0;
};

// Thread 0 runs from the start; each other one is forked by one of those before it.
struct LockProgram {
  std::vector<std::vector<Instruction>> Threads;
  std::vector<LockKind> Locks;
};

// Locks, each waited for by the holder of the one before it; the smallest rotation.
using LockCycle = std::vector<int>;
LockCycle canonical(LockCycle C);

// What is taken away from the program for one that can do more: the reasons why a reported cycle may be out of reach.
struct Relaxed {
  bool Signals = false; // events have always come, and waits are gone through nevertheless
  bool Tries = false;   // a try waits like any acquisition
  bool Writers = false; // there is always a writer that waits where readers read
};

struct ProgramState {
  uint8_t At[3] = {}, Exclusive[3] = {}, Shared[3] = {}; // by thread: the next instruction; bits by lock
  uint8_t Started = 1, Queued = 0, Waiting = 0;          // bits by thread: … as a writer; … for an event
  uint8_t Events = 0;
  uint64_t key() const;
};

class Execution {
public:
  // `Recorded`: the program is a run's own instructions, and a thread which would leave that way stands still.
  Execution(const LockProgram &P, bool Recorded, Relaxed Free = {}) : P(P), Recorded(Recorded), Free(Free) {}

  bool ended(const ProgramState &S, int T) const { return S.At[T] == P.Threads[T].size(); }
  const Instruction &next(const ProgramState &S, int T) const { return P.Threads[T][S.At[T]]; }
  bool canStep(const ProgramState &S, int T) const;
  // Only where it can. What of the instruction was done is said in the result.
  enum class Did { Nothing, Queued, Taken, Failed, Released, WaitBegun, WaitEnded, Passed, Else };
  Did step(ProgramState &S, int T) const;
  // The lock that the thread is blocked on, or -1.
  int blockedOn(const ProgramState &S, int T) const;
  std::set<LockCycle> cycles(const ProgramState &S) const;
  // Those of all states that can be reached.
  std::set<LockCycle> everyCycle() const;

private:
  bool canTake(const ProgramState &S, int T, int Lock, bool Shared, bool Queues) const;
  void follow(const ProgramState &S, int First, int T, LockCycle &Path, std::set<LockCycle> &Out) const;
  void explore(const ProgramState &S, llvm::DenseSet<uint64_t> &Seen, std::set<LockCycle> &Out) const;

  const LockProgram &P;
  bool Recorded;
  Relaxed Free;
};

} // namespace underlock::test

#endif
