// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Under edits, who would wait for a lock of its own: takes, by a call that waits, what it holds already, or what
// somebody holds who waits for its work. In a recording as it is, such an acquisition that got the lock shows a lock
// that was made recursive at run time; so this is for what-if alone, and for the locks that edits take.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_AGAIN_H
#define UNDERLOCK_ANALYZER_ANALYSES_AGAIN_H

#include "analyzer/analyses/Analysis.h"
#include "llvm/ADT/DenseSet.h"
#include <map>

namespace underlock {

class AgainAnalysis : public Analysis {
public:
  AgainAnalysis(const Recording &R, llvm::ArrayRef<InstanceId> Of, const llvm::DenseSet<InstanceId> &Recursive)
      : Analysis(R), Recursive(Recursive) {
    for (InstanceId I : Of)
      if (I != None) // an edit that takes no lock
        Locks.insert(I);
  }
  llvm::StringRef name() const override { return "self"; }
  void acquired(const Moment &M, const Hold &New) override;
  void finish(std::vector<Finding> &Out) override;

private:
  void note(const Moment &M, const Hold &New, const Hold &Own);

  llvm::DenseSet<InstanceId> Locks;
  llvm::DenseSet<InstanceId> Recursive; // made so at run time
  std::vector<Finding> Findings;        // a step for each story
  std::map<std::vector<std::string>, size_t> ByIdentity;
  std::map<std::vector<std::string>, std::pair<size_t, size_t>> ByStory; // finding, step
};

} // namespace underlock

#endif
