// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A replay as if the program had been edited: between replay and the analyses, this takes locks that were not taken,
// leaves out acquisitions that are to be dropped, and gives to each moment the held set that it would have had. The
// order of things between contexts stays the recorded one: sections of a lock that nobody had taken may overlap here,
// which no analysis minds.
//
// replay ── events ──> EditedReplay ── events, edited ──> analyses
//
// Thread-safety: none.
#ifndef UNDERLOCK_ANALYZER_REPLAY_EDITED_H
#define UNDERLOCK_ANALYZER_REPLAY_EDITED_H

#include "analyzer/replay/Delegation.h"
#include "analyzer/replay/Replay.h"
#include "analyzer/replay/Spans.h"
#include <map>

namespace underlock {

// The edits, and what the first replay found out for them; ids are those of the second one.
struct EditPlan {
  std::vector<Edit> Edits;
  SpansFound Spans;
  std::vector<InstanceId> TakenLock;               // by edit: the lock that it takes
  std::vector<llvm::DenseSet<InstanceId>> Dropped; // by edit: the locks that it drops acquisitions of
  std::vector<const model::Lock *> Kinds;          // by edit: of its lock
  // Locks that have to be there before the recording has them: in the order of their ids, from 0.
  struct EarlyLock {
    uint64_t Address;
    std::string Name;
    const model::Lock *Kind;
  };
  std::vector<EarlyLock> Before;
};

// Puts the births of the plan's locks before all records.
class SourceWithLocks : public Source {
public:
  SourceWithLocks(Source &From, Recording &R, const EditPlan &Plan);
  Status next(Record &Out) override;
  const std::vector<Waiting> &waiting() const override { return From.waiting(); }

private:
  Source &From;
  std::vector<Record> Births;
  size_t Next = 0;
};

// Names of the frames that edits have made, which are no addresses of the program.
class EditedNames : public Symbols {
public:
  explicit EditedNames(Symbols *Recorded) : Recorded(Recorded) {}
  uint64_t add(std::vector<Frame> Frames);
  std::vector<Frame> frames(uint64_t ReturnAddress) override;
  std::string datum(uint64_t Address) override { return Recorded ? Recorded->datum(Address) : ""; }
  std::optional<std::string> line(const std::string &File, uint32_t Line) override {
    return Recorded ? Recorded->line(File, Line) : std::nullopt;
  }

private:
  Symbols *Recorded;
  std::vector<std::vector<Frame>> Made;
};

class EditedReplay : public Observer {
public:
  EditedReplay(Recording &R, EditedNames &Names, const EditPlan &Plan, llvm::ArrayRef<Observer *> To);

  // What the recording cannot tell because the program would have gone another way: a sentence each.
  const std::vector<std::string> &unknown() const { return Unknown; }
  // The contexts that hold something else by the edits, at some time.
  const llvm::DenseSet<ContextId> &touched() const { return Touched; }

  void acquired(const Moment &M, const Hold &New) override;
  void released(const Moment &M, const Hold &Old, SiteId At) override;
  void releasedUnheld(const Moment &M, InstanceId Lock, SiteId At, ContextId Holder) override;
  void failed(const Moment &M, InstanceId Lock, PlaceRef At) override;
  void awaited(const Moment &M, InstanceId Lock, PlaceRef At) override;
  void signalled(const Moment &M, InstanceId Lock, PlaceRef At) override;
  void event(const Moment &M, PlaceRef At, llvm::ArrayRef<uint64_t> Objects) override;
  void phaseBegin(const Moment &M, PlaceRef At, const model::Phase &P) override;
  void titled(const Moment &M, const model::Phase &P, llvm::StringRef Title) override;
  void phaseEnd(const Moment &M, SiteId At, const model::Phase &P) override;
  void born(const Moment &M, InstanceId Lock, SiteId At) override;
  void died(const Moment &M, InstanceId Lock, SiteId At, ContextId HeldBy) override;
  void fork(const Moment &M, uint64_t Token) override;
  void start(const Moment &M, uint64_t Token) override;
  void join(const Moment &M, uint64_t Token) override;
  void contextEnd(const Moment &M) override;
  void tsanReport(const Moment &M, const TsanReport &T) override;
  void waiting(const Moment &M, InstanceId Lock, PlaceRef At, Ticks Since) override;
  void stuck(llvm::ArrayRef<Blocked> All) override;

private:
  struct State {
    size_t NextSpan = 0;
    std::vector<std::pair<uint64_t, Hold>> Taken; // by open span: its end
  };
  State &stateOf(ContextId C);
  void sync(const Moment &M);
  void take(const Moment &M, const Span &S);
  void giveBack(const Moment &M, size_t Index);
  Moment edited(const Moment &M);
  bool dropped(const Hold &H, ContextId By);
  bool droppedAt(InstanceId Lock, PlaceRef At, bool Everywhere);
  void patchKind(InstanceId Lock);
  void holds(InstanceId Lock, ContextId C);
  void holdsNoMore(InstanceId Lock, ContextId C);
  PlaceRef placeOf(const Span &S);
  void unknown(const std::string &Text);
  // What the edits change nothing of but what is held meanwhile.
  template <typename... Of, typename... Given>
  void pass(const Moment &M, void (Observer::*Tell)(const Moment &, Of...), const Given &...What) {
    sync(M);
    Moment Now = edited(M);
    tell([&](Observer &O) { (O.*Tell)(Now, What...); });
  }
  template <typename Callback> void tell(Callback Call) {
    for (Observer *O : To)
      Call(*O);
  }

  Recording &R;
  EditedNames &Names;
  const EditPlan &Plan;
  llvm::ArrayRef<Observer *> To;
  StackReader Stacks;
  Delegations Delegated;
  EventCount Count;
  // By context: what it would hold while it waits when the recording ends.
  llvm::DenseMap<ContextId, std::vector<Hold>> HeldMeanwhile;
  std::vector<State> States;                     // by context
  std::vector<Hold> Held;                        // what edited() returned last
  std::map<std::vector<uint64_t>, StackId> Made; // stacks that edits have made
  std::map<std::pair<unsigned, std::string>, SiteId> Sites;
  llvm::DenseMap<InstanceId, llvm::SmallVector<ContextId, 2>> Holders; // of the edits' locks
  llvm::DenseMap<InstanceId, unsigned> DroppedNow;                     // holds that there would not be
  llvm::DenseSet<ContextId> Touched;
  std::vector<std::unique_ptr<model::Lock>> Recursive; // kinds that edits have made
  std::vector<std::string> Unknown;
};

} // namespace underlock

#endif
