// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ThreadSanitizer's addresses and thread ids, found among what was recorded.
#include "analyzer/replay/TsanNames.h"
#include "llvm/ADT/STLExtras.h"

using namespace underlock;

// Its stacks belong to no marked place. What findings say of a place stands in the tables, so it becomes a site there:
// where the innermost frame is that has a line. (That of the function that told ThreadSanitizer of a lock is nobody's.)
PlaceRef TsanNames::placeOf(StackId Stack) {
  if (Stack == None)
    return {};
  auto [It, New] = PlaceOfStack.try_emplace(Stack);
  if (New) {
    std::vector<Frame> Frames = R.frames(Stack);
    if (Frames.size() > 1 && llvm::StringRef(Frames.front().Function).starts_with("__tsan_")) {
      Frames.erase(Frames.begin());
      std::vector<uint64_t> Outer(R.Stacks[Stack].begin() + 1, R.Stacks[Stack].end());
      R.Stacks.push_back(std::move(Outer));
      Stack = R.Stacks.size() - 1;
    }
    auto Here = llvm::find_if(Frames, [](const Frame &F) { return F.Line != 0; });
    Site S;
    S.Verb = UNDERLOCK_VERB_EVENT;
    if (const Frame *F = Here != Frames.end() ? &*Here : Frames.empty() ? nullptr : &Frames.front()) {
      S.File = F->File;
      S.Function = sourceFunction(F->Function).str();
      S.Line = F->Line;
      S.Column = F->Column;
    }
    It->second = {static_cast<SiteId>(R.Sites.size()), Stack};
    R.Sites.push_back(std::move(S));
  }
  return It->second;
}

// The system gives numbers of threads that have ended to new ones: the newest is meant.
ContextId TsanNames::contextWithId(uint64_t OsId) const {
  for (ContextId C = R.Contexts.size(); OsId && C-- > 0;)
    if (R.Contexts[C].OsId == OsId)
      return C;
  return None;
}

void TsanNames::resolve(TsanReport &T, llvm::function_ref<InstanceId(uint64_t)> LockAt) {
  for (TsanReport::Access &A : T.Accesses) {
    A.Context = contextWithId(A.Thread);
    A.Place = placeOf(A.Place.Stack);
  }
  for (TsanReport::Where &W : T.Places) {
    W.Context = contextWithId(W.Thread);
    W.Place = placeOf(W.Place.Stack);
  }
  for (TsanReport::Lock &L : T.Locks) {
    L.Instance = LockAt(L.Address);
    if (L.Instance == None && R.Names)
      L.Name = R.Names->datum(L.Address);
  }
  // Asked here and not by who wants it: what replay asks for is what `underlock pack` keeps.
  if (R.Names && T.Memory == "global" && !T.Accesses.empty())
    T.MemoryName = R.Names->datum(T.Accesses.front().Address);
}
