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

// The member of the struct that an argument points to; null where there is none.
static const DIDerivedType *findMember(const DISubprogram &Function, unsigned Argument, StringRef Name) {
  auto Types = Function.getType()->getTypeArray(); // the first is what it returns
  const DIDerivedType *Pointer = Argument + 1 < Types.size() ? asPointer(Types[Argument + 1]) : nullptr;
  const auto *Struct = Pointer ? dyn_cast_or_null<DICompositeType>(bare(Pointer->getBaseType())) : nullptr;
  if (!Struct)
    return nullptr;
  for (const DINode *Element : Struct->getElements())
    if (const auto *Member = dyn_cast<DIDerivedType>(Element))
      if (Member->getTag() == dwarf::DW_TAG_member && Member->getName() == Name)
        return Member;
  return nullptr;
}

std::optional<TextField> findTextField(const DISubprogram &Function, unsigned Argument, StringRef Name) {
  const DIDerivedType *Member = findMember(Function, Argument, Name);
  return Member ? asText(*Member) : std::nullopt;
}

std::optional<NumberField> findNumberField(const DISubprogram &Function, unsigned Argument, StringRef Name) {
  const DIDerivedType *Member = findMember(Function, Argument, Name);
  if (!Member || Member->isBitField())
    return std::nullopt;
  NumberField Out{Member->getOffsetInBits() / 8, 0, asPointer(Member->getBaseType()) != nullptr};
  if (Out.IsPointer)
    return Out;
  const DIType *T = bare(Member->getBaseType());
  const auto *Basic = dyn_cast_or_null<DIBasicType>(T);
  const auto *Enum = dyn_cast_or_null<DICompositeType>(T);
  bool IsNumber = (Basic && Basic->getEncoding() != dwarf::DW_ATE_float) ||
                  (Enum && Enum->getTag() == dwarf::DW_TAG_enumeration_type);
  Out.Bits = IsNumber ? T->getSizeInBits() : 0;
  return Out.Bits == 8 || Out.Bits == 16 || Out.Bits == 32 || Out.Bits == 64 ? std::optional(Out) : std::nullopt;
}

} // namespace underlock::plugin
