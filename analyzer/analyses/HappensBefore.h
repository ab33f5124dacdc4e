// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which parts of a program's threads can run at the same time, as far as fork and join decide it.
//
// Vector clocks (Fidge, Mattern) over fork, start and join alone: locks do not order here, since a lock that happened
// to be taken first in this run may be taken second in the next. A thread's life is cut into segments at its forks and
// joins; a segment is made when somebody asks for it, so threads that take no nested locks cost nothing.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_HAPPENSBEFORE_H
#define UNDERLOCK_ANALYZER_ANALYSES_HAPPENSBEFORE_H

#include "analyzer/replay/Events.h"
#include "llvm/ADT/DenseMap.h"
#include <vector>

namespace underlock {

using SegmentId = uint32_t;
constexpr SegmentId NoSegment = ~0u;

class HappensBefore {
public:
  void fork(ContextId Parent, uint64_t Token) {
    of(Parent);
    Forked[Token] = Clocks[Parent];
    advance(Parent);
  }
  void start(ContextId Child, uint64_t Token) {
    of(Child);
    Children[Token] = Child;
    if (auto It = Forked.find(Token); It != Forked.end()) {
      merge(Clocks[Child], It->second);
      Forked.erase(It);
    }
    advance(Child);
  }
  void join(ContextId Parent, uint64_t Token) {
    auto It = Children.find(Token);
    if (It == Children.end())
      return;
    of(Parent);
    merge(Clocks[Parent], Clocks[It->second]);
    advance(Parent);
  }

  // The segment that the context is in.
  SegmentId segment(ContextId C) {
    of(C);
    if (Current[C] == NoSegment) {
      Current[C] = Segments.size();
      Segments.push_back({C, Clocks[C]});
    }
    return Current[C];
  }

  bool concurrent(SegmentId A, SegmentId B) const {
    if (A == NoSegment || B == NoSegment)
      return true;
    return !before(Segments[A], Segments[B]) && !before(Segments[B], Segments[A]);
  }

private:
  using Clock = std::vector<uint32_t>; // by context; absent: 0
  struct Segment {
    ContextId Context;
    Clock Time;
  };

  static uint32_t at(const Clock &T, ContextId C) { return C < T.size() ? T[C] : 0; }
  static void merge(Clock &Into, const Clock &From) {
    if (Into.size() < From.size())
      Into.resize(From.size(), 0);
    for (size_t I = 0; I < From.size(); ++I)
      Into[I] = std::max(Into[I], From[I]);
  }
  // A happens before B when B has seen A's own component.
  static bool before(const Segment &A, const Segment &B) { return at(B.Time, A.Context) >= at(A.Time, A.Context); }
  void of(ContextId C) {
    if (C >= Clocks.size()) {
      Clocks.resize(C + 1);
      Current.resize(C + 1, NoSegment);
    }
    if (Clocks[C].size() <= C) {
      Clocks[C].resize(C + 1, 0);
      Clocks[C][C] = 1;
    }
  }
  void advance(ContextId C) {
    ++Clocks[C][C];
    Current[C] = NoSegment;
  }

  std::vector<Clock> Clocks;      // by context
  std::vector<SegmentId> Current; // by context
  std::vector<Segment> Segments;
  llvm::DenseMap<uint64_t, Clock> Forked;
  llvm::DenseMap<uint64_t, ContextId> Children;
};

} // namespace underlock

#endif
