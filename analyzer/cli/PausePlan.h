// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the runtime is told for `confirm`: at which places of a finding threads are to wait for each other; and what it
// says came of it. The format of both is in runtime/posix/pause.h.
#ifndef UNDERLOCK_ANALYZER_CLI_PAUSEPLAN_H
#define UNDERLOCK_ANALYZER_CLI_PAUSEPLAN_H

#include "analyzer/analyses/Finding.h"
#include "analyzer/replay/Recording.h"
#include <optional>

namespace underlock::cli {

struct PausePlan {
  struct Item {
    std::string Line; // of the plan
    std::string Says; // for people: "post() holds accounts (bank.c:11), and is about to take journal (bank.c:12)"
  };
  std::vector<Item> Items;
  std::vector<std::string> Back; // further lines, of which an attempt can have one: what holds a thread back
  unsigned Threads = 0;
  std::vector<std::string> Notes; // what cannot be arranged

  std::string text(unsigned Milliseconds, std::optional<size_t> WithBack) const;
};

// Nothing where threads cannot be made to meet there, for the reason in `WhyNot`.
std::optional<PausePlan> planPauses(const Recording &R, const Finding &F, std::string &WhyNot);

struct PauseLog {
  struct Counts {
    unsigned Arrived = 0, Alone = 0, Met = 0;
  };
  std::vector<Counts> Items; // as in the plan
  bool Met = false;
};
PauseLog readPauseLog(const std::string &Path, size_t Items);

} // namespace underlock::cli

#endif
