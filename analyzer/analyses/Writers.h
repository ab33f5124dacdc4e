// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For which locks somebody has waited, or might have waited, as a writer. Readers that come then wait behind it; a try
// never waits.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_WRITERS_H
#define UNDERLOCK_ANALYZER_ANALYSES_WRITERS_H

#include "analyzer/replay/Events.h"
#include <vector>

namespace underlock {

class Writers {
public:
  void waits(InstanceId Lock, model::Mode Mode) {
    if (Mode == model::Mode::Shared)
      return;
    if (Lock >= Have.size())
      Have.resize(Lock + 1, false);
    Have[Lock] = true;
  }
  bool has(InstanceId Lock) const { return Lock < Have.size() && Have[Lock]; }

private:
  std::vector<bool> Have; // by instance
};

} // namespace underlock

#endif
