// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Delegation: who works for whom. A context waits for work that another one does; as long as both go on, the work is
// done under what the waiter holds, and can deadlock on it.
//
// The model marks where a wait and a work begin and end, and which argument says what it is about. Work that begins
// while one context waits for that very object is its; while several do, it cannot be told whose, and it is nobody's.
// Work that had begun before the wait is nobody's either: that the waiter came in time was luck, not order.
// A distinct recording has each kind of event once: who waited when cannot be told from it, and all work is nobody's.
//
// Thread-safety: none.
#ifndef UNDERLOCK_ANALYZER_REPLAY_DELEGATION_H
#define UNDERLOCK_ANALYZER_REPLAY_DELEGATION_H

#include "analyzer/replay/Recording.h"

namespace underlock {

class Delegations {
public:
  explicit Delegations(const Recording &R) : R(R) {}
  // `C` has come to `E`, which is a part of a delegation. An end without its begin changes nothing.
  void event(const model::Event &E, ContextId C, llvm::ArrayRef<uint64_t> Objects);
  void contextEnded(ContextId C);
  // Those who wait for what `C` does, and those who wait for them. Mostly none.
  llvm::SmallVector<ContextId, 2> waitersFor(ContextId C) const;
  // The delegation by which `C` works for somebody, where it cannot be told for whom; else null.
  const model::Delegation *unclear(ContextId C) const;
  void remarks(std::vector<Remark> &Out) const;

private:
  struct Wait {
    uint64_t Number; // from 1
    ContextId By;
    unsigned Of; // index into the model's delegations
    uint64_t Object;
  };
  struct Work {
    ContextId By;
    unsigned Of;
    uint64_t For; // a wait's number, or 0
    bool Unclear; // for whom
  };
  void waits(const Wait &New);
  void works(ContextId C, unsigned Of, uint64_t Object);

  const Recording &R;
  // Those going on: a handful.
  std::vector<Wait> Waits;
  std::vector<Work> Works;
  uint64_t LastWait = 0;
  std::vector<uint64_t> Ambiguous; // by delegation: works of which it cannot be told for whom they were done
};

} // namespace underlock

#endif
