// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The model's marks by function name, and which functions of a module they are.
#ifndef UNDERLOCK_PLUGIN_MARKS_H
#define UNDERLOCK_PLUGIN_MARKS_H

#include "analyzer/model/Model.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"
#include <optional>
#include <string>
#include <vector>

namespace underlock::plugin {

// Behind the name of an instrumented copy of an inline function; the hash of the marks follows (Own.cpp).
inline constexpr llvm::StringLiteral OwnSuffix = ".underlock.";

// The name that a function has in its source, as the linker sees it.
inline llvm::StringRef linkageName(const llvm::GlobalValue &F) {
  llvm::StringRef Name = llvm::GlobalValue::dropLLVMManglingEscape(F.getName());
  return Name.substr(0, Name.rfind(OwnSuffix));
}

// A point of the model: an event's (an end of a delegation's wait or work is one), or one end of a phase; neither: the
// end of the task that runs.
struct PointMark {
  const model::Event *Event = nullptr;
  const model::Phase *Phase = nullptr;
  bool IsEnd = false; // of the phase
  const model::Point *At = nullptr;
};

// All that the model says about one function.
struct FunctionMarks {
  llvm::StringRef Name;
  llvm::SmallVector<std::pair<const model::Lock *, const model::LockMark *>, 1> Locks;
  llvm::SmallVector<std::pair<const model::Lock *, const model::LockMark *>, 1> Holds; // references, while it runs
  llvm::SmallVector<PointMark, 1> Calls, Entries, Exits;
  std::optional<unsigned> SeeThrough; // the argument that it returns
  const model::Free *Frees = nullptr;
  // Does it do something to a lock? Or to what is waited for, and is no lock?
  bool marks(bool ALock) const {
    return llvm::any_of(Locks, [&](const auto &L) { return L.first->isLock() == ALock; });
  }
  // Does it do something at the entry, or on the ways out?
  bool marksBody() const { return !(Holds.empty() && Entries.empty() && Exits.empty()); }
  // Frees are everywhere, and most of them of memory without a lock: they are no reason to change a function.
  bool onlyFrees() const { return Frees && Locks.empty() && Calls.empty() && !marksBody() && !SeeThrough; }
};

// Thread-safety: immutable after construction. The model must outlive it.
class MarkIndex {
public:
  explicit MarkIndex(const model::Model &M);
  const FunctionMarks *find(llvm::StringRef LinkageName) const;
  // Every function that the model speaks of, sorted.
  std::vector<std::string> names() const;

private:
  void addPoint(const model::Point &At, PointMark Mark);
  FunctionMarks &at(llvm::StringRef Function);
  llvm::StringMap<FunctionMarks> Functions;
};

// The marks of one module's functions; every call is then looked up by pointer, not by name.
class ModuleMarks {
public:
  ModuleMarks(const MarkIndex &Index, const llvm::Module &M);
  // What the model says of the called function, which is found through aliases too. Null: nothing.
  const FunctionMarks *ofCallee(const llvm::CallBase &Call) const;
  const FunctionMarks *of(const llvm::GlobalValue *Function) const { return Known.lookup(Function); }
  bool empty() const { return Known.empty(); }
  // F is about to go; another function may get its address.
  void forget(const llvm::GlobalValue &F) { Known.erase(&F); }
  // `Copy` is another body of a function.
  void same(const llvm::GlobalValue *Copy, const llvm::GlobalValue *Of) {
    if (const FunctionMarks *Marks = of(Of))
      Known[Copy] = Marks;
  }
  // The model's functions that this module calls or defines, sorted.
  std::vector<std::string> names() const;

private:
  llvm::DenseMap<const llvm::GlobalValue *, const FunctionMarks *> Known;
};

} // namespace underlock::plugin

#endif
