// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lock identity: from an address and the site that names it to an instance, and from names to classes.
#include "analyzer/replay/LockTable.h"
#include "llvm/ADT/STLExtras.h"

using namespace underlock;

// ---- Names ----

// Locks of two kinds are of two classes, also where no site has a name for them.
ClassId LockTable::classNamed(llvm::StringRef Name, llvm::StringRef InitSite, const model::Lock *Lock) {
  std::string Kind = Lock ? std::to_string(static_cast<int>(Lock->Kind)) : "";
  std::string Key = (Name + llvm::Twine('\0') + InitSite + llvm::Twine('\0') + Kind).str();
  auto [It, New] = ClassByKey.try_emplace(Key, R.Classes.size());
  if (New)
    R.Classes.push_back({Name.str(), InitSite.str(), Lock});
  return It->second;
}

// A lock is named by the first site that knows a name, or by the binary's symbols where it is a global; what kind it is
// says the first site that knows (who hands a lock on does not).
void LockTable::name(InstanceId I, const Site &S) {
  LockInstance &Instance = R.Instances[I];
  State &Known = States[I];
  // A lock that was born nameless keeps the place of its birth when a later site names it.
  std::string Name = S.ClassName, InitSite = S.Verb == UNDERLOCK_VERB_INIT ? S.Function : "";
  if (Instance.Class != None) {
    const LockClass &Before = R.Classes[Instance.Class];
    Name = Known.Named ? Before.Name : Name;
    InitSite = InitSite.empty() || Known.Named ? Before.InitSite : InitSite;
  }
  if (S.Lock && S.Lock->Kind == model::LockKind::Reference)
    Name = S.Lock->Id; // who gets it, drops it and waits for it have different names for the object
  if (Name.empty() && R.Names)
    Name = R.Names->datum(R.addressOf(I));
  Known.Named = !Name.empty();
  Known.Lock = Known.Lock ? Known.Lock : S.Lock;
  Instance.Class = classNamed(Name, InitSite, Known.Lock);
}

void LockTable::handedOn(InstanceId I, SiteId Site) {
  if (!States[I].Used)
    States[I].Hint = Site;
}

SiteId LockTable::hintFor(uint64_t Address) const {
  InstanceId Before = known(Address);
  return Before == None || States[Before].Used ? None : States[Before].Hint;
}

// ---- Addresses ----

// One object may be waited for in several ways (an interrupt's handlers, its threads); of locks the kind tells.
static bool areOne(const model::Lock &A, const model::Lock &B) { return A.isLock() ? A.Kind == B.Kind : &A == &B; }

InstanceId LockTable::add(LockInstance Instance) {
  R.Instances.push_back(Instance);
  States.emplace_back();
  return R.Instances.size() - 1;
}

InstanceId LockTable::make(uint64_t Address, SiteId Site, ContextId Creator) {
  LockInstance Instance;
  Instance.Address = Address;
  Instance.Creator = Creator;
  // Whose birth was not seen may have been shared long before.
  Instance.SharedUse = Creator == None;
  InstanceId I = add(Instance);
  name(I, R.Sites[Site]);
  return I;
}

InstanceId LockTable::at(uint64_t Address, SiteId Site) {
  auto It = Living.find(Address);
  if (It == Living.end())
    return Living[Address] = make(Address, Site, None);
  const underlock::Site &S = R.Sites[Site];
  const State &Known = States[It->second];
  if (LLVM_UNLIKELY(S.Lock != Known.Lock && S.Lock && Known.Lock && !areOne(*S.Lock, *Known.Lock)))
    return otherKindAt(Address, Site);
  if ((!Known.Named && !S.ClassName.empty()) || LLVM_UNLIKELY(!Known.Lock && S.Lock))
    name(It->second, S);
  return It->second;
}

InstanceId LockTable::otherKindAt(uint64_t Address, SiteId Site) {
  llvm::SmallVector<InstanceId, 1> &Others = OtherKinds[Address];
  for (InstanceId I : Others)
    if (areOne(*States[I].Lock, *R.Sites[Site].Lock))
      return I;
  Others.push_back(make(Address, Site, None));
  return Others.back();
}

InstanceId LockTable::known(uint64_t Address) const {
  auto It = Living.find(Address);
  return It == Living.end() ? None : It->second;
}

llvm::SmallVector<InstanceId, 2> LockTable::all(uint64_t Address) const {
  llvm::SmallVector<InstanceId, 2> Out;
  if (InstanceId First = known(Address); First != None)
    Out.push_back(First);
  if (auto Others = OtherKinds.find(Address); LLVM_UNLIKELY(Others != OtherKinds.end()))
    Out.append(Others->second.begin(), Others->second.end());
  return Out;
}

InstanceId LockTable::born(uint64_t Address, SiteId Site, ContextId Creator, SiteId Hint) {
  InstanceId I = Living[Address] = make(Address, Site, Creator);
  if (Hint != None && !States[I].Named)
    name(I, R.Sites[Hint]);
  return I;
}

void LockTable::bornBefore(uint64_t Address, SiteId Site, ContextId Creator) {
  if (known(Address) == None)
    Living[Address] = make(Address, Site, Creator);
}

void LockTable::erase(uint64_t Address) {
  Living.erase(Address);
  OtherKinds.erase(Address);
}

void LockTable::erase(uint64_t Address, InstanceId I) {
  llvm::SmallVector<InstanceId, 2> Left = all(Address);
  llvm::erase(Left, I);
  erase(Address);
  if (Left.empty())
    return;
  Living[Address] = Left.front();
  if (Left.size() > 1)
    OtherKinds[Address].assign(Left.begin() + 1, Left.end());
}

InstanceId LockTable::endOf(ContextId C, SiteId Site) {
  LockInstance Instance;
  Instance.SharedUse = true;
  Instance.EndOf = C;
  Instance.Class = classNamed(R.Sites[Site].Lock->Id, "", R.Sites[Site].Lock);
  return add(Instance);
}
