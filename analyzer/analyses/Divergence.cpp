// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the ways to a contract's event join.
#include "analyzer/analyses/Divergence.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;

void Divergences::kept(size_t Contract, PlaceRef At, const Hold &By) {
  std::vector<Way> &Of = Ways[Contract];
  auto [It, New] = Seen.try_emplace({Contract, At.Site, At.Stack}, Of.size());
  if (New)
    Of.push_back({At, By});
  else
    ++Of[It->second].Count;
}

size_t Divergences::common(llvm::ArrayRef<Frame> A, llvm::ArrayRef<Frame> B) const {
  size_t N = 0;
  while (N < A.size() && N < B.size() && sameFunction(A[N], B[N]))
    ++N;
  return N;
}

// Did the way take its lock in the function where the ways join, or below? Its acquisition went through the same
// frames further out, and then through that function. What somebody else holds for it was taken elsewhere.
bool Divergences::takenInside(const Way &W, llvm::ArrayRef<Frame> Frames, size_t Common) const {
  if (!W.By.own())
    return false;
  std::vector<Frame> Taken = R.frames(W.By.Place.Stack);
  size_t Outer = 0;
  while (Outer < Taken.size() && Outer < Frames.size() &&
         sameFunction(Taken[Taken.size() - 1 - Outer], Frames[Frames.size() - 1 - Outer]))
    ++Outer;
  return Outer > Frames.size() - Common;
}

// The first calls into other files below the join: callbacks, where a core calls a driver.
static std::vector<std::string> calledOut(llvm::ArrayRef<Frame> Frames, size_t Common) {
  std::vector<std::string> Out;
  for (size_t I = Common - 1; I-- > 0 && Out.size() < 2;)
    if (!Frames[I].File.empty() && Frames[I].File != Frames[I + 1].File)
      Out.push_back(sourceFunction(Frames[I].Function).str());
  return Out;
}

std::optional<Divergence> Divergences::of(size_t Contract, PlaceRef Bare) const {
  auto Known = Ways.find(Contract);
  if (Known == Ways.end())
    return std::nullopt;
  std::vector<Frame> Without = R.frames(Bare.Stack);
  const Way *Best = nullptr;
  size_t Longest = 0;
  for (const Way &W : Known->second) {
    std::vector<Frame> With = R.frames(W.At.Stack);
    size_t N = common(With, Without);
    if (N <= Longest || N == With.size() || takenInside(W, With, N))
      continue;
    Best = &W;
    Longest = N;
  }
  if (!Best)
    return std::nullopt;
  Divergence D;
  D.Lock = R.className(Best->By.Lock);
  const Frame &Join = Without[Longest - 1];
  D.Function = Join.Function.empty() ? llvm::formatv("{0:x}", Join.Address).str() : sourceFunction(Join.Function).str();
  D.Without = Bare;
  D.With = Best->At;
  D.Taken = Best->By.Place;
  D.TakenBy = Best->By.By;
  D.Common = Longest;
  D.Callbacks = calledOut(Without, Longest);
  for (const Way &W : Known->second) {
    bool Joins = common(R.frames(W.At.Stack), Without) == Longest;
    D.WithCount += Joins ? W.Count : 0;
    D.OtherWays += !Joins;
  }
  return D;
}
