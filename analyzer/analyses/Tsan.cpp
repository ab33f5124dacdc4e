// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tsan: what ThreadSanitizer reports, with what Underlock knows of the same threads and locks.
//
//   data-race      two accesses that nothing orders. What the thread holds that came to it is the recording's; what the
//                  other one held at its earlier access ThreadSanitizer says, and the recording where it took it
//                                                                                                       observed
//   lock-order     an inversion that order has no finding for: assumed; where the recording shows every edge of it,
//                  order has judged it and knows what keeps it apart (a common lock, fork and join)      possible
//   double-lock, bad-unlock, bad-read-lock, bad-read-unlock, destroyed-held, …    a lock misused         observed
//   any other      by ThreadSanitizer's own name: heap-use-after-free, signal-unsafe-call, …             observed
//
// What Underlock has found too is one finding: Underlock's, which then says that ThreadSanitizer agrees. An inversion
// is the same when it is over the same lock classes; a misuse when it is of the same kind and of a lock of the same
// class.
#include "analyzer/analyses/Tsan.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;
using llvm::StringRef;

std::optional<std::vector<std::string>> TsanAnalysis::rules() const {
  return std::vector<std::string>{
      "data-race",           "data-race-vptr",   "heap-use-after-free", "heap-use-after-free-vptr",
      "external-race",       "lock-order",       "double-lock",         "bad-unlock",
      "bad-read-lock",       "bad-read-unlock",  "invalid-access",      "destroyed-held",
      "cannot-be-locked",    "thread-leak",      "signal-unsafe-call",  "errno-in-signal-handler"};
}

// ---- While the replay runs ----

// Most recordings have no ThreadSanitizer beside them, and pay nothing here.
void TsanAnalysis::acquired(const Moment &M, const Hold &New) {
  if (LLVM_LIKELY(!R.Tsan))
    return;
  Last[{M.Context, New.Lock}] = New;
  for (const Hold &H : M.Held)
    Edges.insert({H.Lock, New.Lock});
}

void TsanAnalysis::tsanReport(const Moment &M, const TsanReport &T) {
  Reported New = !T.Accesses.empty()              ? race(M, T)
                 : T.What == "lock-order-inversion" ? inversion(M, T)
                                                    : misuse(M, T);
  New.What = T.What;
  New.F.Analysis = "tsan";
  New.F.Rule = llvm::StringSwitch<std::string>(T.What)
                   .Case("lock-order-inversion", "lock-order")
                   .Case("locked-mutex-destroy", "destroyed-held")
                   .StartsWith("mutex-", StringRef(T.What).substr(6).str())
                   .Default(T.What);
  if (New.F.Steps.empty())
    New.F.Steps.emplace_back();
  auto [It, Unseen] = Reports.try_emplace({New.F.Rule, New.F.Identity}, New);
  if (!Unseen)
    ++It->second.F.Steps.front().Count;
}

// ---- Names ----

static StringRef functionAt(const Recording &R, PlaceRef P) {
  return P.Site == None ? StringRef() : StringRef(R.Sites[P.Site].Function);
}

static std::string allocator(const Recording &R, StackId Stack) {
  for (const Frame &F : R.frames(Stack))
    if (F.Line)
      return sourceFunction(F.Function).str();
  return "";
}

std::string TsanAnalysis::memoryName(const TsanReport &T) const {
  std::string Name;
  if (T.Memory == "heap")
    Name = allocator(R, T.MemoryStack);
  else if (T.Memory == "global")
    Name = T.MemoryName;
  if (T.Memory == "heap")
    return Name.empty() ? "allocated memory" : "memory that " + Name + " allocated";
  if (!Name.empty())
    return Name;
  return llvm::StringSwitch<std::string>(T.Memory)
      .Case("stack", "a local variable")
      .Case("tls", "a thread-local variable")
      .Case("fd", "a file descriptor")
      .Default("memory");
}

std::string TsanAnalysis::lockName(const TsanReport::Lock &L, bool ForIdentity) const {
  if (L.Instance != None)
    return ForIdentity ? R.className(L.Instance) : R.lockName(L.Instance);
  if (!L.Name.empty())
    return L.Name;
  return ForIdentity ? "a lock" : llvm::formatv("a lock at {0:x}", L.Address).str();
}

// ---- Races ----

// What the context held at its access, as the report says; where it took that, as the recording says. `S` may have what
// it holds now.
void TsanAnalysis::heldThen(const TsanReport &T, const TsanReport::Access &A, Step &S) const {
  for (auto [Index, Mode] : A.Held) {
    const TsanReport::Lock &L = T.Locks[Index];
    if (llvm::any_of(S.Held, [&](const Hold &H) { return H.Lock == L.Instance; }))
      continue;
    auto It = L.Instance == None ? Last.end() : Last.find({S.Context, L.Instance});
    if (It == Last.end())
      S.HeldElsewise.push_back(lockName(L, false) + (Mode == model::Mode::Shared ? " (shared)" : ""));
    else
      S.Held.push_back(It->second);
  }
}

Step TsanAnalysis::accessStep(const Moment &M, const TsanReport &T, const TsanReport::Access &A) const {
  Step S;
  S.What = A.Writes ? Step::Kind::Writes : Step::Kind::Reads;
  S.Context = A.Context;
  S.Place = A.Place;
  S.Time = M.Time;
  S.HeldKnown = A.HeldKnown;
  if (&A == &T.Accesses.front()) {
    S.Context = M.Context;
    S.Held.assign(M.Held.begin(), M.Held.end());
    S.HeldKnown = true;
  }
  heldThen(T, A, S);
  return S;
}

TsanAnalysis::Reported TsanAnalysis::race(const Moment &M, const TsanReport &T) const {
  Reported Out;
  Finding &F = Out.F;
  std::vector<std::string> Functions;
  for (const TsanReport::Access &A : T.Accesses) {
    F.Steps.push_back(accessStep(M, T, A));
    Functions.push_back(functionAt(R, A.Place).str());
  }
  llvm::sort(Functions);
  std::string Memory = memoryName(T);
  F.Sure = Certainty::Observed;
  F.Identity.push_back(Memory);
  llvm::append_range(F.Identity, Functions);
  auto Says = [&](const Step &S, bool First) {
    return R.contextName(S.Context) + (S.What == Step::Kind::Writes ? " writes" : " reads") + (First ? " it" : "");
  };
  F.Title = (StringRef(T.What).starts_with("heap-use-after-free") ? "use after free of " : "data race on ") + Memory;
  if (F.Steps.size() > 1)
    F.Title += ": " + Says(F.Steps[0], true) + ", " + Says(F.Steps[1], true) + ", and nothing orders the two";
  bool Locked = F.Steps.size() > 1 && !F.Steps[0].Held.empty() && !F.Steps[1].Held.empty();
  F.Why = Locked ? "each access was made under a lock, and not under the same one"
                 : "one access writes, and neither happens before the other: what they see and leave is anybody's "
                   "guess";
  return Out;
}

// ---- Locks ----

// Whether order has seen all of it: each lock asked for under the one before it, in one of the two directions.
bool TsanAnalysis::allEdgesSeen(llvm::ArrayRef<InstanceId> Locks) const {
  bool Forward = Locks.size() > 1, Backward = Forward;
  for (size_t I = 0; I < Locks.size(); ++I) {
    InstanceId A = Locks[I], B = Locks[(I + 1) % Locks.size()];
    if (A == None || B == None)
      return false;
    Forward &= Edges.contains({A, B});
    Backward &= Edges.contains({B, A});
  }
  return Forward || Backward;
}

// What an inversion is worth that order has no finding for. At the end: the report comes before its last edge.
void TsanAnalysis::weigh(Reported &Inversion) const {
  Finding &F = Inversion.F;
  if (allEdgesSeen(Inversion.Locks)) {
    F.Sure = Certainty::Possible;
    F.Why = "the order analysis has seen the same, and why it cannot meet: a lock that all of them hold, one thread "
            "only, or an order by fork and join; ThreadSanitizer looks at none of these";
    return;
  }
  F.Sure = Certainty::Assumed;
  F.Why = "each path can hold its first lock while it waits for the next path's";
  F.Assumptions = {"these threads can reach these places at the same time",
                   "nothing that the recording does not show keeps them apart: some of these locks, or of the calls "
                   "that take them, are not marked in the model"};
}

TsanAnalysis::Reported TsanAnalysis::inversion(const Moment &M, const TsanReport &T) const {
  Reported Out;
  Finding &F = Out.F;
  std::vector<std::string> Names;
  for (const TsanReport::Lock &L : T.Locks) {
    Names.push_back(lockName(L, false));
    Out.Classes.push_back(lockName(L, true));
    Out.Locks.push_back(L.Instance);
  }
  llvm::sort(Out.Classes);
  F.Identity = Out.Classes;
  F.Title = Names.size() == 2 ? Names[0] + " and " + Names[1] + " are taken in both orders"
                              : llvm::join(Names, ", ") + " are taken in a circle";
  // With second_deadlock_stack=1, each edge has the stack of the lock that was held too.
  size_t Each = T.Locks.empty() ? 1 : std::max<size_t>(1, T.Places.size() / T.Locks.size());
  for (size_t I = 0; I < T.Places.size(); I += Each) {
    Step S;
    S.What = Step::Kind::Acquires;
    S.Context = T.Places[I].Context;
    S.Place = T.Places[I].Place;
    S.Time = M.Time;
    if (!T.Locks.empty())
      S.Lock = T.Locks[(I / Each + 1) % T.Locks.size()].Instance;
    F.Steps.push_back(std::move(S));
  }
  return Out;
}

TsanAnalysis::Reported TsanAnalysis::misuse(const Moment &M, const TsanReport &T) const {
  Reported Out;
  Finding &F = Out.F;
  std::string Lock = "a lock";
  if (!T.Locks.empty()) {
    Lock = lockName(T.Locks.front(), false);
    Out.Classes.push_back(lockName(T.Locks.front(), true));
  }
  Step S = stepAt(M, Step::Kind::Event, T.Places.empty() ? PlaceRef() : T.Places.front().Place);
  F.Sure = Certainty::Observed;
  F.Identity = Out.Classes;
  F.Identity.push_back(functionAt(R, S.Place).str());
  std::string Who = R.contextName(M.Context);
  auto Title = [&](const char *What) { return Who + What + Lock; };
  F.Title = llvm::StringSwitch<std::string>(T.What)
                .Case("mutex-double-lock", Title(" takes ") + ", which another thread has taken and not released")
                .Case("mutex-bad-unlock", Title(" releases ") + ", which it does not hold")
                .Case("mutex-bad-read-lock", Title(" takes in shared mode ") + ", which is held exclusively")
                .Case("mutex-bad-read-unlock", Title(" releases in shared mode ") + ", which is held exclusively")
                .Case("mutex-invalid-access", Title(" uses ") + ", which is no lock yet, or no longer")
                .Case("locked-mutex-destroy", Title(" destroys ") + " while it is held")
                .Default(Who + ": " + T.What);
  if (!T.Locks.empty())
    S.Lock = T.Locks.front().Instance;
  F.Steps.push_back(std::move(S));
  F.Why = "ThreadSanitizer reports it as " + T.What;
  return Out;
}

// ---- Joining ----

// Whether a finding of another analysis is of the same cause.
bool TsanAnalysis::isSame(const Reported &Of, const Finding &F, const Recording &R) {
  if (Of.What == "lock-order-inversion") {
    std::vector<std::string> Classes = F.Identity;
    llvm::sort(Classes);
    return F.Analysis == "order" && Classes == Of.Classes;
  }
  if (F.Analysis != "self" || Of.Classes.empty() || F.Identity.empty() || F.Identity.front() != Of.Classes.front())
    return false;
  StringRef Rule = F.Rule;
  return llvm::StringSwitch<bool>(Of.What)
      .Cases("mutex-bad-unlock", "mutex-bad-read-unlock", Rule == "unheld-release" || Rule == "foreign-release")
      .Case("locked-mutex-destroy", Rule == "freed-held" || Rule == "held-at-exit")
      .Default(false);
}

void TsanAnalysis::finish(std::vector<Finding> &Out) {
  size_t Others = Out.size();
  for (auto &Entry : Reports) {
    Reported &New = Entry.second;
    auto Same = std::find_if(Out.begin(), Out.begin() + Others, [&](const Finding &F) { return isSame(New, F, R); });
    if (Same == Out.begin() + Others && New.What == "lock-order-inversion")
      weigh(New);
    if (Same == Out.begin() + Others)
      Out.push_back(std::move(New.F));
    else if (std::string Also = "ThreadSanitizer (" + New.What + ")"; !llvm::is_contained(Same->AlsoBy, Also))
      Same->AlsoBy.push_back(std::move(Also));
  }
}
