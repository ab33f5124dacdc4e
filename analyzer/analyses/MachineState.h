// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether interrupts, softirqs and preemption are off in one context, from one record to the next.
//
// A record says it for its own moment: behind the call that took a lock, before the call that gives one back. So that a
// spinlock turns interrupts or preemption on again is in no record; the next one says what is off then, and where it
// stands behind a lock again, perhaps because of that one. Hence what was off before the lock was taken is off when it
// is given back; what was not, is perhaps.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_MACHINESTATE_H
#define UNDERLOCK_ANALYZER_ANALYSES_MACHINESTATE_H

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace underlock {

class MachineState { // bits are of enum underlock_state
public:
  // A record that neither begins nor ends what turns something off.
  void at(uint8_t State) {
    Off = State;
    Perhaps = 0;
  }
  // … that stands behind the begin of it.
  void begins(uint64_t What, uint8_t State) {
    Inside.push_back({What, Off});
    at(State);
  }
  // … before the end of it. Of one of several, the others keep off what they keep off.
  void ends(uint64_t What, uint8_t State) {
    at(State);
    auto It = std::find_if(Inside.rbegin(), Inside.rend(), [&](const Section &S) { return S.What == What; });
    if (It == Inside.rend())
      return;
    uint8_t Before = It->Before;
    for (auto Later = Inside.erase(std::prev(It.base())); Later != Inside.end(); ++Later)
      Later->Before &= Before;
    if (!Inside.empty())
      return;
    Off = State & Before;
    Perhaps = State & ~Before;
  }
  uint8_t off() const { return Off; }
  uint8_t perhapsOff() const { return Perhaps; }

private:
  struct Section {
    uint64_t What;
    uint8_t Before; // what was off for sure
  };
  llvm::SmallVector<Section, 4> Inside;
  uint8_t Off = 0, Perhaps = 0xff; // before the first record nothing is known
};

} // namespace underlock

#endif
