// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ways by which locks are taken under others.
#include "analyzer/analyses/LockPaths.h"
#include "llvm/ADT/STLExtras.h"

using namespace underlock;

void LockPaths::acquired(const Moment &M, const Hold &New) {
  if (New.ByTry || M.Held.empty())
    return;
  auto Wanted = [&](InstanceId I) { return llvm::is_contained(Classes, R.classOf(I).Name); };
  // Whoever holds it already does not wait for it, or for ever: that is no order of two locks.
  if (llvm::any_of(M.Held, [&](const Hold &H) { return H.Lock == New.Lock; }))
    return;
  bool ToWanted = Wanted(New.Lock);
  for (const Hold &H : M.Held) {
    if (!ToWanted && !Wanted(H.Lock))
      continue;
    if (!Seen.insert({R.Instances[H.Lock].Class, R.Instances[New.Lock].Class, New.Place.Site, New.Place.Stack}).second)
      continue;
    LockPath P{R.className(H.Lock), R.className(New.Lock), R.story(New.Place), {}};
    std::vector<std::string> Key = {P.From, P.To};
    llvm::append_range(Key, P.Story);
    if (!Stories.insert(std::move(Key)).second)
      continue;
    P.At = stepAt(M, Step::Kind::Acquires, New.Place, New.Lock);
    P.At.Mode = New.Mode;
    Paths.push_back(std::move(P));
  }
}
