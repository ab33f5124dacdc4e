// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two sets of findings, compared by fingerprint: what is new, what is gone, what has moved.
#ifndef UNDERLOCK_ANALYZER_GATE_COMPARE_H
#define UNDERLOCK_ANALYZER_GATE_COMPARE_H

#include "analyzer/gate/Item.h"

namespace underlock::gate {

struct Difference {
  struct Pair {
    Item Old, New;
  };
  std::vector<Item> New, Gone;
  std::vector<Pair> Moved;       // the same finding in another file, line or function
  std::vector<Pair> MoreCertain; // … and more certain than it was; may have moved too
  size_t Same = 0;               // none of these
};

Difference compare(llvm::ArrayRef<Item> Old, llvm::ArrayRef<Item> New);

} // namespace underlock::gate

#endif
