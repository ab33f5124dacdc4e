// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A recording written by hand: for unit tests, and for whoever wants to try an analysis on a thought.
//
// One record a line, in order of time; `#` begins a comment:
//     t1 acquire A                        a context, what it does, a lock. Contexts and locks come to life when named
//     t1 acquire A shared                 … a reader
//     t1 acquire A try                    … by a try that succeeded ("shared try" works too)
//     t1 fail A                           … by a try that failed
//     t1 refused A [shared]               … by an acquisition that may wait, and returned without the lock
//     t1 release A
//     t1 wait A                           waits for A, and still does when the recording ends (A may be what is no
//     lock) t1 awaits A | t1 signals A          what is no lock has come, or is signalled. A reference is acquired
//     `shared try`.
//                                         Of a thread's end: `t1 join t2`, then `t1 awaits t2/KIND`; `t1 wait t2/KIND`
//     t1 init A | t1 destroy A | t1 free A
//     t1 event vf-remove [OBJECT...]      an event, phase or lock kind of the model, by id; objects are numbers
//     t1 begin boot | t1 end boot         a phase; the word after `begin`'s phase is its title
//     t1 fork t2 | t1 join t2 | t1 exits  threads (t2's start is its first line)
//     tsan                                ThreadSanitizer runs beside the recording
//     t1 race t2 [A]                      ThreadSanitizer reports a race: t1 writes, t2 has read, and held A. (`-`: a
//                                         thread that is not known, by code without a name. No A: what it held is not
//                                         known.)
//     t1 misuse mutex-bad-unlock A        … or something else, by its own word, of a lock
//     exit                                the program ended in order
//     context cpu0 hardirq 0              declares a context's kind (thread task cpu-thread softirq hardirq) and os id
//     … irqs-off no-preempt softirqs-off   at the end of any: the machine's state then
// A lock is NAME[:CLASS][/KIND]: `pf:device.mutex/mutex`. The class defaults to the name, the kind to the model's first
// lock; a kind that is not the name's first is another lock at the same address. Stacks follow `@`, innermost first:
// `t1 acquire A @ inner < middle < main`; `middle:12` calls from its line 12, and `?1` is a function whose name is not known.
// Without a stack, one of one function named after the context is made up. Files are named `text.c`, lines are those of the
// text.
#ifndef UNDERLOCK_ANALYZER_REPLAY_TEXTSOURCE_H
#define UNDERLOCK_ANALYZER_REPLAY_TEXTSOURCE_H

#include "analyzer/replay/Replay.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/raw_ostream.h"
#include <map>

namespace underlock {

class TextSource : public Source, public Symbols {
public:
  // Sets R.Names to itself. `Errors` receives "line N: …".
  TextSource(llvm::StringRef Text, Recording &R, llvm::raw_ostream &Errors);
  Status next(Record &Out) override;
  const std::vector<Waiting> &waiting() const override { return StillWaiting; }
  std::vector<Frame> frames(uint64_t ReturnAddress) override;
  std::string datum(uint64_t) override { return ""; }

private:
  struct LockName {
    uint64_t Address;
    std::string Class;
    const model::Lock *Kind;
  };
  bool parseLine(llvm::StringRef Line, Record &Out, bool &HasRecord);
  bool parseVerb(llvm::ArrayRef<llvm::StringRef> Words, llvm::StringRef Stack, Record &Out, bool &HasRecord);
  bool declareContext(llvm::ArrayRef<llvm::StringRef> Words);
  bool tsanReport(llvm::ArrayRef<llvm::StringRef> Words, Record &Out);
  bool fail(const llvm::Twine &Message);
  ContextId context(llvm::StringRef Name);
  const LockName *lock(llvm::StringRef Spec);
  SiteId site(uint8_t Verb, model::Mode Mode, llvm::StringRef Mark, llvm::StringRef Function, llvm::StringRef Class);
  StackId stack(llvm::StringRef Text, llvm::StringRef Context);

  llvm::StringRef Rest;
  Recording &R;
  llvm::raw_ostream &Errors;
  unsigned LineNumber = 0;
  std::vector<Waiting> StillWaiting;
  std::vector<Record> Queue; // records that a line made beyond its own (a thread's start)
  llvm::StringMap<ContextId> Contexts;
  llvm::StringMap<uint64_t> Tokens; // of contexts that were forked
  llvm::StringMap<bool> Started;    // … and have run since
  llvm::StringMap<LockName> Locks;
  LockName Elsewise; // what lock() returned last for a name with another kind than its first
  llvm::StringMap<uint64_t> Functions;    // name -> made-up address
  std::vector<std::string> FunctionNames; // by (address - base) / 16
  std::map<std::tuple<uint8_t, int, std::string, std::string, std::string, unsigned>, SiteId> SiteByKey;
};

} // namespace underlock

#endif
