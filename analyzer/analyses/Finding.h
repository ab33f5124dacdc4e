// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A finding: one defect with its evidence. Reports print what is here and nothing else, so all that a reader needs to
// believe it, or to refute it, has to be in it.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_FINDING_H
#define UNDERLOCK_ANALYZER_ANALYSES_FINDING_H

#include "analyzer/replay/Events.h"
#include <optional>

namespace underlock {

// In rising order; a gate compares with >=. What each means is in DESIGN.md and in the README.
enum class Certainty { Possible, Assumed, Predicted, Observed };
constexpr size_t Certainties = static_cast<size_t>(Certainty::Observed) + 1; // for tables by certainty

// One thing that a context did or does, with what it held.
struct Step {
  enum class Kind {
    Event,    // the event that a contract is about
    Acquires, // takes `Lock`
    Waits,    // waits for `Lock`, and waited still when the recording ended
    Releases, // releases `Lock` (or the lock at `Lock` that it does not hold)
    Ends,     // the context ends
    Dies,     // the lock's memory dies
    Fails,    // asks for `Lock`, may wait, and does not get it
    Reads,    // memory
    Writes,
  } What = Kind::Event;
  static constexpr size_t Kinds = static_cast<size_t>(Kind::Writes) + 1; // for tables by kind
  ContextId Context = None;
  PlaceRef Place;
  InstanceId Lock = None; // None for events
  model::Mode Mode = model::Mode::Exclusive;
  std::vector<Hold> Held;                     // what the context held just before
  bool HeldKnown = true;                      // false: it may have held anything
  std::vector<std::string> HeldElsewise;      // locks that ThreadSanitizer saw held, and the recording did not
  const model::Delegation *Unclear = nullptr; // as in the Moment
  Ticks Time = 0;
  std::string Says;   // what a report says before it, where the kind does not tell
  std::string During; // the titled phase that was going on: "KUnit case suite.case"; empty: none (Titles.h)
  uint64_t Count = 1; // how often this was seen (the same place under locks of the same classes)
};

// What the context of the moment does or did at `At`, with all that it held.
Step stepAt(const Moment &M, Step::Kind What, PlaceRef At, InstanceId Lock = None);

// A function that is entered with and without a lock that it goes on to need, and a way of each kind.
struct Divergence {
  std::string Lock, Function;
  PlaceRef With, Without;              // the event on both ways
  PlaceRef Taken;                      // where the way with the lock has taken it
  ContextId TakenBy = None;            // by another context, which waits for this
  size_t Common = 0;                   // frames that both have in common, from the event to that function
  uint64_t WithCount = 0;              // how often it was entered so
  uint64_t OtherWays = 0;              // that keep the contract and do not come by this function
  std::vector<std::string> Callbacks; // the first calls below it into other files
};

// What the gate makes of a finding (analyzer/gate decides it, reports print it): nothing, as there is no baseline; not
// in the baseline; in the baseline, so it does not fail; suppressed by the model, so it does not fail either.
enum class Standing { None, New, Known, Suppressed };
constexpr size_t Standings = static_cast<size_t>(Standing::Suppressed) + 1;
// Whether a finding that stands so can make the gate fail.
inline bool counts(Standing S) { return S != Standing::Known && S != Standing::Suppressed; }

struct Finding {
  std::string Analysis; // "contract", "order", "self", "irq"
  std::string Rule;     // the contract's id; "inversion", "recursion", "relock", "unheld-release", "held-at-exit", …
  Certainty Sure = Certainty::Assumed;
  model::Severity Level = model::Severity::Error;
  std::string Title; // what is wrong, in one line, without a full stop
  // Evidence. contract: one step. order: one step an edge, in the order of the cycle: step i acquires (or waits for)
  // what step i+1 holds. self: the step, then what it conflicts with.
  std::vector<Step> Steps;
  bool OneOfPaths = false; // the first step's Count is of all paths that lead to this, and it is one of them
  std::vector<std::string> During;      // of all steps, each once, in their order
  std::vector<std::string> Missing;     // contract: the classes of which one should have been held
  std::vector<std::string> Assumptions; // what has to be true for an assumed finding to happen, a sentence each
  std::string Why, See;                 // of the rule
  std::optional<Divergence> Apart;      // contract: a way on which it is kept
  const model::Contract *Contract = nullptr;
  std::vector<std::string> AlsoBy; // others that report the same: "ThreadSanitizer (lock-order-inversion)"
  // What the fingerprint is made of: names only, in a fixed order. Reports print fingerprint(), which hashes it.
  std::vector<std::string> Identity;
  Standing Stands = Standing::None;
  std::string Because; // the baseline's or the suppression's reason
};

// What a contract says of each of its findings; of its `E`, if it is about an event, where it says nothing itself.
Finding findingOf(const model::Contract &C, const model::Event *E, Certainty Sure);

// Names in a circle, from the smallest on: the same whichever one it began with.
std::vector<std::string> fromTheSmallest(std::vector<std::string> Names);

// 16 hex digits of xxh3 over Analysis, Rule and Identity.
std::string fingerprint(const Finding &F);

} // namespace underlock

#endif
