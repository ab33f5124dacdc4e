// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analyzer/gate/Compare.h"
#include "llvm/ADT/StringMap.h"
#include <tuple>

using namespace underlock;
using namespace underlock::gate;

Difference gate::compare(llvm::ArrayRef<Item> Old, llvm::ArrayRef<Item> New) {
  Difference D;
  std::vector<Item> Before = distinct(Old.vec()), After = distinct(New.vec());
  llvm::StringMap<const Item *> Known, Still;
  for (const Item &I : Before)
    Known[I.Fingerprint] = &I;
  for (const Item &I : After) {
    Still[I.Fingerprint] = &I;
    auto It = Known.find(I.Fingerprint);
    if (It == Known.end()) {
      D.New.push_back(I);
      continue;
    }
    const Item &Was = *It->second;
    if (I.Sure > Was.Sure)
      D.MoreCertain.push_back({Was, I});
    else if (std::tie(Was.File, Was.Line, Was.Function) != std::tie(I.File, I.Line, I.Function))
      D.Moved.push_back({Was, I});
    else
      ++D.Same;
  }
  for (const Item &I : Before)
    if (!Still.contains(I.Fingerprint))
      D.Gone.push_back(I);
  return D;
}
