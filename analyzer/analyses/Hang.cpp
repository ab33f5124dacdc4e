// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// hang: what keeps those from going on that waited when the recording ended.
//
//   cycle    contexts wait for each other in a circle: for locks and references that the next one holds, for its end
//                                                                                                  observed
//            … or for a signal, which only the next one has ever given                             assumed
//            … where others may have signalled unseen: in rings and distinct recordings, and where
//            threads stand for any caller                                                          possible
//   orphan   what is waited for can come from nobody any more: a reference that is held by a context that has ended
//                                                                                                  observed
//            … or a signal that only contexts have ever given that have ended: where all others wait too   assumed
//            … where others still run, or stand for any caller                                     possible
//
// Everything here is read off the notes that contexts leave while they wait, and what was held by then. A wait that has
// a cause already is not told again: a cycle that order has found in the same waits (it has the same name there in runs
// that do not hang), a context that waits for itself or for a lock whose holder has ended, which are self's.
// A recording that ended in order has no hang for want of a signal: threads that serve others wait then for good.
#include "analyzer/analyses/Hang.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;

std::optional<std::vector<std::string>> HangAnalysis::rules() const {
  return std::vector<std::string>{"cycle", "orphan"};
}

// In a hang of hundreds, everybody may wait for everybody: the search for circles ends then, and that is said.
static constexpr size_t MaxCycle = 16;
static constexpr uint64_t SearchBudget = 1'000'000;

// ---- While the replay runs ----

void HangAnalysis::signalled(const Moment &M, InstanceId Lock, PlaceRef At) {
  auto &Known = Signallers[Lock];
  auto It = llvm::find_if(Known, [&](const LastSignal &S) { return S.By == M.Context; });
  if (It == Known.end())
    Known.push_back({M.Context, At});
  else
    It->At = At;
}

void HangAnalysis::contextEnd(const Moment &M) {
  if (M.Context >= Ended.size())
    Ended.resize(M.Context + 1);
  Ended[M.Context] = M.Time;
}

void HangAnalysis::stuck(llvm::ArrayRef<Blocked> All) { Waits.assign(All.begin(), All.end()); }

// ---- At the end ----

size_t HangAnalysis::waitOf(ContextId C) const {
  auto It = llvm::find_if(Waits, [&](const Blocked &B) { return B.Context == C; });
  return It == Waits.end() ? ~size_t(0) : It - Waits.begin();
}

// Is nobody left who could do anything?
bool HangAnalysis::allWait() const {
  if (R.Model.Who == model::Threads::Any)
    return false;
  for (ContextId C = 0; C < R.Contexts.size(); ++C)
    if (!(C < Ended.size() && Ended[C]) && waitOf(C) == ~size_t(0))
      return false;
  return true;
}

// How sure it is at best that nobody else signals: others may have done it unseen.
Certainty HangAnalysis::forSignals(Certainty Sure) const {
  bool SeesAll = R.Mode == UNDERLOCK_RECORDING_EVERYTHING && R.Model.Who == model::Threads::Themselves;
  return SeesAll ? Sure : std::min(Sure, Certainty::Possible);
}

// Who waits for whom. Where one of several could signal, none of them alone keeps the waiter.
void HangAnalysis::findEdges() {
  for (size_t W = 0; W < Waits.size(); ++W) {
    const Blocked &B = Waits[W];
    for (const Blocked::Holder &H : B.Holders)
      Edges.push_back({W, H.Who, false, H.Ended, H.How.Place});
    const model::Lock *Kind = R.classOf(B.Lock).Lock;
    if (R.CleanExit || !Kind || Kind->Kind != model::LockKind::Completion)
      continue;
    auto It = Signallers.find(B.Lock);
    if (It == Signallers.end())
      continue;
    llvm::SmallVector<LastSignal, 2> Others;
    llvm::copy_if(It->second, std::back_inserter(Others), [&](const LastSignal &S) { return S.By != B.Context; });
    auto HasEnded = [&](const LastSignal &S) { return S.By < Ended.size() && Ended[S.By]; };
    llvm::SmallVector<LastSignal, 2> Left;
    llvm::copy_if(Others, std::back_inserter(Left), [&](const LastSignal &S) { return !HasEnded(S); });
    if (Left.size() == 1)
      Edges.push_back({W, Left.front().By, true, false, Left.front().At});
    else if (Left.empty() && !Others.empty())
      Edges.push_back({W, Others.back().By, true, true, Others.back().At});
  }
}

// " since second 1.234"; nothing where that is not known.
std::string HangAnalysis::second(llvm::StringRef Word, std::optional<Ticks> T) const {
  if (R.TicksPerSecond <= 0 || !T || *T < R.Start)
    return "";
  return llvm::formatv(" {0} second {1:F3}", Word, (*T - R.Start) / R.TicksPerSecond).str();
}

Step HangAnalysis::stepOf(const Edge &E) const {
  const Blocked &B = Waits[E.Waiter];
  Step S;
  S.What = Step::Kind::Waits;
  S.Context = B.Context;
  S.Place = B.At;
  S.Lock = B.Lock;
  S.Mode = R.Sites[B.At.Site].Mode;
  S.Held = B.Held;
  S.Time = B.Since;
  S.Says = "is waited for" + second("since", B.Since) + ", " + keeper(E);
  return S;
}

// "held by t2", as what follows the name of what is waited for.
std::string HangAnalysis::keeper(const Edge &E) const {
  std::string Who = R.contextName(E.Keeper);
  const Blocked &B = Waits[E.Waiter];
  if (R.Instances[B.Lock].EndOf != None)
    return "and has yet to come";
  std::string End = E.Ended && E.Keeper < Ended.size() ? second("at", Ended[E.Keeper]) : "";
  if (E.Signals)
    return E.Ended ? "which only " + Who + " has signalled, and that has ended" + End
                   : "which only " + Who + " signals";
  return E.Keeper == B.Context ? "held by itself" : "held by " + Who + (E.Ended ? ", which has ended" + End : "");
}

// Do these findings tell of this wait already?
static bool tells(llvm::ArrayRef<Finding> Of, const Blocked &B) {
  return llvm::any_of(Of, [&](const Finding &F) {
    return F.Sure == Certainty::Observed && llvm::any_of(F.Steps, [&](const Step &S) {
             return S.What == Step::Kind::Waits && S.Context == B.Context && S.Lock == B.Lock;
           });
  });
}

Finding HangAnalysis::describe(llvm::ArrayRef<const Edge *> Circle) const {
  Finding F;
  F.Analysis = "hang";
  F.Rule = "cycle";
  F.Sure = Certainty::Observed;
  std::vector<std::string> Who;
  for (const Edge *E : Circle) {
    const Blocked &B = Waits[E->Waiter];
    F.Steps.push_back(stepOf(*E));
    F.Identity.push_back(R.className(B.Lock));
    Who.push_back(R.contextName(B.Context));
    if (!E->Signals)
      continue;
    F.Sure = forSignals(Certainty::Assumed);
    F.Assumptions.push_back("nothing but " + R.contextName(E->Keeper) + " signals " + R.lockName(B.Lock) +
                            ": nothing else ever did");
  }
  F.Identity = fromTheSmallest(F.Identity);
  F.Title = Who.size() == 1 ? "it hangs: " + Who[0] + " waits for itself"
                            : "it hangs: " + llvm::join(Who, " and ") + " wait for each other";
  F.Why = "each waits for what the next one keeps from coming, and so does all that needs what they hold";
  return F;
}

// One finding for each circle of classes, whoever is in it.
void HangAnalysis::add(llvm::ArrayRef<const Edge *> Circle) {
  if (llvm::all_of(Circle, [&](const Edge *E) { return tells(Told, Waits[E->Waiter]); }))
    return;
  Finding F = describe(Circle);
  // Others of the same classes: order has one finding for all of them.
  if (llvm::any_of(Told, [&](const Finding &O) {
        return O.Analysis == "order" && O.Sure == Certainty::Observed && O.Identity == F.Identity;
      }))
    return;
  auto Known = llvm::find_if(Cycles, [&](const Finding &K) { return K.Identity == F.Identity; });
  if (Known == Cycles.end())
    Cycles.push_back(std::move(F));
  else if (F.Sure > Known->Sure)
    *Known = std::move(F);
}

// A circle is found from its first member on; nobody is in it twice.
void HangAnalysis::extend(std::vector<const Edge *> &Path, size_t Waiter, size_t Start) {
  for (const Edge &E : Edges) {
    if (E.Waiter != Waiter || E.Ended)
      continue;
    if (++Steps > SearchBudget)
      return;
    size_t Next = waitOf(E.Keeper);
    if (Next == ~size_t(0) || Next < Start)
      continue;
    Path.push_back(&E);
    if (Next == Start)
      add(Path);
    else if (Path.size() < MaxCycle && llvm::none_of(Path, [&](const Edge *P) { return P->Waiter == Next; }))
      extend(Path, Next, Start);
    Path.pop_back();
  }
}

void HangAnalysis::cycles(std::vector<Finding> &Out) {
  Told = Out;
  std::vector<const Edge *> Path;
  for (size_t W = 0; W < Waits.size(); ++W)
    if (waitOf(Waits[W].Context) == W)
      extend(Path, W, W);
  llvm::move(Cycles, std::back_inserter(Out));
  Told.clear();
}

void HangAnalysis::orphans(std::vector<Finding> &Out) const {
  for (const Edge &E : Edges) {
    const Blocked &B = Waits[E.Waiter];
    // A lock that its holder has not given back is self's finding.
    if (!E.Ended || R.Instances[B.Lock].EndOf != None || R.isLock(B.Lock))
      continue;
    Finding F;
    F.Analysis = "hang";
    F.Rule = "orphan";
    F.Sure = !E.Signals ? Certainty::Observed : forSignals(allWait() ? Certainty::Assumed : Certainty::Possible);
    F.Identity = {R.className(B.Lock), R.Sites[B.At.Site].Function};
    F.Title = "it hangs: " + R.contextName(B.Context) + " waits for " + R.lockName(B.Lock) + ", " + keeper(E);
    F.Steps.push_back(stepOf(E));
    Step Kept;
    Kept.What = E.Signals ? Step::Kind::Event : Step::Kind::Acquires;
    Kept.Context = E.Keeper;
    Kept.Place = E.Taken;
    Kept.Lock = B.Lock;
    Kept.Says = E.Signals ? "was signalled for the last time here" : "was taken here, and never given back";
    F.Steps.push_back(std::move(Kept));
    if (E.Signals)
      F.Assumptions.push_back("nothing else signals " + R.lockName(B.Lock) + ": only what has ended by now ever did");
    F.Why = E.Signals ? "nobody is left who has ever signalled it: it is waited for in vain"
                      : "who holds it has ended, and gives it back no more";
    Out.push_back(std::move(F));
  }
}

void HangAnalysis::finish(std::vector<Finding> &Out) {
  findEdges();
  cycles(Out);
  orphans(Out);
}

void HangAnalysis::remarks(std::vector<Remark> &Out) const {
  if (Steps > SearchBudget)
    Out.push_back(
        {Remark::Kind::Warning,
         llvm::formatv("the search for circles of waits was given up after {0} steps: some may have been missed",
                       SearchBudget)
             .str()});
  for (size_t W = 0; W < Waits.size(); ++W) {
    const Blocked &B = Waits[W];
    std::string Holder;
    if (auto Delegated = llvm::find_if(B.Held, [&](const Hold &H) { return H.Lock == B.Lock && !H.own(); });
        Delegated != B.Held.end())
      Holder = ", held by " + R.contextName(Delegated->By) + ", which waited for it";
    else if (auto E = llvm::find_if(Edges, [&](const Edge &E) { return E.Waiter == W; });
             E != Edges.end() && R.Instances[B.Lock].EndOf == None)
      Holder = ", " + keeper(*E);
    Out.push_back({Remark::Kind::Note, R.contextName(B.Context) + " still waited for " + R.lockName(B.Lock) + Holder +
                                           ", when the recording ended"});
  }
}
