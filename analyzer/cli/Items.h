// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Findings out of recordings or out of JSON reports: what `baseline` and `diff` begin with.
#ifndef UNDERLOCK_ANALYZER_CLI_ITEMS_H
#define UNDERLOCK_ANALYZER_CLI_ITEMS_H

#include "analyzer/cli/Judge.h"
#include "analyzer/gate/Item.h"

namespace underlock::cli {

// Nothing after an error that was printed; a recording that proves nothing is one.
std::optional<std::vector<gate::Item>> itemsOf(const std::vector<std::string> &Paths, const JudgeOptions &O);

bool fails(const gate::Item &I, const JudgeOptions &O);

} // namespace underlock::cli

#endif
