// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sets of held locks as numbers, and which of them keep each other out (HeldSets.h).
#include "analyzer/analyses/HeldSets.h"
#include "llvm/ADT/STLExtras.h"

using namespace underlock;

// More are no more told apart, and count as if they kept everybody out; the analysis says so.
static constexpr size_t MaxSets = 1 << 20;

HeldSetId HeldSets::of(llvm::ArrayRef<Hold> Held, Besides B) {
  Set New;
  New.Also = B;
  for (const Hold &H : Held)
    New.Locks.push_back({H.Lock, H.Mode});
  llvm::sort(New.Locks); // exclusive before shared
  New.Locks.erase(
      std::unique(New.Locks.begin(), New.Locks.end(), [](const auto &A, const auto &B) { return A.first == B.first; }),
      New.Locks.end());
  std::vector<uint64_t> Key = {B.Reading, B.Perhaps, B.Grace};
  for (auto [Lock, Mode] : New.Locks)
    Key.push_back(uint64_t(Lock) << 2 | static_cast<uint64_t>(Mode));
  if (Sets.size() >= MaxSets) {
    auto It = Known.find(Key);
    Full |= It == Known.end();
    return It == Known.end() ? Counted : It->second;
  }
  auto [It, IsNew] = Known.try_emplace(std::move(Key), Sets.size());
  if (IsNew)
    Sets.push_back(std::move(New));
  return It->second;
}

bool HeldSets::exclude(const Recording &R, HeldSetId Mine, HeldSetId Theirs, unsigned If) const {
  if (Mine == Counted || Theirs == Counted)
    return true;
  const Set &A = Sets[Mine], &B = Sets[Theirs];
  if ((A.Also.Reading | (If & StillOff ? A.Also.Perhaps : 0)) & B.Also.Grace)
    return true;
  auto Same = [&](InstanceId L, InstanceId M) {
    return L == M || ((If & OneLock) && R.Instances[L].Class == R.Instances[M].Class);
  };
  return llvm::any_of(A.Locks, [&](const auto &L) {
    return llvm::any_of(B.Locks, [&](const auto &M) {
      return Same(L.first, M.first) && !(L.second == model::Mode::Shared && M.second == model::Mode::Shared);
    });
  });
}

bool HeldSets::ended(const Recording &R, llvm::ArrayRef<HeldSetId> Mine, llvm::ArrayRef<HeldSetId> Theirs,
                     unsigned If) const {
  size_t At = 0; // he is here at the earliest
  for (HeldSetId Other : Theirs)
    while (At < Mine.size() && exclude(R, Mine[At], Other, If))
      ++At;
  return At == Mine.size();
}

bool HeldSets::holds(HeldSetId Set, InstanceId Lock) const {
  return Set != Counted && llvm::any_of(Sets[Set].Locks, [&](const auto &L) { return L.first == Lock; });
}
