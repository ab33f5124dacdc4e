// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// order against brute force. Random small programs of locks, tries, readers, waits and signals, forks and joins over
// two or three threads are run once at random and explored over all interleavings (Explorer.h). What can deadlock by
// the steps that the run took has to be reported at `assumed` or better; what really deadlocked in it, as `observed`.
//
// Reported cycles that no interleaving reaches are counted by shape, that is by what has to be taken away from the
// program for them to be reached. unreachable.txt has the shapes, how many of each there may be, and why they are
// reported.
//
// The seed is printed and can be given: UNDERLOCK_SEED=… UNDERLOCK_CASES=… underlock_unit --gtest_filter='Oracle.*'
#include "testcases/unit/Explorer.h"
#include "testcases/unit/Judge.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <iostream>
#include <map>
#include <random>
#include <sstream>

using namespace underlock;
using namespace underlock::test;

namespace {

class Generator {
public:
  explicit Generator(uint64_t Seed) : Random(Seed) {}
  int below(int N) { return std::uniform_int_distribution<int>(0, N - 1)(Random); }
  bool oneIn(int N) { return below(N) == 0; }

  LockProgram program() {
    LockProgram P;
    int Threads = 2 + below(2), Locks = 2 + below(3);
    for (int L = 0; L < Locks; ++L)
      P.Locks.push_back(oneIn(2) ? LockKind::Plain : oneIn(2) ? LockKind::Fair : LockKind::ReadersFirst);
    for (int T = 0; T < Threads; ++T)
      P.Threads.push_back(thread(P.Locks, 3 + below(7)));
    for (int T = 1; T < Threads; ++T)
      forkAndJoin(P, T);
    return P;
  }

private:
  // Takes what it does not hold, gives back what it holds in any order, and all of it at the end.
  std::vector<Instruction> thread(const std::vector<LockKind> &Kinds, int Steps) {
    std::vector<Instruction> Out;
    std::vector<int> Held;
    std::vector<int> Sure; // held exclusively, not by a try
    while (static_cast<int>(Out.size()) < Steps) {
      int Lock = below(Kinds.size());
      if (oneIn(12)) {
        Out.push_back({Instruction::Signal, 0, below(2)});
      } else if (!Sure.empty() && oneIn(8) && Kinds[Sure.back()] == LockKind::Plain) {
        Out.push_back({Instruction::Wait, Sure.back(), below(2)});
      } else if (!Held.empty() && (oneIn(3) || llvm::is_contained(Held, Lock))) {
        int Which = Held[below(Held.size())];
        Out.push_back({Instruction::Unlock, Which});
        llvm::erase(Held, Which);
        llvm::erase(Sure, Which);
      } else if (!llvm::is_contained(Held, Lock)) {
        bool Shared = Kinds[Lock] != LockKind::Plain && !oneIn(3), Tries = oneIn(6);
        Out.push_back({Tries ? (Shared ? Instruction::TryShared : Instruction::Try)
                             : (Shared ? Instruction::LockShared : Instruction::Lock),
                       Lock});
        Held.push_back(Lock);
        if (!Shared && !Tries)
          Sure.push_back(Lock);
      }
    }
    for (int Lock : Held)
      Out.push_back({Instruction::Unlock, Lock});
    return Out;
  }

  void forkAndJoin(LockProgram &P, int T) {
    std::vector<Instruction> &By = P.Threads[below(T)];
    size_t At = oneIn(3) ? below(By.size() + 1) : 0; // mostly together
    By.insert(By.begin() + At, {Instruction::Fork, T});
    if (oneIn(3))
      By.insert(By.begin() + At + 1 + below(By.size() - At), {Instruction::Join, T});
  }

  std::mt19937_64 Random;
};

std::string lockName(int L) { return std::string(1, static_cast<char>('A' + L)); }

// One run at random: the text of its recording, what its threads did, and where it ended.
class RandomRun {
public:
  RandomRun(const LockProgram &P, Generator &G) : Kinds(P.Locks), By(P, false) {
    Took.Locks = P.Locks;
    Took.Threads.resize(P.Threads.size());
    for (;;) {
      std::vector<int> Ready;
      for (int T = 0; T < static_cast<int>(P.Threads.size()); ++T)
        if (By.canStep(State, T))
          Ready.push_back(T);
      if (Ready.empty())
        break;
      step(Ready[G.below(Ready.size())]);
    }
    for (int T = 0; T < static_cast<int>(P.Threads.size()); ++T) {
      bool Blocked = By.blockedOn(State, T) >= 0;
      if (Blocked)
        say(T, "wait", By.next(State, T));
      if (Blocked || State.Waiting >> T & 1)
        Took.Threads[T].push_back(By.next(State, T));
    }
    Happened = By.cycles(State);
  }

  std::string Trace;
  LockProgram Took;
  std::set<LockCycle> Happened;

private:
  static std::string name(int T) { return "t" + std::to_string(T); }
  void say(int T, const std::string &Verb, const Instruction &I) {
    static const char *const Suffix[] = {"/m", "/rw", "/rrw"};
    bool Tries = I.What == Instruction::Try || I.What == Instruction::TryShared;
    bool Shared = I.What == Instruction::LockShared || I.What == Instruction::TryShared;
    Trace += name(T) + " " + Verb + " " + lockName(I.Which) + Suffix[static_cast<int>(Kinds[I.Which])] +
             (Shared ? " shared" : "") + (Tries && Verb == "acquire" ? " try" : "") + "\n";
  }

  void step(int T) {
    const Instruction I = By.next(State, T);
    std::vector<Instruction> &Does = Took.Threads[T];
    switch (By.step(State, T)) {
    case Execution::Did::Queued:
    case Execution::Did::Nothing:
      break;
    case Execution::Did::Taken:
      say(T, "acquire", I);
      Does.push_back(I);
      break;
    case Execution::Did::Failed:
      say(T, "fail", I);
      break;
    case Execution::Did::Released:
      say(T, "release", I);
      Does.push_back(I);
      break;
    case Execution::Did::WaitBegun:
      say(T, "release", I);
      break;
    case Execution::Did::WaitEnded:
      say(T, "acquire", I);
      Does.push_back(I);
      break;
    case Execution::Did::Passed:
      Does.push_back({Instruction::Passed, I.Which, I.Event});
      break;
    case Execution::Did::Else:
      if (I.What != Instruction::Signal)
        Trace += name(T) + (I.What == Instruction::Fork ? " fork " : " join ") + name(I.Which) + "\n";
      Does.push_back(I);
      break;
    }
    if (By.ended(State, T))
      Trace += name(T) + " exits\n";
  }

  const std::vector<LockKind> &Kinds;
  Execution By;
  ProgramState State;
};

// The cycles reported at `assumed` or better.
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

// ---- Shapes of what is reported and cannot happen ----

// Each thread does nothing but to take what it holds at one of the cycle's steps, and that step: is there a choice of
// steps with which the cycle is reached?
bool reachedWithoutTheWay(const LockProgram &P, const LockCycle &C, Relaxed Free, LockProgram &Cut, size_t T) {
  if (T == P.Threads.size())
    return Execution(Cut, true, Free).everyCycle().count(C);
  std::vector<std::vector<Instruction>> Choices(1);
  std::vector<Instruction> Holds;
  for (const Instruction &I : P.Threads[T]) {
    bool Takes = I.What <= Instruction::TryShared;
    if ((Takes || I.What == Instruction::Wait) && llvm::is_contained(C, I.Which)) {
      Choices.push_back(Holds);
      if (I.What == Instruction::Wait) // taken again
        llvm::erase_if(Choices.back(),
                       [&](const Instruction &H) { return H.Which == I.Which && H.What != Instruction::Fork; });
      Choices.back().push_back(Takes ? I : Instruction{Instruction::Lock, I.Which});
    }
    if (Takes || I.What == Instruction::Fork || I.What == Instruction::Join)
      Holds.push_back(I);
    else if (I.What == Instruction::Unlock)
      llvm::erase_if(Holds,
                     [&](const Instruction &H) { return H.What <= Instruction::TryShared && H.Which == I.Which; });
  }
  Choices.front() = Holds; // to its end
  for (std::vector<Instruction> &Choice : Choices) {
    Cut.Threads[T] = std::move(Choice);
    if (reachedWithoutTheWay(P, C, Free, Cut, T + 1))
      return true;
  }
  return false;
}

std::string shapeOf(const LockProgram &Took, const LockCycle &C) {
  auto Reached = [&](Relaxed Free) { return Execution(Took, true, Free).everyCycle().count(C) != 0; };
  if (Reached({.Signals = true}))
    return "signal";
  if (Reached({.Tries = true}))
    return "try";
  if (Reached({.Writers = true}))
    return "writer";
  LockProgram Whole = Took;
  for (std::vector<Instruction> &Thread : Whole.Threads)
    for (int L = 0; L < static_cast<int>(Took.Locks.size()); ++L)
      Thread.push_back({Instruction::Unlock, L});
  if (Execution(Whole, true).everyCycle().count(C))
    return "unfinished";
  Relaxed All{true, true, true};
  if (Execution(Whole, true, All).everyCycle().count(C))
    return "several";
  LockProgram Cut = Whole;
  return reachedWithoutTheWay(Whole, C, All, Cut, 0) ? "way" : "none";
}

// Lines of "SHAPE AT-MOST-PER-100000-PROGRAMS", each followed by indented reasons; '#' begins a comment.
std::map<std::string, uint64_t> committedShapes() {
  std::ifstream In(UNDERLOCK_UNREACHABLE);
  std::map<std::string, uint64_t> Out;
  for (std::string Line; std::getline(In, Line);)
    if (!Line.empty() && Line[0] != '#' && Line[0] != ' ') {
      std::istringstream Words(Line);
      std::string Shape;
      Words >> Shape >> Out[Shape];
    }
  return Out;
}

uint64_t number(const char *Variable, uint64_t Default) {
  const char *Text = std::getenv(Variable);
  return Text ? std::strtoull(Text, nullptr, 10) : Default;
}

} // namespace

TEST(Oracle, EveryDeadlockThatCanHappenIsReported) {
  uint64_t Seed = number("UNDERLOCK_SEED", std::random_device()()), Cases = number("UNDERLOCK_CASES", 100000);
  std::cout << "UNDERLOCK_SEED=" << Seed << " UNDERLOCK_CASES=" << Cases << '\n';
  Generator G(Seed);
  uint64_t CanDeadlock = 0, DidDeadlock = 0, Reported = 0;
  std::map<std::string, uint64_t> Unreachable;
  std::map<std::string, std::string> Examples;
  for (uint64_t Case = 0; Case < Cases; ++Case) {
    LockProgram P = G.program();
    RandomRun Once(P, G);
    std::set<LockCycle> Deadlocks = Execution(Once.Took, true).everyCycle();
    Judged J = judge(program(), Once.Trace);
    std::string Where = "case " + std::to_string(Case) + " of seed " + std::to_string(Seed) + ":\n" + Once.Trace;
    ASSERT_EQ(J.Errors, "") << Where;
    std::map<LockCycle, Certainty> Found = reported(J);

    CanDeadlock += !Deadlocks.empty();
    DidDeadlock += !Once.Happened.empty();
    for (const LockCycle &C : Once.Happened)
      ASSERT_TRUE(Found.count(C) && Found[C] == Certainty::Observed) << Where;
    for (const LockCycle &C : Deadlocks)
      ASSERT_TRUE(Found.count(C)) << "can deadlock over " << llvm::join(llvm::map_range(C, lockName), ", ")
                                  << ", and it was not reported; " << Where;
    Reported += Found.size();
    for (const auto &[C, Sure] : Found) {
      ASSERT_TRUE(Sure != Certainty::Observed || Once.Happened.count(C)) << Where;
      if (!Deadlocks.count(C) && !Once.Happened.count(C)) {
        std::string Shape = shapeOf(Once.Took, C);
        ++Unreachable[Shape];
        Examples.try_emplace(Shape, Where);
      }
    }
  }
  std::cout << Cases << " programs, " << CanDeadlock << " can deadlock, " << DidDeadlock << " did; " << Reported
            << " cycles reported\n";
  EXPECT_GT(CanDeadlock, Cases / 20);
  EXPECT_GT(DidDeadlock, Cases / 50);
  std::map<std::string, uint64_t> Committed = committedShapes();
  EXPECT_FALSE(Committed.empty()) << "no shapes in " UNDERLOCK_UNREACHABLE;
  for (const auto &[Shape, Count] : Unreachable) {
    std::cout << "  out of reach: " << Shape << ' ' << Count << '\n';
    ASSERT_TRUE(Committed.count(Shape)) << "a shape that unreachable.txt does not have: " << Shape << ", "
                                        << Examples[Shape];
    // Chance: a few more in a small run.
    EXPECT_LE(Count, Committed[Shape] * Cases / 100000 + 20) << Shape << " has grown; " << Examples[Shape];
  }
}
