// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the runtime is told for `confirm`: at which places of a finding threads are to wait for each other; and what it
// says came of it. The format of both is in runtime/core/pause.h
// and runtime/posix/pause.c.
#ifndef UNDERLOCK_ANALYZER_CLI_PAUSEPLAN_H
#define UNDERLOCK_ANALYZER_CLI_PAUSEPLAN_H

#include "analyzer/analyses/Finding.h"
#include "analyzer/replay/Recording.h"
#include <optional>

namespace underlock::cli {

struct PausePlan {
  // The runtime takes 64, and one of them may be what holds a thread back.
  static constexpr size_t MaxItems = 63;
  struct Item {
    std::string Word; // of the plan
    std::string Says; // for people: "post() holds accounts (bank.c:11), and is about to take journal (bank.c:12)"
  };
  std::vector<Item> Items;
  std::vector<std::string> Back; // further words, of which an attempt can have one: what holds a thread back
  unsigned Threads = 0;
  bool OneEach = false;           // it makes sense that but one thread at a time is paused at an item
  std::vector<std::string> Notes; // what cannot be arranged

  // What is different each time.
  struct Attempt {
    unsigned Milliseconds; // that a thread is paused at most
    bool OneEach;
    std::optional<size_t> Back;
  };
  std::string text(const Attempt &A) const;
};

// Whether it is of a kind that threads can be made to meet in.
bool isOfLocks(const Finding &F);

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
