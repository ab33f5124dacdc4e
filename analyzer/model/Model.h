// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The model: what the locks of a code base are, and what they protect.
//
// One YAML file, read with LLVM's YAML library; the plugin reads its marks, the analyzer its contracts. This small
// library is what both use to read it: it depends on LLVM's Support library alone, and on nothing else of Underlock.
// The format is described for users in analyzer/models/README.md.
//
// Thread-safety: a loaded model is immutable. Errors: load() reports each with file, line, column and the offending
// line to the given stream, and returns nothing; it never returns half a model.
#ifndef UNDERLOCK_ANALYZER_MODEL_MODEL_H
#define UNDERLOCK_ANALYZER_MODEL_MODEL_H

#include "analyzer/model/Policy.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace underlock::model {

// The last three are no locks, but what one waits for all the same (`waits` in the model): until it is signalled, until
// all references to it are given back, until a thread ends.
enum class LockKind { Mutex, Spinlock, RwLock, RwSem, Semaphore, Pseudo, Completion, Reference, Thread };
enum class Mode { Exclusive, Shared, Any };
// Of what is no lock, `hold` is a Try in shared mode, and `drop` a Release.
enum class Verb { Acquire, Try, Release, Init, Destroy, Wait, Await, Signal };
// Which return values say that a try, or an interruptible acquisition, got the lock.
enum class Success { Always, OneOf, NonZero };

struct LockMark {
  Verb What;
  std::string Function;  // the callee's name, as the linker sees it
  unsigned Lock = 0;     // which argument is the lock, from 0
  bool Indirect = false; // … or points to an object whose first member points to the lock (std::unique_lock)
  bool During = false;   // a reference that the function itself has, from its entry to its exit
  std::string Field;     // During: of the struct that the argument points to, this field
  Mode LockMode = Mode::Exclusive;
  Success If = Success::Always;
  std::vector<int64_t> Returns; // OneOf: these values
  Place Where;
};

struct Lock {
  std::string Id;
  LockKind Kind = LockKind::Mutex;
  bool Recursive = false; // the same context may take it again (a recursive reader for shared mode)
  bool Owner = true;      // only who took it may release it
  // Of what is no lock:
  std::string What;                 // "sysfs reference": for reports
  std::vector<std::string> GivesUp; // lock classes that the wait gives back meanwhile, if they are held
  bool Ends = false;                // the wait is its end: what lies at its address later is another one
  bool Spins = false;               // who waits does not sleep
  std::vector<LockMark> Marks;
  Place Where;

  bool isLock() const { return Kind < LockKind::Completion; }
  // May who has to wait for it sleep meanwhile? Not so where he spins; of a pseudo lock it is not known.
  bool maySleep() const {
    return isLock() ? Kind == LockKind::Mutex || Kind == LockKind::RwSem || Kind == LockKind::Semaphore : !Spins;
  }
  // Of references: is it one that functions have while they run? "A work" is waited for then, not "the last reference".
  bool isHeldDuring() const;
};

// A moment in the code: the entry or the exit of a function, or a call of one, optionally only inside another one.
struct Point {
  enum class Kind { Entry, Exit, BeforeCall, AfterCall } At = Kind::Entry;
  std::string Function;
  std::string In; // for calls: only inside this function; empty: anywhere
};

// What an event is to a delegation: both ends of the wait, both ends of the work. The begins have one object.
enum class Part { None, Waits, Waited, Works, Worked };

// What an event is to a lifetime or to a grace period. Those of a lifetime have the object first (0: it is not told),
// then its key, where that is told.
enum class Life { None, LookUp, Use, Until, Free, Unpublish, Create, Get, Put, ReadLock, ReadUnlock, Grace };

struct Event {
  // Instead of an argument's number: what the call returns, or 0.
  static constexpr unsigned Returned = ~0u, Absent = ~0u - 1;

  std::string Id;
  std::string What; // "a VF is removed": for the report's first line
  Point At;
  std::vector<unsigned> Objects; // argument numbers
  std::string Why, See;
  Place Where;
  Part Is = Part::None;
  Life Role = Life::None;
  unsigned Of = 0;      // index into the model's delegations, lifetimes or grace periods, where it is a part of one
  bool Counted = false; // LookUp: it comes with a reference
  std::optional<unsigned> After; // Free: it is done after such a grace period
  Success If = Success::Always;  // behind a call: it happened only where the call returned so
  std::vector<int64_t> Returns;  // OneOf: these values
};

// Objects of a kind that are looked up, used and freed. It makes a contract of the same id: none is freed in between.
// Its marks are events.
struct Lifetime {
  std::string Id;
  std::string What;         // "a session": for the report's first line
  bool Unpublished = false; // a mark says when an object can no longer be found
  Place Where;
};

// Read sides, and what waits until all are left that were entered before (RCU). Its marks are events.
struct GracePeriod {
  // What counts as a read side without a mark, as RCU of Linux has it since 5.0.
  enum State : unsigned { IrqsOff = 1, SoftirqsOff = 2, PreemptionOff = 4, HardIrq = 8, SoftIrq = 16 };
  std::string Id;
  bool MaySleep = false; // who is in a read side may sleep there (SRCU)
  unsigned Also = 0;     // of State
  std::string Why;
  Place Where;
};

// Work that one context does while another waits for it: done under what the waiter holds. Its points are events.
struct Delegation {
  std::string Id;
  std::string Why;
  Place Where;
};

// A part of a phase's title, read while the program runs: the text that an argument of the phase's first function
// points to, or that lies in, or behind, a field of the struct that it points to.
struct TitlePart {
  unsigned Argument = 0;
  std::string Field; // empty: the argument is the text
};

struct Phase {
  std::string Id;
  std::string What;             // "KUnit case": for reports, before the title
  std::vector<TitlePart> Title; // empty: it has none. Else it begins at the entry of a function
  bool FromStart = false;       // begins with the recording (boot): Begin is unused then
  Point Begin, End;
  std::vector<std::pair<Point, Point>> Also; // … and where other versions of the code have them
  std::string Why;
  Place Where;
};

struct Contract {
  std::string Id;
  std::string Event;                       // the id of an event
  std::vector<std::string> Requires;       // lock classes; one of them must be held
  std::vector<std::string> Forbids;        // lock classes; none of them may be held
  Mode RequiredMode = Mode::Any;           // Exclusive: a shared hold is not enough
  std::vector<std::string> ExcludedDuring; // phases of another context during which the event must not happen …
  std::vector<std::string> Unless;         // … unless one of these lock classes is held
  std::optional<unsigned> Lifetime;        // index into the model's lifetimes: it is that one's
  std::vector<std::string> ExceptDuring;   // phases during which the contract does not bind
  Severity Level = Severity::Error;
  std::string Why, See;
  Place Where;

  // Which analysis judges it: of locks, of phases, or of lifetimes.
  llvm::StringRef analysis() const { return Lifetime ? "lifetime" : ExcludedDuring.empty() ? "contract" : "phase"; }
};

// Whether threads are who they are (a program), or stand for any caller (a kernel).
enum class Threads { Themselves, Any };

struct Ignore {
  std::string File;     // a glob over the source path as the compiler was given it, or a suffix of it
  std::string Function; // or a function by name
  std::string Why;
  Place Where;
};

// A function that returns the lock it was given (`spinlock_check`): the name of the lock is looked for behind it.
struct SeeThrough {
  std::string Function;
  unsigned Argument = 0;
  Place Where;
};

// A function that gives memory back, and the locks in it with it.
struct Free {
  enum class Size { Argument, Malloc, New };
  std::string Function;
  unsigned Memory = 0;         // which argument is the memory
  Size Known = Size::Argument; // how large it is: an argument says it, or the library that gave the memory knows it
  unsigned SizeArgument = 0;
  Place Where;
};

// A point at which the task that runs ends, where the platform does not tell: nothing of it follows.
struct TaskEnd {
  Point At;
  Place Where;
};

// What is no error, and still hardly meant.
struct Warning {
  Place Where;
  std::string Text;
};

struct Model {
  std::string Name;               // "linux"; joined with '+' when several are merged
  std::string About;              // one line on the last of its files
  std::vector<std::string> Paths; // the files it came from, absolute; a file comes behind those that it extends
  std::string ShippedDir;         // the folder of the shipped ones, where it was loaded: perhaps on another machine
  Threads Who = Threads::Themselves;
  std::vector<std::string>
      ThemselvesDuring;               // phases in which tasks of an `any` model are who they are (boot, initcalls)
  std::vector<std::string> LockTypes; // struct names that are locks themselves: never part of a lock's name
  std::vector<SeeThrough> SeeThroughs;
  std::vector<Free> Frees;
  std::vector<TaskEnd> TaskEnds;
  std::vector<Ignore> Ignores;
  std::vector<std::string> Boundaries; // functions at which a stack's story begins (`vfs_write`): outer frames are not
                                       // part of a finding's identity
  std::vector<Lock> Locks;
  std::vector<Event> Events;
  std::vector<Phase> Phases;
  std::vector<Delegation> Delegations;
  std::vector<GracePeriod> GracePeriods;
  std::vector<Lifetime> Lifetimes;
  std::vector<Contract> Contracts;
  Policy Gate;
  std::vector<Warning> Repeats; // names that stood in the same list already, here or in a model that is extended

  // A hash of all that the plugin reads. Contracts, severities, texts and the gate may change without a rebuild; marks
  // may not.
  uint64_t marksHash() const;

  // Whether it stands in one of the shipped files.
  bool isShipped(const Place &P) const {
    return !ShippedDir.empty() && llvm::StringRef(P.File).starts_with(ShippedDir + "/");
  }

  const Lock *findLock(llvm::StringRef Id) const;
  const Event *findEvent(llvm::StringRef Id) const;
  const Phase *findPhase(llvm::StringRef Id) const;
};

// Loads and merges models. Each name is a path (with a '/' or ending in .yaml), or the name of a shipped model, looked
// for as NAME.yaml in `ShippedDir`. `extends:` is followed. Messages go to `Errors`. With `Files` (texts by path, as
// they were found before) no file is read, but these are.
std::optional<Model> load(const std::vector<std::string> &Names, llvm::StringRef ShippedDir, llvm::raw_ostream &Errors,
                          const std::map<std::string, std::string> *Files = nullptr);

// The same from a buffer, for tests; `extends` is looked for in `ShippedDir`.
std::optional<Model> parse(llvm::StringRef Text, llvm::StringRef FileName, llvm::StringRef ShippedDir,
                           llvm::raw_ostream &Errors);

} // namespace underlock::model

#endif
