// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Built without Underlock and linked first, so the linker keeps its copies of the inline functions and of the vtable.
#include "bank.h"

Account *otherAccount() { return new Account; }
void (*otherAudit)(Account &, Ledger &) = audit;
