// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cycles of order edges that can deadlock.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_CYCLES_H
#define UNDERLOCK_ANALYZER_ANALYSES_CYCLES_H

#include "analyzer/analyses/Order.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace underlock {

// Indices into the edges; edge i waits for what edge i+1 holds, the last one for what the first holds.
using Cycle = llvm::SmallVector<uint32_t, 4>;

struct CycleRules {
  llvm::ArrayRef<OrderEdge> Edges;
  const HappensBefore &Order;
  const Writers &HasWriter;
  const DrainedReferences &Drained;
  const Recording &R;

  // Can both be at their place at the same moment?
  bool canMeet(const Acquisition &A, const Acquisition &B) const;
  // Does `A` come behind a wait for the last of a reference that `B` has? Its next one is another object's.
  bool isBehind(const Acquisition &A, const Acquisition &B) const;
  // Does `Holder` keep `Waiter` from what it wants?
  bool blocks(const OrderEdge &Waiter, const OrderEdge &Holder) const;
};

// Calls `Found` for simple cycles of at most `MaxLength` edges that obey the rules, over the nodes that `NodeOf` gives
// to locks (instances, or classes). Stops when `Found` returns false, or after `Budget` steps; then it returns false.
bool findCycles(const CycleRules &Rules, llvm::function_ref<uint32_t(InstanceId)> NodeOf, unsigned MaxLength,
                uint64_t Budget, llvm::function_ref<bool(const Cycle &)> Found);

} // namespace underlock

#endif
