// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What can be asked of a recording's tables: stacks as frames, and the part of a stack that tells a finding's story.
#include "analyzer/replay/Recording.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;

// Clang, GCC and the plugin append these to the names of copies they make (demangled: in brackets); the function a
// person wrote has none of them.
llvm::StringRef underlock::sourceFunction(llvm::StringRef Function) {
  for (llvm::StringRef Mark :
       {" (.", ".llvm.", ".specialized.", ".constprop.", ".isra.", ".part.", ".cold", ".__uniq.", ".underlock"}) {
    size_t At = Function.find(Mark);
    if (At != llvm::StringRef::npos && At > 0)
      Function = Function.take_front(At);
  }
  return Function;
}

std::string underlock::asCall(llvm::StringRef Function) {
  return (Function + (Function.contains('(') ? "" : "()")).str();
}

bool underlock::sameFunction(const Frame &A, const Frame &B) {
  if (A.Function.empty() && B.Function.empty())
    return A.Address == B.Address;
  return sourceFunction(A.Function) == sourceFunction(B.Function);
}

// Where every program's and thread's stack begins. Kernels name theirs in the model.
static bool beginsEveryStack(llvm::StringRef Function) {
  return Function == "_start" || Function.starts_with("__libc_start") || Function == "start_thread" ||
         Function == "clone3" || Function == "__clone3" || Function == "__clone" || Function == "clone" ||
         Function.starts_with("underlock_");
}

// Threads inherit the name of who made them, and a shell's children are all alike: then the number tells them apart.
std::string Recording::contextName(ContextId C) const {
  if (C == None)
    return "another thread";
  const Context &Of = Contexts[C];
  const char *Kind = Of.Kind == UNDERLOCK_CONTEXT_TASK ? "task" : "thread";
  if (Of.Name.empty())
    return llvm::formatv("{0} {1}", Kind, Of.TraceId).str();
  if (llvm::count_if(Contexts, [&](const Context &Other) { return Other.Name == Of.Name; }) == 1)
    return Of.Name;
  return llvm::formatv("{0} {1} ({2})", Kind, Of.TraceId, Of.Name).str();
}

std::string Recording::className(InstanceId I) const {
  const LockClass &Class = classOf(I);
  if (!Class.Name.empty())
    return Class.Name;
  if (Class.Lock && !Class.Lock->isLock())
    return Class.Lock->Id;
  return Class.InitSite.empty() ? "a lock without a name" : "a lock that " + Class.InitSite + " initialises";
}

std::string Recording::lockName(InstanceId I) const {
  if (Instances[I].EndOf != None)
    return "the end of " + contextName(Instances[I].EndOf);
  if (!classOf(I).Name.empty())
    return classOf(I).Name;
  return llvm::formatv("{0} (at {1:x})", className(I), addressOf(I)).str();
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
    llvm::StringRef Function = sourceFunction(F.Function);
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
