// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a context held from one moment to another, moment by moment, and whether that keeps somebody else out.
//
// A held set is kept once and named by a number. A trail is what one context held, one set after the other, so that a
// lock which is given back and taken again is seen not to have been held in between.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_HELDSETS_H
#define UNDERLOCK_ANALYZER_ANALYSES_HELDSETS_H

#include "analyzer/replay/Recording.h"
#include <map>

namespace underlock {

using HeldSetId = uint32_t;

// What is no lock and keeps a free away all the same: a bit for each of the model's grace periods.
struct Besides {
  uint64_t Reading = 0; // in one of its read sides
  uint64_t Perhaps = 0; // … or not: no record tells
  uint64_t Grace = 0;   // waits until read sides are left that were entered before
};

// What is not known, taken in favour of whom it would keep out.
enum Favour : unsigned {
  Strict = 0,
  OneLock = 1,  // locks of one class were one lock
  StillOff = 2, // who is perhaps in a read side is in one
  AllFavours = OneLock | StillOff
};

class HeldSets {
public:
  static constexpr HeldSetId Counted = 0; // a reference is held: nobody frees
  HeldSets() : Sets(1) {}

  HeldSetId of(llvm::ArrayRef<Hold> Held, Besides B);
  // What is held at one of `Mine`'s moments keeps out who holds `Theirs`; or would, if what is not known was so.
  bool exclude(const Recording &R, HeldSetId Mine, HeldSetId Theirs, unsigned If) const;
  // Somebody goes through `Mine`, and has begun before another one goes through `Theirs`. Has he ended for sure when
  // the other one has? Where he could be at all grows with each step of the other: no set of his that excludes it.
  bool ended(const Recording &R, llvm::ArrayRef<HeldSetId> Mine, llvm::ArrayRef<HeldSetId> Theirs, unsigned If) const;
  bool holds(HeldSetId Set, InstanceId Lock) const;
  uint64_t reading(HeldSetId Set) const { return Sets[Set].Also.Reading; }
  bool full() const { return Full; }

private:
  struct Set {
    llvm::SmallVector<std::pair<InstanceId, model::Mode>, 4> Locks; // each once, sorted
    Besides Also;
  };
  std::vector<Set> Sets;
  std::map<std::vector<uint64_t>, HeldSetId> Known;
  bool Full = false;
};

// The sets that one context went through. Kept only while somebody asks, in numbers that go on counting.
class Trail {
public:
  static constexpr size_t Limit = 2048; // kept at once
  uint64_t end() const { return Base + Sets.size(); }
  void add(HeldSetId S) {
    if (Sets.empty() || Sets.back() != S)
      Sets.push_back(S);
  }
  bool tooLong() const { return Sets.size() > Limit; }
  void clear() {
    Base = end();
    Sets.clear();
  }
  HeldSetId last() const { return Sets.back(); }
  bool empty() const { return Sets.empty(); }
  llvm::ArrayRef<HeldSetId> since(uint64_t Number) const {
    return llvm::ArrayRef<HeldSetId>(Sets).drop_front(Number < Base ? 0
                                                                    : std::min<uint64_t>(Number - Base, Sets.size()));
  }

private:
  std::vector<HeldSetId> Sets;
  uint64_t Base = 0;
};

} // namespace underlock

#endif
