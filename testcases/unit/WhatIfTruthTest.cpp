// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// what-if against truth: random small programs and random edits. The program is run and recorded, and what-if predicts
// from that; then the program is really edited, run and judged. Both agree, or what-if has said that it does not know.
//
// A program is what its threads do: calls, locks taken and given back, events. In most, a lock is given back where it
// was taken, also by helpers, and functions may be recursive; in the others, any function gives it back, but for
// another call of the one that took it, and does something else beside. Stacks may be cut, where nothing is recursive.
// Edits take and drop any of its locks around functions and calls.
//
// A call in which nothing happens that has a stack leaves nothing in a recording, and is not edited either.
//
// The seed is printed and can be given: UNDERLOCK_SEED=… UNDERLOCK_CASES=… underlock_unit
// --gtest_filter='WhatIfTruth.*'
#include "testcases/unit/Suppose.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <cstdlib>
#include <gtest/gtest.h>
#include <iostream>
#include <random>

using namespace underlock;
using namespace underlock::test;

namespace {

const char Contracts[] = "contracts:\n  - {id: rule, event: removed, requires: A, mode: exclusive, why: w}\n"
                         "  - {id: other, event: looked-up, requires: [B, D], why: w}\n"
                         "  - {id: not, event: removed, forbids: C, why: w}\n";
constexpr int Locks = 4; // A, B, C are mutexes, D is a read-write lock
std::string lockName(int L) { return std::string(1, char('A' + L)); }

struct Op {
  enum { Enter, Exit, Lock, Unlock, Event } What;
  int Which = 0; // a function, a lock, an event
  int Line = 0;  // of the function that does it
  bool Shared = false, Helper = false, Try = false;
};
using Thread = std::vector<Op>;

struct EditOf {
  bool Take, Shared, Everywhere;
  int Lock, Function, Callee; // Callee: -1: none
  std::string yaml() const {
    std::string At = "f" + std::to_string(Function) + (Callee < 0 ? "" : ":f" + std::to_string(Callee));
    return std::string("{") + (Take ? "take: " : "drop: ") + lockName(Lock) +
           (Everywhere ? "" : ", around: \"" + At + "\"") + (Shared ? ", mode: shared" : "") + "}";
  }
};

class Generator {
public:
  explicit Generator(uint64_t Seed) : Random(Seed) {}
  int below(int N) { return std::uniform_int_distribution<int>(0, N - 1)(Random); }
  bool oneIn(int N) { return below(N) == 0; }

  std::vector<Thread> program() {
    Structured = !oneIn(3);
    FrameLimit = oneIn(4) ? 3 + below(2) : 0;
    Recursion = Structured && !FrameLimit;
    Tries = oneIn(4);
    std::vector<Thread> Out(1 + below(3));
    for (Thread &T : Out) {
      Now = &T;
      Held.clear();
      Steps = 4 + below(14);
      activation(0, 0);
    }
    return Out;
  }
  // Of locks and functions that the program has.
  std::vector<EditOf> edits(const std::vector<Thread> &P) {
    std::vector<int> Taken, Called;
    for (const Thread &T : P)
      for (const Op &O : T)
        if (O.What == Op::Lock)
          Taken.push_back(O.Which);
        else if (O.What == Op::Enter && O.Which >= 0)
          Called.push_back(O.Which);
    if (Taken.empty())
      return {};
    std::vector<EditOf> Out(1 + (oneIn(2) ? below(3) : 0));
    for (EditOf &E : Out) {
      E.Take = !oneIn(3);
      E.Lock = Taken[below(Taken.size())];
      E.Shared = E.Take && E.Lock == 3 && oneIn(2);
      E.Everywhere = !E.Take && oneIn(4);
      size_t At = below(Called.size());
      E.Function = Called[At];
      E.Callee = oneIn(4) && At + 1 < Called.size() ? Called[At + 1] : -1;
    }
    return Out;
  }
  bool Tries = false;
  unsigned FrameLimit = 0; // of the recording; 0: none

private:
  static constexpr int Functions = 5;
  struct Holding {
    int Lock;
    bool Helper, Shared;
    int Function, Call; // that took it
  };

  void unlock(size_t Index) {
    bool Before = oneIn(2);
    if (!Structured && Before)
      event();
    Now->push_back({Op::Unlock, Held[Index].Lock, 1 + below(3), Held[Index].Shared, Held[Index].Helper});
    Held.erase(Held.begin() + Index);
    if (!Structured && !Before)
      event();
  }
  void event() { Now->push_back({Op::Event, below(2), 1 + below(3)}); }
  void activation(int F, int Depth) {
    int Call = ++LastCall;
    Now->push_back({Op::Enter, F});
    Calls.push_back(F);
    for (int I = 1 + below(6); I-- > 0 && Steps-- > 0;)
      switch (below(6)) {
      case 0:
      case 1:
        if (Depth < 4) {
          int Callee = below(Functions);
          if (!Recursion && llvm::is_contained(Calls, Callee))
            break;
          Now->push_back({Op::Enter, -1, 1 + below(3)}); // where the caller is
          activation(Callee, Depth + 1);
        }
        break;
      case 2:
      case 3: {
        int L = below(Locks);
        if (llvm::any_of(Held, [&](const Holding &H) { return H.Lock == L; }))
          break;
        Holding H{L, Structured && oneIn(2), L == 3 && oneIn(2), F, Call};
        Now->push_back({Op::Lock, L, 1 + below(3), H.Shared, H.Helper, Tries && oneIn(4)});
        Held.push_back(H);
        break;
      }
      case 4: {
        if (Held.empty())
          break;
        size_t Index = below(Held.size());
        if (Structured ? Held[Index].Call == Call : Held[Index].Function != F || Held[Index].Call == Call)
          unlock(Index);
        break;
      }
      default:
        event();
      }
    for (size_t I = Held.size(); I-- > 0;)
      if (Depth == 0 || (Held[I].Call == Call && (Structured || !oneIn(3))))
        unlock(I);
    Now->push_back({Op::Exit, F});
    Calls.pop_back();
  }

  std::mt19937_64 Random;
  Thread *Now = nullptr;
  std::vector<Holding> Held;
  std::vector<int> Calls;
  int Steps = 0, LastCall = 0;
  bool Structured = true, Recursion = true;
};

// ---- The edited program ----

class Editor {
public:
  Editor(const std::vector<EditOf> &Edits) : Edits(Edits) {}

  Thread edit(const Thread &T) {
    Thread Out;
    std::vector<int> Stack;
    std::vector<std::vector<size_t>> Taken; // by activation: edits, those around its call first
    std::vector<int> Dropped;               // by lock: its hold is one that was dropped
    Dropped.resize(Locks, 0);
    for (size_t At = 0; At < T.size(); ++At) {
      const Op &O = T[At];
      switch (O.What) {
      case Op::Enter: {
        if (O.Which < 0) {
          Out.push_back(O);
          break;
        }
        Taken.emplace_back();
        bool Seen = leavesSomething(T, At);
        for (size_t E = 0; E < Edits.size() && Seen; ++E)
          if (isCall(E, Stack, O.Which)) {
            // Before the call: the marker of the call is the newest thing, and stays the newest.
            Op Call = Out.back();
            Out.pop_back();
            Out.push_back(take(E, Call.Line));
            Out.push_back(Call);
            Taken.back().push_back(E);
          }
        Out.push_back(O);
        for (size_t E = 0; E < Edits.size() && Seen; ++E)
          if (Edits[E].Take && Edits[E].Callee < 0 && Edits[E].Function == O.Which) {
            Out.push_back(take(E, 1));
            Taken.back().push_back(E);
          }
        Stack.push_back(O.Which);
        break;
      }
      case Op::Exit: {
        Stack.pop_back();
        std::vector<size_t> Of = Taken.back();
        Taken.pop_back();
        auto GiveBack = [&](bool Calls) {
          for (size_t E : llvm::reverse(Of))
            if ((Edits[E].Callee >= 0) == Calls)
              Out.push_back({Op::Unlock, Edits[E].Lock, 1, Edits[E].Shared});
        };
        GiveBack(false);
        Out.push_back(O);
        GiveBack(true);
        break;
      }
      case Op::Lock:
        if (!(Dropped[O.Which] = drops(O.Which, Stack)))
          Out.push_back(O);
        break;
      case Op::Unlock:
        if (!Dropped[O.Which])
          Out.push_back(O);
        Dropped[O.Which] = 0;
        break;
      case Op::Event:
        Out.push_back(O);
      }
    }
    return Out;
  }

private:
  static bool leavesSomething(const Thread &T, size_t At) {
    for (int Depth = 0; At < T.size(); ++At) {
      if (T[At].What == Op::Lock || T[At].What == Op::Event)
        return true;
      Depth += (T[At].What == Op::Enter && T[At].Which >= 0) - (T[At].What == Op::Exit);
      if (Depth == 0)
        return false;
    }
    return false;
  }
  bool isCall(size_t E, const std::vector<int> &Stack, int Callee) const {
    return Edits[E].Take && Edits[E].Callee == Callee && !Stack.empty() && Stack.back() == Edits[E].Function;
  }
  Op take(size_t E, int Line) const { return {Op::Lock, Edits[E].Lock, Line, Edits[E].Shared}; }
  bool drops(int Lock, const std::vector<int> &Stack) const {
    return llvm::any_of(Edits, [&](const EditOf &E) {
      if (E.Take || E.Lock != Lock)
        return false;
      if (E.Everywhere)
        return true;
      for (size_t I = 0; I < Stack.size(); ++I)
        if (Stack[I] == E.Function && (E.Callee < 0 || (I + 1 < Stack.size() && Stack[I + 1] == E.Callee)))
          return true;
      return false;
    });
  }
  const std::vector<EditOf> &Edits;
};

// ---- Running it ----

class Machine {
public:
  Machine(const std::vector<Thread> &P, unsigned FrameLimit)
      : Program(&P), FrameLimit(FrameLimit), At(P.size(), 0), Stacks(P.size()), Owners(Locks) {}

  const Thread &of(int T) const { return (*Program)[T]; }
  bool ended(int T) const { return At[T] == of(T).size(); }
  bool blocked(int T) const {
    if (ended(T) || of(T)[At[T]].What != Op::Lock || of(T)[At[T]].Try)
      return false;
    return taken(of(T)[At[T]]);
  }
  bool allEnded() const {
    for (size_t T = 0; T < Program->size(); ++T)
      if (!ended(T))
        return false;
    return true;
  }

  void step(int T) {
    const Op &O = of(T)[At[T]++];
    std::string Who = "t" + std::to_string(T);
    auto &Stack = Stacks[T];
    switch (O.What) {
    case Op::Enter:
      if (O.Which < 0)
        Stack.back().second = O.Line;
      else
        Stack.push_back({O.Which, 1});
      break;
    case Op::Exit:
      Stack.pop_back();
      break;
    case Op::Lock:
      if (O.Try && taken(O)) {
        TryFailed |= llvm::is_contained(Owners[O.Which], T); // else a thread that is stuck has it
        At[T] = of(T).size();
        return;
      }
      Owners[O.Which].push_back(T);
      Shared[O.Which] = O.Shared;
      Text +=
          Who + " acquire " + spec(O) + (O.Shared ? " shared" : "") + (O.Try ? " try" : "") + stack(T, O, "take_it");
      break;
    case Op::Unlock:
      if (auto It = llvm::find(Owners[O.Which], T); It != Owners[O.Which].end())
        Owners[O.Which].erase(It);
      // No stack: the function alone.
      Text += Who + " release " + spec(O) + " @ " +
              (O.Helper ? std::string("give_it_back") : "f" + std::to_string(Stack.back().first)) + "\n";
      break;
    case Op::Event:
      Text += Who + " event " + (O.Which ? "removed 1" : "looked-up") + stack(T, O, "");
      break;
    }
    if (ended(T))
      Text += Who + " exits\n";
  }

  // Waits are said last.
  std::string text() const {
    std::string Out = Text;
    for (size_t T = 0; T < Program->size(); ++T)
      if (blocked(T)) {
        const Op &O = of(T)[At[T]];
        Out += "t" + std::to_string(T) + " wait " + spec(O) + (O.Shared ? " shared" : "") + stack(T, O, "take_it");
      }
    return Out;
  }
  bool TryFailed = false;

private:
  bool taken(const Op &O) const { return !Owners[O.Which].empty() && !(O.Shared && Shared.at(O.Which)); }
  static std::string spec(const Op &O) { return lockName(O.Which) + (O.Which == 3 ? "/rw" : "/m"); }
  std::string stack(int T, const Op &O, const char *Helper) const {
    std::vector<std::string> Frames;
    if (O.Helper)
      Frames.push_back(Helper);
    bool First = true;
    for (const auto &[F, Line] : llvm::reverse(Stacks[T])) {
      Frames.push_back("f" + std::to_string(F) + ":" + std::to_string(First ? O.Line : Line));
      First = false;
    }
    Frames.push_back("main");
    if (FrameLimit && Frames.size() > FrameLimit)
      Frames.resize(FrameLimit);
    return " @ " + llvm::join(Frames, " < ") + "\n";
  }

  const std::vector<Thread> *Program;
  unsigned FrameLimit;
  std::vector<size_t> At;
  std::vector<std::vector<std::pair<int, int>>> Stacks; // function and line
  std::vector<std::vector<int>> Owners;
  std::map<int, bool> Shared;
  std::string Text;
};

// One after the other; a thread that is stuck is left.
Machine serial(const std::vector<Thread> &P, unsigned FrameLimit) {
  Machine R(P, FrameLimit);
  for (size_t T = 0; T < P.size(); ++T)
    while (!R.ended(T) && !R.blocked(T))
      R.step(T);
  return R;
}

// In any order; nothing when it gets stuck.
std::optional<Machine> anyOrder(const std::vector<Thread> &P, unsigned FrameLimit, Generator &G) {
  Machine R(P, FrameLimit);
  while (!R.allEnded()) {
    std::vector<int> Ready;
    for (size_t T = 0; T < P.size(); ++T)
      if (!R.ended(T) && !R.blocked(T))
        Ready.push_back(T);
    if (Ready.empty())
      return std::nullopt;
    R.step(Ready[G.below(Ready.size())]);
  }
  return R;
}

std::vector<std::string> found(const Judged &J) {
  std::vector<std::string> Out;
  for (const Finding &F : J.Findings)
    if (F.Sure >= Certainty::Assumed)
      Out.push_back(F.Analysis + ":" + F.Rule + " " + llvm::join(F.Identity, " "));
  std::sort(Out.begin(), Out.end());
  return Out;
}

std::vector<std::string> only(const std::vector<std::string> &Of, llvm::StringRef Begin) {
  std::vector<std::string> Out;
  llvm::copy_if(Of, std::back_inserter(Out),
                [&](const std::string &S) { return llvm::StringRef(S).starts_with(Begin); });
  return Out;
}

uint64_t number(const char *Variable, uint64_t Default) {
  const char *Text = std::getenv(Variable);
  return Text ? std::strtoull(Text, nullptr, 10) : Default;
}

} // namespace

TEST(WhatIfTruth, PredictedAndReallyEdited) {
  uint64_t Seed = number("UNDERLOCK_SEED", std::random_device()()), Cases = number("UNDERLOCK_CASES", 8000);
  std::cout << "UNDERLOCK_SEED=" << Seed << " UNDERLOCK_CASES=" << Cases << '\n';
  Generator G(Seed);
  uint64_t Answered = 0, Unknown = 0, Hung = 0, Changed = 0;
  std::map<std::string, unsigned> Whys;
  for (uint64_t Case = 0; Case < Cases; ++Case) {
    std::vector<Thread> P = G.program();
    std::vector<EditOf> Edits = G.edits(P);
    if (Edits.empty())
      continue;
    unsigned FrameLimit = G.FrameLimit;
    std::string Yaml;
    for (const EditOf &E : Edits)
      Yaml += (Yaml.empty() ? "" : ", ") + E.yaml();
    std::optional<Machine> AsIs;
    if (!G.Tries)
      AsIs = anyOrder(P, FrameLimit, G);
    if (!AsIs)
      AsIs = serial(P, FrameLimit);

    SupposedRun S = suppose(program(Contracts), AsIs->text(), Yaml, FrameLimit);
    ASSERT_EQ(S.Errors, "") << Yaml;

    std::vector<Thread> Edited;
    for (const Thread &T : P)
      Edited.push_back(Editor(Edits).edit(T));
    Machine Truth = serial(Edited, FrameLimit);
    Judged J = judge(program(Contracts), Truth.text());
    ASSERT_EQ(J.Errors, "");
    std::string What = "case " + std::to_string(Case) + " of seed " + std::to_string(Seed) + ", edits " + Yaml +
                       "\nas it is:\n" + AsIs->text() + "edited:\n" + Truth.text();
    if (!S.P.Unknown.empty()) {
      ++Unknown;
      for (const std::string &Why : S.P.Unknown)
        ++Whys[llvm::StringRef(Why).drop_while(llvm::isDigit).take_front(12).str()];
      continue;
    }
    ++Answered;
    ASSERT_FALSE(Truth.TryFailed) << What;
    std::vector<std::string> Said = S.after(), True = found(J);
    if (Truth.allEnded()) {
      ASSERT_EQ(Said, True) << What;
    } else {
      // It has not shown all, and must show what is predicted to stop it.
      ++Hung;
      std::vector<std::string> Stopped = only(True, "self:self-deadlock");
      ASSERT_FALSE(only(Said, "self:self-deadlock").empty()) << What;
      for (const std::string &F : Stopped)
        ASSERT_TRUE(llvm::is_contained(Said, F)) << F << " in " << What;
      for (const std::string &F : only(True, "contract:"))
        ASSERT_TRUE(llvm::is_contained(Said, F)) << F << " in " << What;
    }
    Changed += !S.P.Changes.empty();
  }
  std::cout << Answered << " answers, " << Changed << " with findings, " << Hung << " of programs that hang then; "
            << Unknown << " unknown\n";
  for (auto &[W, C] : Whys)
    std::cout << W << ": " << C << "\n";
  EXPECT_GT(Answered, Cases / 4);
  EXPECT_GT(Hung, Cases / 50);
}
