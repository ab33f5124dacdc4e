// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ways by which locks of some classes are taken under others, and others under them: one for each pair of classes
// and story. A cycle of classes is one finding; this tells by which ways one comes to it.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_LOCKPATHS_H
#define UNDERLOCK_ANALYZER_ANALYSES_LOCKPATHS_H

#include "analyzer/analyses/WhatIf.h"
#include <set>

namespace underlock {

class LockPaths : public Observer {
public:
  LockPaths(const Recording &R, llvm::ArrayRef<std::string> Classes) : R(R), Classes(Classes) {}
  void acquired(const Moment &M, const Hold &New) override;
  std::vector<LockPath> take() { return std::move(Paths); }

private:
  const Recording &R;
  llvm::ArrayRef<std::string> Classes;
  std::set<std::tuple<ClassId, ClassId, SiteId, StackId>> Seen;
  std::set<std::vector<std::string>> Stories;
  std::vector<LockPath> Paths;
};

} // namespace underlock

#endif
