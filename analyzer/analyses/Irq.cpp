// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// irq: locks and interrupts, in models whose threads stand for any caller (kernels).
//
//   inconsistent  a lock is taken in an interrupt, and elsewhere held with that interrupt on: it comes while the lock
//                 is held, on the same CPU, and waits for whom it interrupted
//                     one lock in both                                                                  assumed
//                     two locks of one class                                                            possible
//   inversion     L is taken in an interrupt; M is held somewhere with that interrupt on; and somebody waits for M
//                 while he holds L: the holder of M is interrupted, the interrupt waits for L, L's holder for M
//                                                                                                       assumed
//   sleep         a lock that may sleep (mutex, rwsem, semaphore), or what is no lock (a completion, the end of read
//                 sides; not what is waited for spinning), is waited for where nothing may sleep: in an interrupt, with
//                 interrupts or preemption off, under a spinlock, or in a read side (`grace-periods`; not where these
//                 may sleep, as those of SRCU). Whether it slept is luck                                observed
//
// The terms and the first two rules are lockdep's (Documentation/locking/lockdep-design.rst: "{softirq,hardirq}-safe",
// "-unsafe"), over instances where lockdep has classes. Shared and exclusive are told apart: readers do not keep each
// other out. An inversion needs both its paths at the same time, so a gate lock held on both, not shared by both, cuts
// it away.
//
// Whether interrupts, softirqs and preemption are off is in each record, read off the machine and not concluded from
// marks; where a context waits when the recording ends, it is not known. A kernel that does not count preemption shows
// spinlocks, interrupts and read sides only. A `distinct` recording does not tell of read sides. Of an inversion the
// path from L to M is one edge; longer ones are order's matter once M has an edge of its own into the interrupt.
#include "analyzer/analyses/Irq.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <map>
#include <tuple>

using namespace underlock;

static constexpr const char *LevelNames[] = {"a hard interrupt", "a soft interrupt"};
static constexpr const char *OnNames[] = {"interrupts on", "softirqs on"};

IrqAnalysis::IrqAnalysis(const Recording &R)
    : Analysis(R), Applies(R.Model.Who == model::Threads::Any), Phases(R.Model) {}

std::optional<std::vector<std::string>> IrqAnalysis::rules() const {
  return std::vector<std::string>{"sleep", "inconsistent", "inversion"};
}

// Neither is true where nothing says what the state is.
static bool off(const Moment &M, underlock_state Bit) { return M.State && (*M.State & Bit); }
static bool on(const Moment &M, underlock_state Bit) { return M.State && !(*M.State & Bit); }

// Locks that are waited for without sleeping: what an interrupt handler can take.
bool IrqAnalysis::spins(InstanceId I) const {
  const model::Lock *Kind = R.classOf(I).Lock;
  return Kind && (Kind->Kind == model::LockKind::Spinlock || Kind->Kind == model::LockKind::RwLock);
}

// ---- While the replay runs ----

void IrqAnalysis::keep(Evidence &E, const Moment &M, PlaceRef At, Ticks Time, bool Waits) {
  if (E && E.Held.size() <= M.Held.size())
    return;
  E = {M.Context, At, Time, llvm::ArrayRef(M.Held).copy(Holds), Waits};
}

void IrqAnalysis::acquired(const Moment &M, const Hold &New) {
  if (!Applies)
    return;
  if (!New.ByTry)
    blocks(M, New.Lock, New.Mode, New.Place, M.Time, false);
  stillHeld(M);
  holdsOn(M, New);
}

void IrqAnalysis::waiting(const Moment &M, InstanceId Lock, PlaceRef At, Ticks Since) {
  if (Applies)
    blocks(M, Lock, R.Sites[At.Site].Mode, At, Since, true);
}

void IrqAnalysis::awaited(const Moment &M, InstanceId Lock, PlaceRef At) {
  if (Applies)
    sleeps(M, Lock, At, M.Time, false);
}

void IrqAnalysis::event(const Moment &M, PlaceRef At, llvm::ArrayRef<uint64_t>) {
  stillHeld(M);
  const model::Event *E = R.Sites[At.Site].Event;
  if (!Applies || !E)
    return;
  if (E->Role == model::Life::Grace)
    return sleeps(M, None, At, M.Time, false);
  bool Enters = E->Role == model::Life::ReadLock;
  if (!Enters && E->Role != model::Life::ReadUnlock)
    return;
  if (R.Mode == UNDERLOCK_RECORDING_DISTINCT) {
    Untold |= !R.Model.GracePeriods[E->Of].MaySleep;
    return;
  }
  ReadSide &Side = Reading[{M.Context, E->Of}]; // they nest
  if (!Enters)
    Side.Depth -= Side.Depth > 0; // one that began before the recording
  else if (Side.Depth++ == 0) {
    std::tie(Side.Begin, Side.Since) = std::tie(At, M.Time);
    Side.Held.assign(M.Held.begin(), M.Held.end());
  }
}

// In which read side the context is, of those where nothing may sleep.
const IrqAnalysis::ReadSide *IrqAnalysis::readSide(ContextId C, const model::GracePeriod *&Of) const {
  for (unsigned I = 0; I < R.Model.GracePeriods.size(); ++I) {
    Of = &R.Model.GracePeriods[I];
    if (auto It = Reading.find({C, I}); It != Reading.end() && It->second.Depth > 0 && !Of->MaySleep)
      return &It->second;
  }
  return nullptr;
}

void IrqAnalysis::blocks(const Moment &M, InstanceId Lock, model::Mode Mode, PlaceRef At, Ticks Time, bool Waits) {
  if (!spins(Lock))
    return sleeps(M, Lock, At, Time, Waits);
  bool Shared = Mode == model::Mode::Shared;
  underlock_context_kind Kind = R.Contexts[M.Context].Kind;
  if (Kind == UNDERLOCK_CONTEXT_HARDIRQ)
    keep(Used[Lock].Of[Hard][In][Shared], M, At, Time, Waits);
  else if (Kind == UNDERLOCK_CONTEXT_SOFTIRQ)
    keep(Used[Lock].Of[Soft][In][Shared], M, At, Time, Waits);
  for (const Hold &H : M.Held)
    if (H.own() && H.Lock != Lock && spins(H.Lock))
      keep(Edges[{H.Lock, Lock}][2 * (H.Mode == model::Mode::Shared) + Shared], M, At, Time, Waits);
}

// Notes that a lock is held now with interrupts on. An interrupt cannot come to a hard-irq context; a soft one comes to
// neither kind of interrupt.
void IrqAnalysis::holdsOn(const Moment &M, const Hold &H) {
  if (!on(M, UNDERLOCK_STATE_IRQS_OFF))
    return;
  underlock_context_kind Kind = R.Contexts[M.Context].Kind;
  if (Kind == UNDERLOCK_CONTEXT_HARDIRQ || Kind == UNDERLOCK_CONTEXT_NMI || !H.own() || !spins(H.Lock))
    return;
  bool Shared = H.Mode == model::Mode::Shared;
  Usage &U = Used[H.Lock];
  keep(U.Of[Hard][On][Shared], M, H.Place, M.Time, false);
  if (Kind != UNDERLOCK_CONTEXT_SOFTIRQ && on(M, UNDERLOCK_STATE_SOFTIRQS_OFF))
    keep(U.Of[Soft][On][Shared], M, H.Place, M.Time, false);
}

// A lock that was taken with interrupts off may be held with interrupts on by now: an inner spin_unlock_irq()
// does that.
void IrqAnalysis::stillHeld(const Moment &M) {
  if (!Applies || !on(M, UNDERLOCK_STATE_IRQS_OFF))
    return;
  for (const Hold &H : M.Held)
    holdsOn(M, H);
}

// `Lock` is None where the end of read sides is waited for.
void IrqAnalysis::sleeps(const Moment &M, InstanceId Lock, PlaceRef At, Ticks Time, bool Waits) {
  if (Lock != None && !R.maySleep(Lock))
    return;
  // One flow of control, with interrupts off for most of it: the lock is free, and nobody sleeps.
  for (const model::Phase &P : R.Model.Phases)
    if (P.FromStart && Phases.active(P.Id))
      return;
  underlock_context_kind In = R.Contexts[M.Context].Kind;
  const Hold *Spins = llvm::find_if(M.Held, [&](const Hold &H) { return H.own() && spins(H.Lock); });
  const model::GracePeriod *Read = nullptr;
  const ReadSide *Side = readSide(M.Context, Read);
  std::string Where = In == UNDERLOCK_CONTEXT_HARDIRQ || In == UNDERLOCK_CONTEXT_NMI ? "in an interrupt"
                      : In == UNDERLOCK_CONTEXT_SOFTIRQ                              ? "in a soft interrupt"
                      : Spins != M.Held.end()                ? "under " + R.className(Spins->Lock)
                      : Side                                 ? "in a read side of " + Read->Id
                      : off(M, UNDERLOCK_STATE_IRQS_OFF)     ? "with interrupts off"
                      : off(M, UNDERLOCK_STATE_NO_PREEMPT)   ? "with preemption off"
                      : off(M, UNDERLOCK_STATE_SOFTIRQS_OFF) ? "with softirqs off"
                                                             : "";
  if (Where.empty())
    return;
  std::string Grace = Lock == None ? R.Model.GracePeriods[R.Sites[At.Site].Event->Of].Id : "";
  std::vector<std::string> Identity = {Lock == None ? Grace : R.className(Lock), R.Sites[At.Site].Function, Where};
  auto [It, New] = SleepByKey.try_emplace(llvm::join(Identity, "\n"), Sleeps.size());
  if (!New) {
    ++Sleeps[It->second].Steps.front().Count;
    return;
  }
  Finding F;
  F.Analysis = "irq";
  F.Rule = "sleep";
  F.OneOfPaths = true;
  F.Sure = Certainty::Observed;
  std::string What = Lock == None                     ? " waits for the read sides of " + Grace + ", which sleeps, "
                     : R.classOf(Lock).Lock->isLock() ? " takes " + R.lockName(Lock) + ", which may sleep, "
                                                      : " waits for " + R.lockName(Lock) + ", which sleeps, ";
  F.Title = R.contextName(M.Context) + What + Where;
  bool Inside = Side && Where == "in a read side of " + Read->Id;
  F.Why = Inside
              ? "nothing may sleep in a read side: who does keeps its end from coming, for which others wait, and the "
                "CPU schedules where it must not"
              : "who waits for this sleeps, and nothing may sleep here: the CPU schedules where it must not, or "
                "whoever spins for what is held waits for a sleeper";
  F.Identity = std::move(Identity);
  Evidence E{M.Context, At, Time, M.Held, Waits};
  F.Steps.push_back(stepOf(E, Lock, R.Sites[At.Site].Mode == model::Mode::Shared, ""));
  if (Lock == None)
    F.Steps.back().What = Step::Kind::Event;
  if (Inside) {
    F.Steps.emplace_back();
    F.Steps.back().Context = M.Context;
    F.Steps.back().Place = Side->Begin;
    F.Steps.back().Time = Side->Since;
    F.Steps.back().Held = Side->Held;
    F.Steps.back().Says = "the read side of " + Read->Id + " begins here";
  }
  Sleeps.push_back(std::move(F));
}

// ---- At the end ----

Step IrqAnalysis::stepOf(const Evidence &E, InstanceId Lock, bool Shared, llvm::StringRef Says) const {
  Step S;
  S.What = E.Waits ? Step::Kind::Waits : Step::Kind::Acquires;
  S.Context = E.Context;
  S.Place = E.Place;
  S.Lock = Lock;
  S.Mode = Shared ? model::Mode::Shared : model::Mode::Exclusive;
  // What was noted later than it was taken is among what is held.
  for (const Hold &H : E.Held)
    if (H.Lock != Lock)
      S.Held.push_back(H);
  S.Time = E.Time;
  S.Says = Says.str();
  return S;
}

IrqAnalysis::Clash IrqAnalysis::clash(const Usage &Inner, const Usage &Outer, Level L) const {
  for (bool InShared : {false, true})
    for (bool OnShared : {false, true})
      if (!(InShared && OnShared) && Inner.Of[L][In][InShared] && Outer.Of[L][On][OnShared])
        return {&Inner.Of[L][In][InShared], &Outer.Of[L][On][OnShared], nullptr, InShared, OnShared, false};
  return {};
}

IrqAnalysis::Clash IrqAnalysis::clash(const Usage &Inner, const Usage &Outer, Level L,
                                      llvm::ArrayRef<Evidence> Paths) const {
  for (unsigned P = 0; P < Paths.size(); ++P)
    for (unsigned Modes = 0; Modes < 4; ++Modes) {
      bool FromShared = P & 2, ToShared = P & 1, InShared = Modes & 2, OnShared = Modes & 1;
      const Evidence &I = Inner.Of[L][In][InShared], &O = Outer.Of[L][On][OnShared];
      if (!Paths[P] || !I || !O || (FromShared && InShared) || (ToShared && OnShared))
        continue;
      // With a gate they are never there at the same time.
      if (!haveGate(Paths[P].Held, O.Held))
        return {&I, &O, &Paths[P], InShared, OnShared, ToShared};
    }
  return {};
}

void IrqAnalysis::inconsistent(std::vector<Finding> &Out) {
  struct Of {
    InstanceId Inner = None, Outer = None;
    Clash C;
  };
  for (Level L : {Hard, Soft}) {
    std::map<std::string, Of> Found;
    for (const auto &[I, U] : Used)
      if (Clash C = clash(U, U, L); C.In)
        Found.try_emplace(R.className(I), Of{I, I, C});
    // Classes only: the first use in an interrupt, and the first with it on.
    std::map<std::string, std::pair<InstanceId, InstanceId>> Either;
    for (const auto &[I, U] : Used) {
      auto &[Inner, Outer] = Either.try_emplace(R.className(I), None, None).first->second;
      if (Inner == None && (U.Of[L][In][false] || U.Of[L][In][true]))
        Inner = I;
      if (Outer == None && (U.Of[L][On][false] || U.Of[L][On][true]))
        Outer = I;
    }
    for (const auto &[Name, Pair] : Either)
      if (Pair.first != None && Pair.second != None)
        if (Clash C = clash(Used.find(Pair.first)->second, Used.find(Pair.second)->second, L); C.In)
          Found.try_emplace(Name, Of{Pair.first, Pair.second, C});
    for (const auto &[Name, O] : Found) {
      Inconsistent[L].insert(Name);
      Finding F;
      F.Analysis = "irq";
      F.Rule = "inconsistent";
      F.Sure = O.Inner == O.Outer ? Certainty::Assumed : Certainty::Possible;
      F.Title = R.lockName(O.Inner) + " is taken in " + LevelNames[L] + ", and elsewhere held with " + OnNames[L];
      F.Steps.push_back(stepOf(*O.C.On, O.Outer, O.C.OnShared, "held here, with " + std::string(OnNames[L])));
      F.Steps.push_back(stepOf(*O.C.In, O.Inner, O.C.InShared, "taken in " + std::string(LevelNames[L])));
      F.Assumptions = {"the interrupt comes on the CPU that holds the lock, while it does"};
      if (O.Inner != O.Outer)
        F.Assumptions.push_back("it takes the same lock of its class");
      F.Why = "the interrupt waits for whom it interrupted, for ever, and with it the CPU";
      F.Identity = {Name, LevelNames[L]};
      Out.push_back(std::move(F));
    }
  }
}

void IrqAnalysis::inversions(std::vector<Finding> &Out) {
  for (Level L : {Hard, Soft}) {
    std::map<std::vector<std::string>, Finding> Found;
    for (const auto &[E, Paths] : Edges) {
      auto Inner = Used.find(E.first), Outer = Used.find(E.second);
      if (Inner == Used.end() || Outer == Used.end())
        continue;
      std::vector<std::string> Identity = {R.className(E.first), R.className(E.second), LevelNames[L]};
      // Mending that one mends this one.
      if (Inconsistent[L].contains(Identity[0]) || Inconsistent[L].contains(Identity[1]) || Found.count(Identity))
        continue;
      Clash C = clash(Inner->second, Outer->second, L, Paths);
      if (!C.In)
        continue;
      Finding F;
      F.Analysis = "irq";
      F.Rule = "inversion";
      F.Sure = Certainty::Assumed;
      std::string From = R.lockName(E.first), To = R.lockName(E.second);
      F.Title =
          To + " is held with " + OnNames[L] + ", and waited for under " + From + ", which " + LevelNames[L] + " takes";
      F.Steps.push_back(stepOf(*C.On, E.second, C.OnShared, "held here, with " + std::string(OnNames[L])));
      F.Steps.push_back(stepOf(*C.Path, E.second, C.PathShared, "waited for under " + From));
      F.Steps.push_back(stepOf(*C.In, E.first, C.InShared, "taken in " + std::string(LevelNames[L])));
      F.Assumptions = {
          "these paths can run at the same time on two CPUs, and the interrupt comes to the one that holds " + To};
      F.Why = "the interrupt waits for " + From + ", whose holder waits for " + To + ", whose holder is interrupted";
      F.Identity = Identity;
      Found.try_emplace(std::move(Identity), std::move(F));
    }
    for (auto &[Identity, F] : Found)
      Out.push_back(std::move(F));
  }
}

void IrqAnalysis::finish(std::vector<Finding> &Out) {
  if (!Applies)
    return;
  inconsistent(Out);
  inversions(Out);
  llvm::move(Sleeps, std::back_inserter(Out));
}

void IrqAnalysis::remarks(std::vector<Remark> &Out) const {
  if (Untold)
    Out.push_back({Remark::Kind::Warning, "a distinct recording does not tell where read sides end, so what sleeps in "
                                          "one is not found"});
}
