// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A finding: one defect with its evidence. Reports print what is here and nothing else, so all that a reader needs to
// believe it, or to refute it, has to be in it.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_FINDING_H
#define UNDERLOCK_ANALYZER_ANALYSES_FINDING_H

#include "analyzer/replay/Events.h"

namespace underlock {

// In rising order; a gate compares with >=. What each means is in DESIGN.md and in the README.
enum class Certainty { Possible, Assumed, Predicted, Observed };

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
  } What = Kind::Event;
  ContextId Context = None;
  PlaceRef Place;
  InstanceId Lock = None; // None for events
  model::Mode Mode = model::Mode::Exclusive;
  std::vector<Hold> Held;                     // what the context held just before
  const model::Delegation *Unclear = nullptr; // as in the Moment
  Ticks Time = 0;
  uint64_t Count = 1; // how often this was seen (the same place under locks of the same classes)
};

struct Finding {
  std::string Analysis; // "contract", "order", "self"
  std::string Rule;     // the contract's id; "inversion", "recursion", "relock", "unheld-release", "held-at-exit", …
  Certainty Sure = Certainty::Assumed;
  model::Severity Level = model::Severity::Error;
  std::string Title; // what is wrong, in one line, without a full stop
  // Evidence. contract: one step. order: one step an edge, in the order of the cycle: step i acquires (or waits for)
  // what step i+1 holds. self: the step, then what it conflicts with.
  std::vector<Step> Steps;
  std::vector<std::string> Missing;     // contract: the classes of which one should have been held
  std::vector<std::string> Assumptions; // what has to be true for an assumed finding to happen, a sentence each
  std::string Why, See;                 // of the rule
  const model::Contract *Contract = nullptr;
  // What the fingerprint is made of: names only, in a fixed order. Reports print fingerprint(), which hashes it.
  std::vector<std::string> Identity;
};

// 16 hex digits of xxh3 over Analysis, Rule and Identity.
std::string fingerprint(const Finding &F);

} // namespace underlock

#endif
