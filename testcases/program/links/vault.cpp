// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A wrapper in a unit of its own: here, the locks are arguments and have no name.
#include "bank.h"

void open(std::mutex &First, std::mutex &Second) {
  std::scoped_lock One(First);
  std::scoped_lock Two(Second);
}
