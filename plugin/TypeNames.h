// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Types as debug information describes them: which struct an IR type is, and which member lies at an offset.
#ifndef UNDERLOCK_PLUGIN_TYPENAMES_H
#define UNDERLOCK_PLUGIN_TYPENAMES_H

#include "analyzer/model/Model.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/Module.h"
#include <string>

namespace underlock::plugin {

// One member on the way to a lock: `Owner` is the innermost struct with a name around it.
struct Member {
  std::string Owner, Name;
  bool Array = false; // the way goes on inside an element of it
};

struct MemberPath {
  llvm::SmallVector<Member, 4> Members; // outermost first; empty: the type itself is the lock
  bool RootArray = false;               // the type was an array, and the way goes on inside an element
  bool FoundLock = false;               // it ends at a type that the model calls a lock
};

// Thread-safety: none; one per module, which must outlive it. The index of types is made at the first question.
class TypeNames {
public:
  TypeNames(const llvm::Module &M, const model::Model &Model);

  // The described type that an IR struct was made from; null where there is none.
  const llvm::DICompositeType *find(const llvm::StructType *S);
  // The source's name of an IR struct: `device` of `%struct.device.17`; empty for an anonymous one.
  static llvm::StringRef sourceName(const llvm::StructType *S);
  bool isLock(const llvm::StructType *S) const;

  // The way from the start of a `Type` to the lock at `Offset`. Members of unions share offsets: the way to a lock type
  // is preferred, then the shortest. `Outer` owns what has no named struct around it. False: nothing lies there.
  bool descend(const llvm::DIType *Type, uint64_t Offset, llvm::StringRef Outer, MemberPath &Out,
               unsigned Depth = 0) const;

private:
  bool descendMembers(const llvm::DICompositeType *Struct, uint64_t Offset, llvm::StringRef Owner, MemberPath &Out,
                      unsigned Depth) const;
  void makeIndex();

  const llvm::Module &M;
  llvm::StringSet<> LockTypes;
  llvm::StringMap<llvm::SmallVector<const llvm::DICompositeType *, 1>> ByName;
  llvm::DenseMap<const llvm::StructType *, const llvm::DICompositeType *> Found;
  bool Indexed = false;
};

// `a::b::c` with the scopes that a described type or variable stands in.
std::string qualifiedName(const llvm::DIScope *Scope, llvm::StringRef Name);

} // namespace underlock::plugin

#endif
