// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Types as debug information describes them; see TypeNames.h.
#include "TypeNames.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/BinaryFormat/Dwarf.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/DebugInfo.h"

using namespace llvm;

namespace underlock::plugin {
namespace {

// Types nest this deep at most before a description is taken for a cycle.
constexpr unsigned DepthLimit = 48;

bool isTransparent(const DIType *T) {
  switch (T->getTag()) {
  case dwarf::DW_TAG_typedef:
  case dwarf::DW_TAG_const_type:
  case dwarf::DW_TAG_volatile_type:
  case dwarf::DW_TAG_restrict_type:
  case dwarf::DW_TAG_atomic_type:
    return true;
  default:
    return false;
  }
}

// A typedef has no size of its own in a description.
uint64_t sizeInBytes(const DIType *T) {
  for (unsigned I = 0; T && isTransparent(T) && I < DepthLimit; ++I)
    T = cast<DIDerivedType>(T)->getBaseType();
  return T ? T->getSizeInBits() / 8 : 0;
}

StringRef withoutArguments(StringRef Name) {
  return Name.take_until([](char C) { return C == '<'; });
}

} // namespace

std::string qualifiedName(const DIScope *Scope, StringRef Name) {
  std::string Out = Name.str();
  for (; Scope; Scope = Scope->getScope()) {
    if (!isa<DINamespace>(Scope) && !isa<DICompositeType>(Scope))
      break;
    if (!Scope->getName().empty())
      Out = (Scope->getName() + "::" + Out).str();
  }
  return Out;
}

TypeNames::TypeNames(const Module &M, const model::Model &Model) : M(M) {
  for (const std::string &T : Model.LockTypes)
    LockTypes.insert(T);
}

StringRef TypeNames::sourceName(const StructType *S) {
  if (!S->hasName())
    return "";
  StringRef Name = S->getName();
  if (!Name.consume_front("struct.") && !Name.consume_front("class."))
    Name.consume_front("union.");
  // LLVM tells types of one name apart by a number behind a dot.
  auto [Stem, Number] = Name.rsplit('.');
  if (!Number.empty() && all_of(Number, isDigit))
    Name = Stem;
  return Name == "anon" ? StringRef() : Name;
}

bool TypeNames::isLock(const StructType *S) const {
  StringRef Name = sourceName(S);
  return !Name.empty() && LockTypes.contains(Name);
}

void TypeNames::makeIndex() {
  Indexed = true;
  DebugInfoFinder Finder;
  Finder.processModule(M);
  auto Add = [&](const DICompositeType *T, StringRef Name) {
    if (T->isForwardDecl() || Name.empty())
      return;
    ByName[Name].push_back(T);
    if (StringRef Stem = withoutArguments(Name); Stem != Name)
      ByName[Stem].push_back(T);
  };
  for (const DIType *T : Finder.types()) {
    if (const auto *Composite = dyn_cast<DICompositeType>(T))
      Add(Composite, qualifiedName(Composite->getScope(), Composite->getName()));
    else if (T->getTag() == dwarf::DW_TAG_typedef)
      if (const auto *Behind = dyn_cast_or_null<DICompositeType>(cast<DIDerivedType>(T)->getBaseType()))
        if (Behind->getName().empty())
          Add(Behind, qualifiedName(T->getScope(), T->getName()));
  }
}

const DICompositeType *TypeNames::find(const StructType *S) {
  auto [It, New] = Found.try_emplace(S, nullptr);
  StringRef Name = sourceName(S);
  if (!New || Name.empty() || !S->isSized())
    return It->second;
  if (!Indexed)
    makeIndex();
  // Two scopes may each have a type of this name; their sizes are the best that tells them apart.
  uint64_t Size = M.getDataLayout().getTypeAllocSize(const_cast<StructType *>(S));
  for (const DICompositeType *T : ByName.lookup(Name))
    if (sizeInBytes(T) == Size)
      return It->second = T;
  return nullptr;
}

bool TypeNames::descend(const DIType *Type, uint64_t Offset, StringRef Outer, MemberPath &Out, unsigned Depth) const {
  StringRef Typedef;
  for (; Type && isTransparent(Type) && Depth < DepthLimit; ++Depth) {
    if (Type->getTag() == dwarf::DW_TAG_typedef) {
      Typedef = Type->getName();
      if (LockTypes.contains(Typedef) || LockTypes.contains(qualifiedName(Type->getScope(), Typedef)))
        return Out.FoundLock = true;
    }
    Type = cast<DIDerivedType>(Type)->getBaseType();
  }
  const auto *Composite = dyn_cast_or_null<DICompositeType>(Type);
  if (!Composite || Depth >= DepthLimit)
    return Offset == 0;
  switch (Composite->getTag()) {
  case dwarf::DW_TAG_array_type: {
    (Out.Members.empty() ? Out.RootArray : Out.Members.back().Array) = true;
    uint64_t Size = sizeInBytes(Composite->getBaseType());
    return descend(Composite->getBaseType(), Size ? Offset % Size : Offset, Outer, Out, Depth + 1);
  }
  case dwarf::DW_TAG_structure_type:
  case dwarf::DW_TAG_class_type:
  case dwarf::DW_TAG_union_type: {
    StringRef Name = Composite->getName();
    if (LockTypes.contains(Name) || LockTypes.contains(qualifiedName(Composite->getScope(), Name)))
      return Out.FoundLock = true;
    StringRef Owner = !Name.empty() ? Name : !Typedef.empty() ? Typedef : Outer;
    return descendMembers(Composite, Offset, Owner, Out, Depth + 1);
  }
  default:
    return Offset == 0;
  }
}

bool TypeNames::descendMembers(const DICompositeType *Struct, uint64_t Offset, StringRef Owner, MemberPath &Out,
                               unsigned Depth) const {
  std::optional<MemberPath> Shallow, Deep;
  for (const DINode *Element : Struct->getElements()) {
    const auto *M = dyn_cast_or_null<DIDerivedType>(Element);
    if (!M || M->isStaticMember() || (M->getTag() != dwarf::DW_TAG_member && M->getTag() != dwarf::DW_TAG_inheritance))
      continue;
    uint64_t Start = M->getOffsetInBits() / 8, Size = sizeInBytes(M->getBaseType());
    // A member without a size is a flexible array (or the empty base); it reaches as far as anyone looks.
    if (Offset < Start || (Size && Offset >= Start + Size))
      continue;
    MemberPath Here = Out;
    bool Named = M->getTag() == dwarf::DW_TAG_member && !M->getName().empty();
    if (Named)
      Here.Members.push_back({Owner.str(), M->getName().str(), false});
    if (Named && Offset == Start && !Shallow)
      Shallow = Here;
    if (!descend(M->getBaseType(), Offset - Start, Owner, Here, Depth))
      continue;
    if (Here.FoundLock) {
      Out = std::move(Here);
      return true;
    }
    if (!Deep && Here.Members.size() > Out.Members.size())
      Deep = std::move(Here);
  }
  if (Shallow || Deep) {
    Out = std::move(Shallow ? *Shallow : *Deep);
    return true;
  }
  return false;
}

} // namespace underlock::plugin
