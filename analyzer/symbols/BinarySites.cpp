// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Site records lie among other data, in no section of their own (a kernel's linker script knows none). They are told
// from it by their shape: a unit is an ABI version with two pointers to texts behind it, a site points to a unit and to
// five texts. What a pointer will point to is said by a relocation, or, in a program that is linked to run at one
// address, by the word itself.
#include "analyzer/symbols/BinarySites.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/DebugInfo/DWARF/DWARFContext.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/Endian.h"
#include <map>
#include <unordered_map>

using namespace underlock;
using namespace llvm;

namespace {

class Scanner {
public:
  explicit Scanner(const object::ELF64LEObjectFile &Object) : Object(Object) {
    for (const object::SectionRef &S : Object.sections())
      addSection(S);
    for (const object::SectionRef &S : Object.sections())
      addRelocations(S);
    for (const object::SectionRef &S : static_cast<const object::ObjectFile &>(Object).dynamic_relocation_sections())
      addRelocations(S, /*Dynamic=*/true);
  }

  void scan(BinarySites &Out) {
    eachRecord([&](uint64_t At, const char *Bytes) {
      if (word(Bytes) == 0 && word(Bytes + 4) == UNDERLOCK_HOOK_ABI &&
          !text(At + offsetof(underlock_unit, model)).value_or("").empty() &&
          !text(At + offsetof(underlock_unit, source)).value_or("").empty())
        Units.emplace(At, support::endian::read64le(Bytes + offsetof(underlock_unit, model_hash)));
    });
    eachRecord([&](uint64_t At, const char *Bytes) { addSite(At, Bytes, Out); });
  }

private:
  // In an object that is not linked all sections begin at 0: each gets an address of its own here.
  uint64_t baseOf(const object::SectionRef &S) const {
    return Object.isRelocatableObject() ? (S.getIndex() + 1) << 40 : S.getAddress();
  }

  void addSection(const object::SectionRef &S) {
    uint64_t Flags = object::ELFSectionRef(S).getFlags();
    if (!(Flags & ELF::SHF_ALLOC) || S.isBSS() || S.isVirtual())
      return;
    if (Expected<StringRef> Contents = S.getContents())
      Sections[baseOf(S)] = {*Contents, (Flags & ELF::SHF_WRITE) != 0};
    else
      consumeError(Contents.takeError());
  }

  void addRelocations(const object::SectionRef &S, bool Dynamic = false) {
    uint64_t Base = 0;
    if (!Dynamic && Object.isRelocatableObject()) {
      Expected<object::section_iterator> Patched = S.getRelocatedSection();
      if (!Patched || *Patched == Object.section_end()) {
        consumeError(Patched.takeError());
        return;
      }
      Base = baseOf(**Patched);
    } else if (!Dynamic) {
      return; // kept by the linker for others to read; the words are right
    }
    for (const object::RelocationRef &R : S.relocations()) {
      Expected<int64_t> Addend = object::ELFRelocationRef(R).getAddend();
      if (!Addend) {
        consumeError(Addend.takeError());
        continue;
      }
      Pointers[Base + R.getOffset()] = target(R) + *Addend;
    }
  }

  uint64_t target(const object::RelocationRef &R) const {
    object::symbol_iterator Symbol = R.getSymbol();
    if (Symbol == Object.symbol_end())
      return 0; // relative to where the program will be loaded
    Expected<uint64_t> Value = Symbol->getValue();
    Expected<object::section_iterator> Section = Symbol->getSection();
    bool Good = Value && Section;
    uint64_t Out = 0;
    if (Good)
      Out = *Value + (Object.isRelocatableObject() && *Section != Object.section_end() ? baseOf(**Section) : 0);
    if (!Value)
      consumeError(Value.takeError());
    if (!Section)
      consumeError(Section.takeError());
    return Out;
  }

  template <typename Visit> void eachRecord(Visit Call) const {
    for (const auto &[Base, S] : Sections)
      for (uint64_t At = 0; S.Writable && At + sizeof(underlock_unit) <= S.Contents.size();
           At += alignof(underlock_unit))
        Call(Base + At, S.Contents.data() + At);
  }

  static uint32_t word(const char *At) { return support::endian::read32le(At); }

  // The bytes from an address on to the end of its section.
  StringRef bytes(uint64_t Address) const {
    auto It = Sections.upper_bound(Address);
    if (It == Sections.begin())
      return {};
    --It;
    return Address - It->first < It->second.Contents.size() ? It->second.Contents.drop_front(Address - It->first)
                                                            : StringRef();
  }

  uint64_t pointer(uint64_t At) const {
    if (auto It = Pointers.find(At); It != Pointers.end())
      return It->second;
    StringRef Bytes = bytes(At);
    return Bytes.size() >= 8 ? support::endian::read64le(Bytes.data()) : 0;
  }

  std::optional<StringRef> text(uint64_t PointerAt) const {
    StringRef Bytes = bytes(pointer(PointerAt));
    size_t End = Bytes.find('\0');
    auto IsControl = [](char C) { return uint8_t(C) < ' '; };
    if (End == StringRef::npos || any_of(Bytes.take_front(End), IsControl))
      return std::nullopt;
    return Bytes.take_front(End);
  }

  void addSite(uint64_t At, const char *Bytes, BinarySites &Out) const {
    const auto *B = reinterpret_cast<const uint8_t *>(Bytes);
    uint8_t Verb = B[offsetof(underlock_site, verb)], Mode = B[offsetof(underlock_site, mode)];
    auto Unit = Units.find(pointer(At + offsetof(underlock_site, unit)));
    bool Marked = (Verb >= UNDERLOCK_VERB_ACQUIRE && Verb <= UNDERLOCK_VERB_WAIT) || Verb == UNDERLOCK_VERB_AWAIT ||
                  Verb == UNDERLOCK_VERB_SIGNAL;
    if (word(Bytes) != 0 || !Marked || Mode > UNDERLOCK_MODE_ANY || Unit == Units.end())
      return;
    Site S;
    S.Verb = Verb;
    S.Line = word(Bytes + offsetof(underlock_site, line));
    S.Column = word(Bytes + offsetof(underlock_site, column));
    std::pair<size_t, std::string *> Texts[] = {{offsetof(underlock_site, mark), &S.Mark},
                                                {offsetof(underlock_site, file), &S.File},
                                                {offsetof(underlock_site, function), &S.Function},
                                                {offsetof(underlock_site, expression), &S.Expression},
                                                {offsetof(underlock_site, class_name), &S.ClassName}};
    for (auto [Offset, To] : Texts) {
      std::optional<StringRef> Text = text(At + Offset);
      if (!Text)
        return;
      *To = Text->str();
    }
    Out.Sites.push_back(std::move(S));
    if (!is_contained(Out.ModelHashes, Unit->second))
      Out.ModelHashes.push_back(Unit->second);
  }

  struct Section {
    StringRef Contents;
    bool Writable;
  };
  const object::ELF64LEObjectFile &Object;
  std::map<uint64_t, Section> Sections;
  std::unordered_map<uint64_t, uint64_t> Pointers; // by where they stand
  std::unordered_map<uint64_t, uint64_t> Units;    // by where they stand: the hash of their model
};

} // namespace

static void addFunctions(const object::ELF64LEObjectFile &Object, StringSet<> &Out) {
  for (const object::SymbolRef &S : Object.symbols())
    if (Expected<StringRef> Name = S.getName())
      Out.insert(*Name);
    else
      consumeError(Name.takeError());
  for (const object::SymbolRef &S : Object.getDynamicSymbolIterators())
    if (Expected<StringRef> Name = S.getName())
      Out.insert(Name->split('@').first);
    else
      consumeError(Name.takeError());
  std::unique_ptr<DWARFContext> Debug = DWARFContext::create(Object);
  for (const std::unique_ptr<DWARFUnit> &Unit : Debug->compile_units())
    for (const DWARFDebugInfoEntry &Entry : Unit->dies())
      if (Entry.getTag() == dwarf::DW_TAG_subprogram)
        if (const char *Name = DWARFDie(Unit.get(), &Entry).getSubroutineName(DINameKind::LinkageName))
          Out.insert(Name);
}

std::optional<BinarySites> underlock::readBinarySites(StringRef Path, raw_ostream &Errors) {
  Expected<object::OwningBinary<object::ObjectFile>> File = object::ObjectFile::createObjectFile(Path);
  if (!File) {
    Errors << "underlock: error: " << Path << ": " << toString(File.takeError()) << '\n';
    return std::nullopt;
  }
  const auto *Object = dyn_cast<object::ELF64LEObjectFile>(File->getBinary());
  if (!Object) {
    Errors << "underlock: error: " << Path << ": neither a recording nor a 64-bit little-endian ELF file\n";
    return std::nullopt;
  }
  BinarySites Out;
  Scanner(*Object).scan(Out);
  addFunctions(*Object, Out.Functions);
  return Out;
}
