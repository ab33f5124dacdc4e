// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lifetime analysis; its rules are told in Lifetime.cpp.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_LIFETIME_H
#define UNDERLOCK_ANALYZER_ANALYSES_LIFETIME_H

#include "analyzer/analyses/Analysis.h"
#include "analyzer/analyses/HappensBefore.h"
#include "analyzer/analyses/HeldSets.h"
#include "analyzer/analyses/MachineState.h"
#include "analyzer/analyses/Phases.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringMap.h"

namespace underlock {

// What the analysis keeps.
namespace lifetime {

using SetList = llvm::SmallVector<HeldSetId, 6>;
// An object as an event names it. A pointer means the one that lives there now: `Life` counts those that were freed.
struct Name {
  uint64_t Pointer = 0, Life = 0;
  std::optional<uint64_t> Key;
};
// From a look-up to the last use so far, in one context.
struct Span {
  Step LookUp, Last;
  bool Used = false;
  uint64_t Until = 0;    // what the trail says up to here is in Sets or in Pending
  SetList Sets, Pending; // until the last use, and since
  SegmentId First = NoSegment, End = NoSegment;
  uint64_t PhaseMask = 0;
  std::optional<Step> Freed; // by another context, since the look-up
  bool Judged = false;       // a use after that was seen
  bool TookOut = false;      // by this context it was unpublished
  bool Exempt = false;       // looked up in a phase during which the contract does not bind
};
// What a context has to do with one object.
struct Known {
  unsigned Lifetime = 0;
  Name Of;
  unsigned References = 0;
  std::optional<Span> Open;
};
// An object was put out of reach, and is to be freed.
struct Removal {
  unsigned Lifetime = 0;
  Name Of;
  uint64_t Until = 0;
  SetList Sets;
};
struct ContextState {
  std::vector<Known> Objects; // the newest last
  std::vector<Removal> Removals;
  Trail Went;
  MachineState Machine;
  unsigned Inside = 0;                                         // of model::GracePeriod::State: a kind of interrupt
  llvm::SmallVector<std::pair<unsigned, unsigned>, 2> Reading; // grace period, how deep
  bool watched() const { return !Objects.empty() || !Removals.empty(); }
};
constexpr uint64_t ByKey = UINT64_C(1) << 62;
struct Kind { // of spans, or of frees, that no rule tells apart
  unsigned Lifetime = 0;
  Step First, Last; // a free is one moment: Last
  SetList Sets;
  SegmentId Begin = NoSegment, End = NoSegment;
  uint64_t PhaseMask = 0;
  SiteId FreedAt = None;       // a span: this free was seen to come in between
  bool TookOut = false;        // a span, as above
  ContextId TakenOutBy = None; // a free: who unpublished the object
  const model::GracePeriod *After = nullptr;
  llvm::DenseSet<std::pair<uint64_t, uint64_t>> Objects; // pointer and life, or key and ByKey
  uint64_t Count = 0;
};
struct Counts {
  uint64_t LookUps = 0, Uses = 0, Frees = 0, Strange = 0; // Strange: uses of what was not looked up
};

} // namespace lifetime

class LifetimeAnalysis : public Analysis {
public:
  explicit LifetimeAnalysis(const Recording &R);
  llvm::StringRef name() const override { return "lifetime"; }
  bool applies() const override { return R.Mode != UNDERLOCK_RECORDING_DISTINCT; }
  std::optional<std::vector<std::string>> rules() const override;
  void acquired(const Moment &M, const Hold &New) override;
  void released(const Moment &M, const Hold &Old, SiteId At) override;
  void event(const Moment &M, PlaceRef At, llvm::ArrayRef<uint64_t> Objects) override;
  void failed(const Moment &M, InstanceId, PlaceRef) override { seen(M); }
  void awaited(const Moment &M, InstanceId, PlaceRef) override { seen(M); }
  void signalled(const Moment &M, InstanceId, PlaceRef) override { seen(M); }
  void phaseBegin(const Moment &M, PlaceRef, const model::Phase &P) override {
    seen(M);
    Phases.begin(P);
  }
  void phaseEnd(const Moment &M, SiteId, const model::Phase &P) override {
    seen(M);
    Phases.end(P);
  }
  void fork(const Moment &M, uint64_t Token) override { Order.fork(M.Context, Token); }
  void start(const Moment &M, uint64_t Token) override { Order.start(M.Context, Token); }
  void join(const Moment &M, uint64_t Token) override { Order.join(M.Context, Token); }
  void contextEnd(const Moment &M) override;
  void finish(std::vector<Finding> &Out) override;
  void remarks(std::vector<Remark> &Out) const override;
  llvm::ArrayRef<ContractStatistics> contracts() const override { return Statistics; }

private:
  using SetList = lifetime::SetList;
  using Name = lifetime::Name;
  using Span = lifetime::Span;
  using Known = lifetime::Known;
  using Removal = lifetime::Removal;
  using ContextState = lifetime::ContextState;
  using Kind = lifetime::Kind;
  using Counts = lifetime::Counts;

  ContextState &state(ContextId C);
  void note(ContextState &S, llvm::ArrayRef<Hold> Now, uint64_t Grace = 0);
  void seen(const Moment &M);
  bool turnsOff(InstanceId Lock) const;
  static uint64_t nameOfReadSide(unsigned GracePeriod) { return ~uint64_t(GracePeriod); }
  void fold(ContextState &S);
  void settle(ContextState &S);
  static void append(SetList &To, llvm::ArrayRef<HeldSetId> Sets);
  static void catchUp(ContextState &S, Known &K);
  Name nameOf(unsigned Lifetime, llvm::ArrayRef<uint64_t> Objects) const;
  static Known *find(ContextState &S, unsigned Lifetime, const Name &N);
  Known &add(ContextState &S, unsigned Lifetime, const Name &N);

  void lookUp(const Moment &M, PlaceRef At, const model::Event &E, const Name &N);
  void use(const Moment &M, PlaceRef At, const model::Event &E, const Name &N);
  void used(const Moment &M, PlaceRef At, ContextState &S, Known &K);
  void until(const Moment &M, PlaceRef At, const model::Event &E);
  void get(const Moment &M, const model::Event &E, const Name &N);
  void put(const Moment &M, PlaceRef At, const model::Event &E, const Name &N);
  static void dropReference(ContextState &S, Known &K);
  void unpublish(const Moment &M, const model::Event &E, const Name &N);
  void create(const Moment &M, const model::Event &E, const Name &N);
  void free(const Moment &M, PlaceRef At, const model::Event &E, const Name &N);
  void readSide(const Moment &M, const model::Event &E);
  void close(Known &K);
  void keep(std::vector<Kind> &To, llvm::DenseMap<uint64_t, size_t> &Index, Kind New, const Name &Of);

  bool apart(const Kind &Span, const Kind &Free) const;
  std::optional<Certainty> judge(const Kind &Span, const Kind &Free) const;
  InstanceId givenBack(const Kind &Span, const Kind &Free) const;
  Finding describe(unsigned Lifetime, const Step &LookUp, const Step &Use, const Step &Free, Certainty Sure) const;
  Finding supposed(const Kind &Span, const Kind &Free, Certainty Sure) const;

  ActivePhases Phases;
  HappensBefore Order;
  HeldSets Held;
  std::vector<ContextState> Contexts;
  std::vector<ContractStatistics> Statistics;                    // by lifetime
  std::vector<Counts> Seen;                                      // by lifetime
  llvm::DenseMap<std::pair<unsigned, uint64_t>, uint64_t> Lives; // by lifetime and pointer: how many were freed there
  std::vector<Kind> Spans, Frees;
  llvm::DenseMap<uint64_t, size_t> SpanIndex, FreeIndex;
  std::vector<Finding> Happened;
  llvm::StringMap<size_t> HappenedIndex; // by fingerprint
  uint64_t Dropped = 0;
  size_t Objects = 0;
};

} // namespace underlock

#endif
