// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// During which titled phase (a test case, say) each step of a finding was: an observer beside the analyses, asked when
// they are done.
//
// Time tells, not the thread: the code under a test runs in threads that the test's runner made, and in workers. Where
// several titled phases are going on, it is the one that began last: a case inside its suite.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_TITLES_H
#define UNDERLOCK_ANALYZER_ANALYSES_TITLES_H

#include "analyzer/analyses/Finding.h"
#include <map>

namespace underlock {

class Titles : public Observer {
public:
  void titled(const Moment &M, const model::Phase &P, llvm::StringRef Title) override;
  void phaseEnd(const Moment &M, SiteId At, const model::Phase &P) override;

  // Fills in During of all steps and findings.
  void annotate(llvm::MutableArrayRef<Finding> Findings) const;

private:
  struct Open {
    ContextId Context;
    const model::Phase *Phase;
    std::string Text;
  };
  std::vector<Open> Going;
  std::map<Ticks, std::string> From; // what is going on from then on; empty: nothing with a title
};

} // namespace underlock

#endif
