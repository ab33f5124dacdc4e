// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a context has to get through before others can go on who wait for it: for its end, or for its signal.
//
// Who joins a thread waits for all that the thread waits for in its life; who waits for a completion, for all that its
// signaller waits for before the signal. As far back as that one's own last wait: what was before it was over when the
// signaller began with what led to the signal. So each of these waits is an edge of lock order, from what is waited for
// to the lock that its bringer takes. A reference needs none of this: who has it holds it.
//
// In a program a signal also puts two threads in order: what the signaller did before it is over for whoever has waited
// for it. That cuts no order of two locks away (in the next run another signal may come first), but it does cut the
// edges from here: a thread that had the lock before it said "ready" is not in the way of who took it after "ready".
//
// Thread-safety: none.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_SECTIONS_H
#define UNDERLOCK_ANALYZER_ANALYSES_SECTIONS_H

#include "analyzer/replay/Recording.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <deque>
#include <memory>

namespace underlock {

struct Acquisition;

// Fork, join, signal and wait as vector clocks. A moment of one context is a number; what a context knows of the others
// is shared by all that happens between two of these.
class SignalOrder {
public:
  using Known = std::shared_ptr<const std::vector<uint32_t>>; // by context

  void fork(ContextId Parent, uint64_t Token) { Forked[Token] = publish(Parent); }
  void start(ContextId Child, uint64_t Token) {
    if (auto It = Forked.find(Token); It != Forked.end())
      learn(Child, It->second);
    Forked.erase(Token);
    Children[Token] = Child;
  }
  void join(ContextId Parent, uint64_t Token) {
    auto It = Children.find(Token);
    if (It == Children.end())
      return;
    learn(Parent, known(It->second));
    Clocks[It->second] = nullptr; // it comes to nothing any more
    Children.erase(It);
  }
  void signal(ContextId C, InstanceId What) {
    Known Now = publish(C);
    Known &Of = Signals[What];
    Of = Of ? merged(*Of, *Now) : Now;
  }
  void await(ContextId C, InstanceId What) {
    if (auto It = Signals.find(What); It != Signals.end())
      learn(C, It->second);
  }

  uint32_t moment(ContextId C) { return at(*known(C), C); }
  Known known(ContextId C);
  // Is that moment of `C` over for who knows this?
  static bool isOver(ContextId C, uint32_t Moment, const Known &For) { return For && at(*For, C) >= Moment; }

private:
  static uint32_t at(const std::vector<uint32_t> &Clock, ContextId C) { return C < Clock.size() ? Clock[C] : 0; }
  static Known merged(const std::vector<uint32_t> &A, const std::vector<uint32_t> &B);
  void learn(ContextId C, const Known &More) { Clocks[C] = merged(*known(C), *More); }
  Known publish(ContextId C); // what it knows now; what it does from now on is not in it

  std::vector<Known> Clocks; // by context
  llvm::DenseMap<uint64_t, Known> Forked;
  llvm::DenseMap<uint64_t, ContextId> Children;
  llvm::DenseMap<InstanceId, Known> Signals;
};

class Sections {
public:
  // `R` outlives it.
  explicit Sections(const Recording &R);

  // Something that a context waited for: the first of all that no rule can tell apart.
  struct Taken {
    std::shared_ptr<const Acquisition> First;
    uint64_t Newest = 0; // when its like was seen last, in the context's own count
    uint32_t Moment = 0; // … and in that of SignalOrder
  };
  // Who brings something about, and what it has to get through before.
  struct Before {
    ContextId Who = None;
    std::vector<Taken> What;
    bool Alone = true; // nobody else has ever brought it about, but for who waits
  };

  bool watches() const { return Signals || Ends; }
  // Is what this context takes of interest to anybody?
  bool watches(ContextId C) const { return Signals || isThread(C); }
  // Its end can be waited for.
  bool isThread(ContextId C) const { return Ends && C < Of.size() && Of[C].Started; }
  // `Like`: a hash of all that makes it different to any rule.
  void took(ContextId C, uint64_t Like, llvm::function_ref<std::shared_ptr<const Acquisition>()> Make);
  // It has waited for something that has come: for a lock to be his again, a signal, a thread's end.
  void waited(ContextId C);
  void started(ContextId C) { of(C).Started = true; }
  void signalled(ContextId C, InstanceId What);
  // What has to be got through before this signal, which the context has just waited for.
  Before beforeSignal(ContextId Waiter, InstanceId What) const;
  Before beforeEnd(ContextId C) const;
  // Nobody will ask for this context's end any more.
  void forget(ContextId C);
  // It has ended, and may be waited for still. Of those, the newest are remembered, as many as the runtime knows.
  void ended(ContextId C);

private:
  struct Context {
    bool Started = false;
    uint64_t Count = 0, Since = 0; // what it took, and how much of that before its last wait
    llvm::DenseMap<uint64_t, size_t> ByLike;
    std::vector<Taken> All;
  };
  struct Signal {
    ContextId By = None;
    std::vector<Taken> What;
    llvm::SmallVector<ContextId, 2> Signallers;
  };
  Context &of(ContextId C);

  const Recording &R;
  const bool Signals, Ends;
  std::vector<Context> Of;
  std::deque<ContextId> Ended;
  llvm::DenseMap<InstanceId, Signal> Last;

public:
  SignalOrder Order;
};

} // namespace underlock

#endif
