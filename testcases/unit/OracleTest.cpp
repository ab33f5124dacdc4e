// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// order against brute force. Random small programs of lock and unlock over two or three threads are run once at random
// and explored over all interleavings. What can deadlock has to be reported at `assumed` or better; what really
// deadlocked in the run, as `observed`. The explorer shares nothing with the analyses.
//
// Reported cycles that no interleaving reaches are counted: the analysis looks at the edges, not at how a thread gets
// there. An example: t1 takes and releases B before it takes A and B; so does t2 the other way round, under a third lock.
//
// The seed is printed and can be given: UNDERLOCK_SEED=… UNDERLOCK_CASES=… underlock_unit --gtest_filter='Oracle.*'
#include "testcases/unit/Judge.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>
#include <iostream>
#include <map>
#include <random>
#include <set>

using namespace underlock;
using namespace underlock::test;

namespace {

struct Op {
  bool Lock;
  int Which;
};

// Threads start together, but for one that may be started when another has been joined.
struct Program {
  std::vector<std::vector<Op>> Threads;
  std::vector<int> After; // by thread: the one that has to end first, or -1
};

using LockCycle = std::vector<int>;

LockCycle canonical(LockCycle C) {
  LockCycle Best = C;
  for (size_t I = 1; I < C.size(); ++I) {
    std::rotate(C.begin(), C.begin() + 1, C.end());
    Best = std::min(Best, C);
  }
  return Best;
}

class Execution {
public:
  explicit Execution(const Program &P) : P(P), At(P.Threads.size(), 0), Owner(8, -1) {}

  bool ended(int T) const { return At[T] == P.Threads[T].size(); }
  bool started(int T) const { return P.After[T] < 0 || ended(P.After[T]); }
  const Op &next(int T) const { return P.Threads[T][At[T]]; }
  bool blocked(int T) const { return !ended(T) && started(T) && next(T).Lock && Owner[next(T).Which] >= 0; }
  bool ready(int T) const { return !ended(T) && started(T) && !blocked(T); }
  void step(int T) {
    const Op &O = next(T);
    Owner[O.Which] = O.Lock ? T : -1;
    ++At[T];
  }
  std::vector<int> readyOnes() const {
    std::vector<int> Out;
    for (size_t T = 0; T < P.Threads.size(); ++T)
      if (ready(T))
        Out.push_back(T);
    return Out;
  }

  // The cycles of a state in which nobody can go on: each lock is waited for by the one who holds the lock before it.
  std::set<LockCycle> cycles() const {
    std::set<LockCycle> Out;
    for (size_t First = 0; First < P.Threads.size(); ++First) {
      LockCycle Locks;
      int T = First;
      do {
        if (!blocked(T))
          break;
        Locks.push_back(next(T).Which);
        T = Owner[next(T).Which];
      } while (T != static_cast<int>(First) && Locks.size() <= P.Threads.size());
      if (!Locks.empty() && T == static_cast<int>(First))
        Out.insert(canonical(Locks));
    }
    return Out;
  }

  auto key() const { return std::pair(At, Owner); }

private:
  const Program &P;
  std::vector<size_t> At;
  std::vector<int> Owner; // by lock: thread or -1
};

// Every interleaving, states seen before left out.
void explore(const Execution &State, std::set<std::pair<std::vector<size_t>, std::vector<int>>> &Seen,
             std::set<LockCycle> &Deadlocks) {
  if (!Seen.insert(State.key()).second)
    return;
  std::vector<int> Ready = State.readyOnes();
  if (Ready.empty())
    Deadlocks.merge(State.cycles());
  for (int T : Ready) {
    Execution Next = State;
    Next.step(T);
    explore(Next, Seen, Deadlocks);
  }
}

class Generator {
public:
  explicit Generator(uint64_t Seed) : Random(Seed) {}
  int below(int N) { return std::uniform_int_distribution<int>(0, N - 1)(Random); }

  // Takes what it does not hold, gives back what it holds in any order, and all of it at the end.
  std::vector<Op> thread(int Locks, int Steps) {
    std::vector<Op> Out;
    std::vector<int> Held;
    while (static_cast<int>(Out.size()) < Steps) {
      int Lock = below(Locks);
      if (!Held.empty() && (below(3) == 0 || llvm::is_contained(Held, Lock))) {
        size_t Index = below(Held.size());
        Out.push_back({false, Held[Index]});
        Held.erase(Held.begin() + Index);
      } else if (!llvm::is_contained(Held, Lock)) {
        Out.push_back({true, Lock});
        Held.push_back(Lock);
      }
    }
    for (int Lock : Held)
      Out.push_back({false, Lock});
    return Out;
  }

  Program program() {
    Program P;
    int Threads = 2 + below(2), Locks = 2 + below(3);
    for (int T = 0; T < Threads; ++T) {
      P.Threads.push_back(thread(Locks, 2 + below(6)));
      P.After.push_back(T > 0 && below(5) == 0 ? T - 1 : -1);
    }
    return P;
  }

private:
  std::mt19937_64 Random;
};

std::string lockName(int L) { return std::string(1, static_cast<char>('A' + L)); }

// One run at random, as a text trace.
std::string record(const Program &P, Generator &G, Execution &State) {
  std::string Out;
  std::vector<bool> Forked(P.Threads.size(), false);
  auto ForkReady = [&] {
    for (size_t T = 0; T < P.Threads.size(); ++T)
      if (!Forked[T] && State.started(T)) {
        if (P.After[T] >= 0)
          Out += "main join t" + std::to_string(P.After[T]) + "\n";
        Out += "main fork t" + std::to_string(T) + "\n";
        Forked[T] = true;
      }
  };
  ForkReady();
  for (std::vector<int> Ready = State.readyOnes(); !Ready.empty(); Ready = State.readyOnes()) {
    int T = Ready[G.below(Ready.size())];
    const Op &O = State.next(T);
    Out += "t" + std::to_string(T) + (O.Lock ? " acquire " : " release ") + lockName(O.Which) + "\n";
    State.step(T);
    if (State.ended(T))
      Out += "t" + std::to_string(T) + " exits\n";
    ForkReady();
  }
  for (size_t T = 0; T < P.Threads.size(); ++T)
    if (State.blocked(T))
      Out += "t" + std::to_string(T) + " wait " + lockName(State.next(T).Which) + "\n";
  return Out;
}

// The cycles reported at `assumed` or better; of them, which were observed.
std::map<LockCycle, Certainty> reported(const Judged &J) {
  std::map<LockCycle, Certainty> Out;
  for (const Finding &F : J.Findings) {
    if (F.Analysis != "order" || F.Sure < Certainty::Assumed)
      continue;
    LockCycle C;
    for (const std::string &Name : F.Identity)
      C.push_back(Name[0] - 'A');
    // An edge goes from the lock held to the lock wanted; the explorer's cycles go the way of the waiting as well.
    Out[canonical(C)] = F.Sure;
  }
  return Out;
}

uint64_t number(const char *Variable, uint64_t Default) {
  const char *Text = std::getenv(Variable);
  return Text ? std::strtoull(Text, nullptr, 10) : Default;
}

} // namespace

TEST(Oracle, EveryDeadlockThatCanHappenIsReported) {
  uint64_t Seed = number("UNDERLOCK_SEED", std::random_device()()), Cases = number("UNDERLOCK_CASES", 20000);
  std::cout << "UNDERLOCK_SEED=" << Seed << " UNDERLOCK_CASES=" << Cases << '\n';
  Generator G(Seed);
  uint64_t CanDeadlock = 0, DidDeadlock = 0, Reported = 0, Unreachable = 0;
  for (uint64_t Case = 0; Case < Cases; ++Case) {
    Program P = G.program();
    std::set<std::pair<std::vector<size_t>, std::vector<int>>> Seen;
    std::set<LockCycle> Deadlocks;
    explore(Execution(P), Seen, Deadlocks);

    Execution State(P);
    std::string Trace = record(P, G, State);
    std::set<LockCycle> Happened = State.cycles();
    Judged J = judge(program(), Trace);
    ASSERT_EQ(J.Errors, "") << Trace;
    std::map<LockCycle, Certainty> Found = reported(J);

    CanDeadlock += !Deadlocks.empty();
    DidDeadlock += !Happened.empty();
    for (const LockCycle &C : Happened)
      ASSERT_TRUE(Found.count(C) && Found[C] == Certainty::Observed) << "case " << Case << ":\n" << Trace;
    // A run that got stuck has not shown all that its threads do.
    if (Happened.empty())
      for (const LockCycle &C : Deadlocks)
        ASSERT_TRUE(Found.count(C)) << "case " << Case << " of seed " << Seed << " can deadlock over "
                                    << lockName(C[0]) << lockName(C[1]) << ", and it was not reported:\n" << Trace;
    Reported += Found.size();
    for (const auto &[C, Sure] : Found) {
      Unreachable += !Deadlocks.count(C);
      ASSERT_TRUE(Sure != Certainty::Observed || Happened.count(C)) << Trace;
    }
  }
  std::cout << Cases << " programs, " << CanDeadlock << " can deadlock, " << DidDeadlock << " did; " << Reported
            << " cycles reported, " << Unreachable << " of them unreachable\n";
  EXPECT_GT(CanDeadlock, Cases / 20);
  EXPECT_LT(Unreachable * 20, Reported) << "more than one report in twenty cannot happen";
}
