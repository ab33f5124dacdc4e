// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an analysis sees: typed events in one order of time, each with the held set of that moment.
//
// Replay reads the contexts of one recording, merges them by time, keeps the held set of each and the lifetimes of
// locks, and calls the Observer below. An analysis never reads a trace; a test feeds replay from text instead.
//
// Ownership: everything a callback is given by reference lives until the callback returns, except where said: ids (of
// contexts, sites, places, classes, instances) stay valid for the whole replay and can be looked up in the Recording.
// Thread-safety: none; one replay calls its observers one after the other from one thread.
#ifndef UNDERLOCK_ANALYZER_REPLAY_EVENTS_H
#define UNDERLOCK_ANALYZER_REPLAY_EVENTS_H

#include "analyzer/model/Model.h"
#include "underlock/hooks.h"
#include "underlock/trace.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace underlock {

using ContextId = uint32_t;  // index into Recording::Contexts
using SiteId = uint32_t;     // index into Recording::Sites
using StackId = uint32_t;    // index into Recording::Stacks; stacks are interned over the whole recording
using ClassId = uint32_t;    // index into Recording::Classes
using InstanceId = uint32_t; // index into Recording::Instances
using Ticks = uint64_t;
constexpr uint32_t None = ~0u;

struct Site {
  uint8_t Verb = 0; // enum underlock_verb
  model::Mode Mode = model::Mode::Exclusive;
  bool Supposed = false; // it is not in the code: an edit has made it (what-if)
  uint32_t Line = 0, Column = 0;
  std::string Mark, File, Function, Expression, ClassName;
  const model::Lock *Lock = nullptr;   // the model's entry for Mark, where the verb is a lock's
  const model::Event *Event = nullptr; // … an event's
  const model::Phase *Phase = nullptr; // … a phase's
};

// A site together with the stack that led to it.
struct PlaceRef {
  SiteId Site = None;
  StackId Stack = None;
};

struct Context {
  uint32_t TraceId = 0; // as the trace numbers it
  underlock_context_kind Kind = UNDERLOCK_CONTEXT_THREAD;
  uint64_t OsId = 0;
  std::string Name;
  std::string Executes; // the program that it executed with its last record; "" for all contexts but that one
};

// All locks born at one place in the code (DESIGN.md, "Words").
struct LockClass {
  std::string Name;     // what a person reads: `pci_rescan_remove_lock`, `device.mutex`
  std::string InitSite; // the function that initialises it, where several initialise one name; else empty
  const model::Lock *Lock = nullptr;
};

// One lock: an address, for as long as the memory behind it is that lock.
struct LockInstance {
  uint64_t Address = 0;
  ClassId Class = None;
  ContextId Creator = None; // the context that initialised it, or None when that was not seen
  bool SharedUse = false;   // a context other than the creator has acquired it (or its creator is not known)
  ContextId EndOf = None;   // it is no lock, but the end of this context, for which others wait
};

struct Hold {
  InstanceId Lock = None;
  model::Mode Mode = model::Mode::Exclusive;
  bool ByTry = false;
  PlaceRef Place; // of the acquisition
  Ticks Since = 0;
  // None: the context whose moment it is. Else another one that waits for what this one does, and so holds the lock for
  // it (delegation). It is not this context's to release.
  ContextId By = None;
  bool own() const { return By == None; }
};

// Whether two holds are of one lock and not both shared: nobody can have one of them while somebody else has the other.
inline bool excludes(const Hold &A, const Hold &B) {
  return A.Lock == B.Lock && !(A.Mode == model::Mode::Shared && B.Mode == model::Mode::Shared);
}
// A gate: some of `A` excludes some of `B`.
inline bool haveGate(llvm::ArrayRef<Hold> A, llvm::ArrayRef<Hold> B) {
  for (const Hold &H : A)
    for (const Hold &G : B)
      if (excludes(H, G))
        return true;
  return false;
}

// A report of ThreadSanitizer, which ran beside the recording (trace.h, DEFINE TSAN). What it names by addresses and
// thread ids is found among what the recording knows; None where it does not.
struct TsanReport {
  struct Access {
    uint64_t Thread = 0, Address = 0;
    bool Writes = false;
    bool HeldKnown = false;
    std::vector<std::pair<uint32_t, model::Mode>> Held; // which of Locks
    ContextId Context = None;
    PlaceRef Place;
  };
  struct Lock {
    uint64_t Address = 0;
    StackId Stack = None; // of its making
    InstanceId Instance = None;
    std::string Name; // of one that is not known: the symbol there
  };
  struct Where {
    uint64_t Thread = 0;
    ContextId Context = None;
    PlaceRef Place;
  };
  std::string What, Memory; // "data-race", "lock-order-inversion", …; "global", "heap", …
  std::vector<Access> Accesses;
  std::vector<Lock> Locks;
  std::vector<Where> Places;
  StackId MemoryStack = None; // of the allocation
  std::string MemoryName;     // of a global variable
};

// The moment at which something happened.
struct Moment {
  Ticks Time = 0;
  ContextId Context = None;
  // enum underlock_state. Nothing where a context waits when the recording ends: a note of waiting does not say it, and
  // what the context's last record said may have changed since.
  std::optional<uint8_t> State;
  llvm::ArrayRef<Hold> Held; // before the event takes effect: its own, then what is held for it
  // Work of this delegation is going on here, and it cannot be told who waits for it: what that one holds is not in
  // Held.
  const model::Delegation *Unclear = nullptr;
};

// A context that waits when the recording ends, and whoever keeps what it waits for.
struct Blocked {
  ContextId Context = None;
  InstanceId Lock = None;
  PlaceRef At;
  Ticks Since = 0;
  std::vector<Hold> Held; // what it holds meanwhile
  struct Holder {
    ContextId Who = None;
    Hold How; // Lock is None where the end of this context is what is waited for
    bool Ended = false;
  };
  std::vector<Holder> Holders;
};

class Observer {
public:
  virtual ~Observer() = default;
  // Acquired: Held does not contain the new one yet. `New` does.
  virtual void acquired(const Moment &, const Hold &New) {}
  // Released: `Old` is the hold that ends. Held still contains it.
  virtual void released(const Moment &, const Hold &Old, SiteId At) {}
  // A release of a lock that this context does not hold. `Holder` is the context that does, or None.
  virtual void releasedUnheld(const Moment &, InstanceId Lock, SiteId At, ContextId Holder) {}
  virtual void failed(const Moment &, InstanceId Lock, PlaceRef At) {}
  // What was waited for and is no lock has come; nothing is held for it. Held is what was held during the wait.
  virtual void awaited(const Moment &, InstanceId Lock, PlaceRef At) {}
  // … is about to be signalled.
  virtual void signalled(const Moment &, InstanceId Lock, PlaceRef At) {}
  virtual void event(const Moment &, PlaceRef At, llvm::ArrayRef<uint64_t> Objects) {}
  virtual void phaseBegin(const Moment &, PlaceRef At, const model::Phase &) {}
  // Right after phaseBegin(), where the phase has a title: which one of its kind it is.
  virtual void titled(const Moment &, const model::Phase &, llvm::StringRef Title) {}
  virtual void phaseEnd(const Moment &, SiteId At, const model::Phase &) {}
  // A lock is born or dies. `died` is called with the holds that still exist on it, if any (a lock freed while held).
  virtual void born(const Moment &, InstanceId Lock, SiteId At) {}
  virtual void died(const Moment &, InstanceId Lock, SiteId At, ContextId HeldBy) {}
  // Threads. The token stands for the child: its parent's fork comes before its start, and before its context is known.
  virtual void fork(const Moment &, uint64_t Token) {}
  virtual void start(const Moment &, uint64_t Token) {}
  virtual void join(const Moment &, uint64_t Token) {}
  virtual void contextEnd(const Moment &) {}
  // ThreadSanitizer reports something that the context has just come to.
  virtual void tsanReport(const Moment &, const TsanReport &) {}
  // At the end of the recording, once for each context that still waits for a lock, or for what is no lock. The moment has
  // no State.
  virtual void waiting(const Moment &, InstanceId Lock, PlaceRef At, Ticks Since) {}
  // … and then once, with all of them.
  virtual void stuck(llvm::ArrayRef<Blocked>) {}
};

} // namespace underlock

#endif
