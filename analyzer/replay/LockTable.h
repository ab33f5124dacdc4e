// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which lock lives at which address, and what it is called. Replay asks it at every record; what it finds out goes into
// the Recording's Instances and Classes.
//
// A lock lives from its birth, or from when it is first seen, until it or its memory dies. At one address there may be
// locks of several kinds at a time: one has the other as its first member (Linux's semaphore its spinlock), or memory
// was used again by a lock whose birth makes no call (Linux's spin_lock_init()), so that the death of the older one was
// not seen; or it is waited for in several ways and is no lock.
//
// Thread-safety: none.
#ifndef UNDERLOCK_ANALYZER_REPLAY_LOCKTABLE_H
#define UNDERLOCK_ANALYZER_REPLAY_LOCKTABLE_H

#include "analyzer/replay/Recording.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

namespace underlock {

class LockTable {
public:
  // `R` outlives it.
  explicit LockTable(Recording &R) : R(R) {}

  // The lock that the site means at the address; one that is new there when none of its kind is known.
  InstanceId at(uint64_t Address, SiteId Site);
  // The first one there, of whatever kind; None where none is known.
  InstanceId known(uint64_t Address) const;
  // All of them.
  llvm::SmallVector<InstanceId, 2> all(uint64_t Address) const;

  // One is born at an address where none lives. A name that was given there before is meant for it
  // (`make_lock(&account->lock)`): see handedOn().
  InstanceId born(uint64_t Address, SiteId Site, ContextId Creator, SiteId Hint = None);
  // It was there before the recording began, unless something is known there already.
  void bornBefore(uint64_t Address, SiteId Site, ContextId Creator);
  // It was handed on under a name, by this site. As a hint for the birth of another lock there, until it is taken.
  void handedOn(InstanceId I, SiteId Site);
  SiteId hintFor(uint64_t Address) const;
  void taken(InstanceId I) { States[I].Used = true; }

  // Nothing lives there any more; or this one does not, and those of other kinds still do.
  void erase(uint64_t Address);
  void erase(uint64_t Address, InstanceId I);

  // The end of a context, as something to wait for. It has no address.
  InstanceId endOf(ContextId C, SiteId Site);

private:
  // What is known of a lock beyond the Recording's tables.
  struct State {
    const model::Lock *Lock = nullptr; // as the first site has it that says
    SiteId Hint = None;                // who handed it on with a name, before anybody took it
    bool Used = false;                 // it was taken
    bool Named = false;                // its class has a name; until then each site and the binary's symbols are asked
  };
  // Locks lie at even distances, as in an array of structs: the lowest bits of DenseMap's own hash would be few.
  struct AddressInfo : llvm::DenseMapInfo<uint64_t> {
    static unsigned getHashValue(uint64_t Address) { return (Address * UINT64_C(0x9e3779b97f4a7c15)) >> 32; }
  };

  InstanceId add(LockInstance Instance);
  InstanceId make(uint64_t Address, SiteId Site, ContextId Creator);
  InstanceId otherKindAt(uint64_t Address, SiteId Site);
  void name(InstanceId I, const Site &S);
  ClassId classNamed(llvm::StringRef Name, llvm::StringRef InitSite, const model::Lock *Lock);

  Recording &R;
  std::vector<State> States; // by InstanceId
  llvm::DenseMap<uint64_t, InstanceId, AddressInfo> Living;
  // Locks of other kinds than the one that Living knows at their address, which is there too then.
  llvm::DenseMap<uint64_t, llvm::SmallVector<InstanceId, 1>, AddressInfo> OtherKinds;
  llvm::StringMap<ClassId> ClassByKey;
};

} // namespace underlock

#endif
