// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The hang analysis; its rules are told in Hang.cpp.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_HANG_H
#define UNDERLOCK_ANALYZER_ANALYSES_HANG_H

#include "analyzer/analyses/Analysis.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

namespace underlock {

class HangAnalysis : public Analysis {
public:
  using Analysis::Analysis;
  llvm::StringRef name() const override { return "hang"; }
  std::optional<std::vector<std::string>> rules() const override;
  void signalled(const Moment &M, InstanceId Lock, PlaceRef At) override;
  void contextEnd(const Moment &M) override;
  void stuck(llvm::ArrayRef<Blocked> All) override;
  void finish(std::vector<Finding> &Out) override;
  void remarks(std::vector<Remark> &Out) const override;

private:
  // One who waits, and one who keeps him waiting.
  struct Edge {
    size_t Waiter; // index into Waits
    ContextId Keeper = None;
    bool Signals = false; // by not signalling; else it holds it, or has to end
    bool Ended = false;
    PlaceRef Taken; // or its last signal
  };
  struct LastSignal {
    ContextId By = None;
    PlaceRef At;
  };

  void findEdges();
  bool allWait() const;
  size_t waitOf(ContextId C) const; // index into Waits, or ~0
  Step stepOf(const Edge &E) const;
  Certainty forSignals(Certainty Sure) const;
  Finding describe(llvm::ArrayRef<const Edge *> Circle) const;
  void add(llvm::ArrayRef<const Edge *> Circle);
  void extend(std::vector<const Edge *> &Path, size_t Waiter, size_t Start);
  void cycles(std::vector<Finding> &Out);
  void orphans(std::vector<Finding> &Out) const;
  std::string keeper(const Edge &E) const;
  std::string second(llvm::StringRef Word, std::optional<Ticks> T) const;

  std::vector<Blocked> Waits;
  std::vector<Edge> Edges;
  llvm::DenseMap<InstanceId, llvm::SmallVector<LastSignal, 2>> Signallers;
  std::vector<std::optional<Ticks>> Ended; // by context
  std::vector<Finding> Told, Cycles;       // of the others, while it searches; of circles
  uint64_t Steps = 0;                      // of the search
};

} // namespace underlock

#endif
