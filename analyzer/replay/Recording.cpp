// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What can be asked of a recording's tables: stacks as frames, and the part of a stack that tells a finding's story.
#include "analyzer/replay/Recording.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;

// Clang and GCC append these to the names of copies they make; the function a person wrote has none of them.
static llvm::StringRef withoutCopySuffix(llvm::StringRef Function) {
  for (llvm::StringRef Mark : {".llvm.", ".specialized.", ".constprop.", ".isra.", ".part.", ".cold", ".__uniq."}) {
    size_t At = Function.find(Mark);
    if (At != llvm::StringRef::npos && At > 0)
      Function = Function.take_front(At);
  }
  return Function;
}

// Where every program's and thread's stack begins. Kernels name theirs in the model.
static bool beginsEveryStack(llvm::StringRef Function) {
  return Function == "_start" || Function.starts_with("__libc_start") || Function == "start_thread" ||
         Function == "clone3" || Function == "__clone3" || Function == "__clone" || Function == "clone" ||
         Function.starts_with("underlock_");
}

std::string Recording::contextName(ContextId C) const {
  return Contexts[C].Name.empty() ? llvm::formatv("thread {0}", Contexts[C].TraceId).str() : Contexts[C].Name;
}

std::string Recording::lockName(InstanceId I) const {
  const std::string &Name = classOf(I).Name;
  return Name.empty() ? llvm::formatv("the lock at {0:x}", Instances[I].Address).str() : Name;
}

std::vector<Frame> Recording::frames(StackId S) const {
  std::vector<Frame> Out;
  if (S == None)
    return Out;
  for (uint64_t Address : Stacks[S]) {
    std::vector<Frame> Here = Names ? Names->frames(Address) : std::vector<Frame>();
    if (Here.empty()) {
      Here.emplace_back();
      Here.back().Address = Address;
    }
    llvm::append_range(Out, Here);
  }
  return Out;
}

std::vector<std::string> Recording::story(PlaceRef P) const {
  std::vector<std::string> Out;
  if (P.Site != None)
    Out.push_back(Sites[P.Site].Function);
  for (const Frame &F : frames(P.Stack)) {
    llvm::StringRef Function = withoutCopySuffix(F.Function);
    // The site's function is the innermost frame; nameless frames cannot be part of an identity that outlives a build.
    if (Function.empty() || (!Out.empty() && Out.back() == Function))
      continue;
    if (beginsEveryStack(Function))
      break;
    Out.push_back(Function.str());
    if (llvm::is_contained(Model.Boundaries, Function) || Function == "main")
      break;
  }
  return Out;
}
