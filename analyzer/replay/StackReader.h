// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stacks as steps from the outermost function inwards, inlined ones included, which can be compared cheaply: what has
// to know whether a function is on a stack, and whether two stacks share their outer part, asks here.
//
// A stack deeper than the recorder's limit has lost its outer frames. Two such stacks have the same outermost frame by
// chance alone; complete() finds out where one goes on from what its context did before.
#ifndef UNDERLOCK_ANALYZER_REPLAY_STACKREADER_H
#define UNDERLOCK_ANALYZER_REPLAY_STACKREADER_H

#include "analyzer/replay/Edits.h"
#include "analyzer/replay/Recording.h"
#include "llvm/ADT/StringMap.h"
#include <unordered_map>

namespace underlock {

struct StackStep {
  uint64_t Address = 0;
  uint32_t Function = 0; // StackReader's number of its plain name
  uint32_t Line = 0;     // of the call
  uint16_t Inline = 0;   // of the functions at one address, from the outermost
  bool Copy = false;     // a copy or a part that the compiler made of the function
  bool operator==(const StackStep &O) const { return Address == O.Address && Inline == O.Inline; }
};
using StackSteps = std::vector<StackStep>; // outermost first

// A stretch (Around) of a stack, found on it.
struct OnStack {
  size_t Frame = 0;  // of the function
  size_t Prefix = 0; // how many steps, from the outermost, stay the same as long as the stretch goes on
};

class StackReader {
public:
  explicit StackReader(const Recording &R) : R(R) {}

  const StackSteps &steps(StackId S);
  // It may have lost outer frames.
  bool cut(StackId S) const { return R.FrameLimit && S != None && R.Stacks[S].size() >= R.FrameLimit; }
  // `Cut` with the outer part of `Before`, the stack of the same context a moment ago; nothing when they do not meet.
  static std::optional<StackSteps> complete(const StackSteps &Before, const StackSteps &Cut);

  // `Next`: what the innermost function is about to call, where that is known.
  std::vector<OnStack> find(const Around &Where, const StackSteps &In, llvm::StringRef Next = "");
  uint32_t number(llvm::StringRef Function); // of a function's name
  bool named(uint32_t Function, llvm::StringRef Name);
  // All functions that were on a stack, without parameters.
  std::vector<llvm::StringRef> functions() const;

private:
  const std::vector<StackStep> &stepsAt(uint64_t Address);

  const Recording &R;
  std::vector<std::unique_ptr<StackSteps>> ByStack;
  std::unordered_map<uint64_t, std::vector<StackStep>> ByAddress; // outermost first
  llvm::StringMap<uint32_t> Numbers;
  std::vector<llvm::StringRef> Names; // by number
};

} // namespace underlock

#endif
