// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where a recording is inside of what edits are about: the spans of functions and calls, found in a first replay, for
// the second one to act on.
//
// A span lasts as long as the function's frame is on the stack of consecutive records of one context. An interrupt is
// a context of its own. Records without a stack (releases above all) say their function alone, so where one of them
// stands at a span's edge its side is found out from that:
//   - it is in a function inside the span, or further out; where that is known, it decides
//   - but a lock that was taken inside is mostly given back inside, also by a function that is on the stack further
//     out too (the driver core works on a VF inside of what it does for the PF)
//   - a lock taken before the span, given back while nothing from inside is held, ends the span
//   - where none of these tells, the span is doubtful, and what depends on it is unknown
//
// Thread-safety: none.
#ifndef UNDERLOCK_ANALYZER_REPLAY_SPANS_H
#define UNDERLOCK_ANALYZER_REPLAY_SPANS_H

#include "analyzer/replay/StackReader.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include <set>

namespace underlock {

// One span of one Take. Begin and End count what happens in the context (EventCount): the lock is taken before Begin
// happens and released before End does.
struct Span {
  unsigned Edit = 0;
  uint64_t Begin = 0, End = ~UINT64_C(0);
  std::vector<Frame> Here;     // the function and what it is inlined into, innermost first
  std::vector<uint64_t> Outer; // the rest of the stack, innermost first
  // Of the machine where it begins (enum underlock_state), if that can be told: what is off all the time inside is off
  // there when it was before, too, and what is on at some time is on there.
  std::optional<uint8_t> Machine;
};

// Numbers what happens in each context, the same way in each replay.
class EventCount {
public:
  uint64_t next(ContextId C) {
    if (C >= Counts.size())
      Counts.resize(C + 1, 0);
    return Counts[C]++;
  }

private:
  std::vector<uint64_t> Counts;
};

struct SpansFound {
  std::vector<std::vector<Span>> ByContext; // in the order of their begin; later ones inside of earlier ones, or behind
  std::vector<uint64_t> Uses;               // by edit: its spans, or the acquisitions that it drops
  // Acquisitions to be dropped of which only the context's history tells that they are inside.
  std::set<std::tuple<ContextId, Ticks, InstanceId>> DroppedByHistory;
  uint64_t Blind = 0;               // stacks cut so deep that it cannot be told what is on them
  std::vector<std::string> Doubts;  // a sentence each; a span's edge that cannot be told
  std::vector<std::string> Similar; // functions of the recording, for suggestions
};

class SpanFinder : public Observer {
public:
  SpanFinder(const Recording &R, llvm::ArrayRef<Edit> Edits) : R(R), Edits(Edits), Stacks(R) {
    Found.Uses.resize(Edits.size(), 0);
  }
  SpansFound take();

  void acquired(const Moment &M, const Hold &New) override;
  void released(const Moment &M, const Hold &Old, SiteId At) override;
  void releasedUnheld(const Moment &M, InstanceId, SiteId At, ContextId) override { without(M, At, nullptr); }
  void failed(const Moment &M, InstanceId, PlaceRef At) override { with(M, At.Stack); }
  void awaited(const Moment &M, InstanceId, PlaceRef At) override { with(M, At.Stack); }
  void signalled(const Moment &M, InstanceId, PlaceRef At) override { with(M, At.Stack); }
  void event(const Moment &M, PlaceRef At, llvm::ArrayRef<uint64_t>) override;
  void phaseBegin(const Moment &M, PlaceRef At, const model::Phase &P) override { with(M, At.Stack, callAt(P.Begin)); }
  void phaseEnd(const Moment &M, SiteId At, const model::Phase &) override { without(M, At, nullptr); }
  void born(const Moment &M, InstanceId, SiteId At) override { without(M, At, nullptr); }
  void died(const Moment &M, InstanceId, SiteId At, ContextId) override { without(M, At, nullptr); }
  void fork(const Moment &M, uint64_t) override { without(M, None, nullptr); }
  void start(const Moment &M, uint64_t) override { without(M, None, nullptr); }
  void join(const Moment &M, uint64_t) override { without(M, None, nullptr); }
  void contextEnd(const Moment &M) override;
  void waiting(const Moment &M, InstanceId, PlaceRef At, Ticks) override { with(M, At.Stack); }

private:
  struct Match {
    unsigned Edit;
    OnStack Where;
  };
  // A span that goes on.
  struct Open {
    Match At;
    StackSteps Outer;             // what stays the same
    uint64_t Outermost;           // of the whole stack
    std::optional<uint64_t> Call; // see callOn()
    size_t Index;                 // of the context's spans
    Ticks Began;
    uint64_t LastInside = 0; // the newest thing that is inside for certain
    uint8_t OffBefore = 0, OffInside = 0xff;
    std::optional<uint64_t> LeftAt; // it has ended before this, most likely
    std::optional<uint64_t> OnTop;  // since then stacks of another root were seen
    std::string Doubt;
  };
  // What has happened since the last stack was seen.
  struct Stackless {
    uint64_t Number;
    uint32_t Function;
    bool OnStack = false; // the function was on the newest stack
    bool Release = false;
    uint32_t TakenIn = 0; // a release: the function that took the lock
    std::string Text;
    llvm::SmallVector<unsigned, 1> Alone; // it is in the function of these edits, of which it shows no stack
  };
  // Stacks end where an interrupt or a fault came in: what the scheduler does at the end of one, it does as the task,
  // on a stack with another outermost step. What is beneath goes on afterwards, or has been left before.
  struct Root {
    uint64_t Outermost = 0;
    StackSteps Last; // the newest stack of which the outer part is known
  };
  struct State {
    std::vector<Root> Roots; // each on top of the one before
    bool Blind = false;      // the newest stack of all is not that of the last root
    const StackSteps &last() const {
      static const StackSteps NoStack;
      return Roots.empty() ? NoStack : Roots.back().Last;
    }
    std::vector<Open> Spans;
    std::vector<Stackless> Since;
    // What was off for certain behind the newest thing and the one before it. A release may turn on what is off in its
    // record.
    uint8_t Off = 0, OffBefore = 0;
  };
  enum class Side { Inside, Outside, Unknown, Doubtful };

  // `Next`: a call that begins there, as far as spans of calls go.
  void with(const Moment &M, StackId S, llvm::StringRef Next = "");
  static llvm::StringRef callAt(const model::Point &P) {
    return P.At == model::Point::Kind::BeforeCall ? llvm::StringRef(P.Function) : "";
  }
  static std::optional<uint64_t> callOn(const StackSteps &S, const OnStack &At);
  bool goesOn(const Open &O, const Match &At, const StackSteps &Now) const;
  void without(const Moment &M, SiteId At, const Hold *Old);
  static void machine(State &S, uint8_t Off);
  void inside(Open &O, const Moment &M, uint64_t Number);
  void leave(State &S);
  State &stateOf(ContextId C);
  const StackSteps *stackNow(State &S, StackId Stack);
  static bool isOnTopOf(const State &S, const Open &O);
  std::vector<Match> matchesOn(StackId Stack, const StackSteps &Now, llvm::StringRef Next);
  Side sideOf(const Open &O, const State &S, const Moment &M, const Stackless &What, const Hold *Old);
  void close(const Moment &M, Open &O, uint64_t Number);
  void open(const Moment &M, State &S, const Match &At, const StackSteps &Now, uint64_t Number, uint64_t NotBefore);
  uint64_t beginOf(State &S, const Match &At, const StackSteps &Now, uint64_t Number, uint64_t NotBefore);
  bool entered(unsigned E, uint32_t Function);
  bool dropsHere(const Edit &E, InstanceId Lock) const;
  void doubt(const std::string &Text);

  const Recording &R;
  llvm::ArrayRef<Edit> Edits;
  StackReader Stacks;
  EventCount Count;
  std::vector<State> States;                           // by context
  llvm::DenseMap<StackId, std::vector<Match>> ByStack; // of whole stacks
  SpansFound Found;
};

} // namespace underlock

#endif
