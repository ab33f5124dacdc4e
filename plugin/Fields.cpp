// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Fields.h"
#include "llvm/BinaryFormat/Dwarf.h"

using namespace llvm;

namespace underlock::plugin {

// Behind typedef, const and the like.
static const DIType *bare(const DIType *T) {
  while (const auto *Derived = dyn_cast_or_null<DIDerivedType>(T)) {
    unsigned Tag = Derived->getTag();
    if (Tag != dwarf::DW_TAG_typedef && Tag != dwarf::DW_TAG_const_type && Tag != dwarf::DW_TAG_volatile_type)
      break;
    T = Derived->getBaseType();
  }
  return T;
}

static const DIDerivedType *asPointer(const DIType *T) {
  const auto *Derived = dyn_cast_or_null<DIDerivedType>(bare(T));
  bool Points =
      Derived && (Derived->getTag() == dwarf::DW_TAG_pointer_type || Derived->getTag() == dwarf::DW_TAG_reference_type);
  return Points ? Derived : nullptr;
}

static bool isCharacter(const DIType *T) {
  const auto *Basic = dyn_cast_or_null<DIBasicType>(bare(T));
  return Basic && Basic->getSizeInBits() == 8;
}

static std::optional<TextField> asText(const DIDerivedType &Member) {
  TextField Out{Member.getOffsetInBits() / 8, false};
  if (const DIDerivedType *Pointer = asPointer(Member.getBaseType())) {
    Out.IsPointer = true;
    return isCharacter(Pointer->getBaseType()) ? std::optional(Out) : std::nullopt;
  }
  const auto *Array = dyn_cast_or_null<DICompositeType>(bare(Member.getBaseType()));
  if (Array && Array->getTag() == dwarf::DW_TAG_array_type && isCharacter(Array->getBaseType()))
    return Out;
  return std::nullopt;
}

std::optional<TextField> findTextField(const DISubprogram &Function, unsigned Argument, StringRef Name) {
  auto Types = Function.getType()->getTypeArray(); // the first is what it returns
  const DIDerivedType *Pointer = Argument + 1 < Types.size() ? asPointer(Types[Argument + 1]) : nullptr;
  const auto *Struct = Pointer ? dyn_cast_or_null<DICompositeType>(bare(Pointer->getBaseType())) : nullptr;
  if (!Struct)
    return std::nullopt;
  for (const DINode *Element : Struct->getElements())
    if (const auto *Member = dyn_cast<DIDerivedType>(Element))
      if (Member->getTag() == dwarf::DW_TAG_member && Member->getName() == Name)
        return asText(*Member);
  return std::nullopt;
}

} // namespace underlock::plugin
