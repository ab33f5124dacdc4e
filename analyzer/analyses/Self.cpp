// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// self: what one context does wrong with one lock, by itself.
//
//   self-deadlock     waits, when the recording ends, for a lock that it holds itself                     observed
//   delegated-deadlock  waits, when the recording ends, for a lock of a context that waits for this work  observed
//   recursion         a second shared hold of a lock that has writers: a writer between the two
//                     blocks both                                                                       assumed
//                     … where no writer was seen                                                        possible
//   relock            asks for a lock that it holds itself, by a call that may wait, and does not get it: refused
//                     (EDEADLK), timed out or interrupted                                               observed
//                     … where the model has acquisitions that fail without having asked for the lock    possible
//   unheld-release    releases a lock that nobody holds                                               observed
//   foreign-release   releases a lock that another context holds, of a kind that has owners             observed
//   held-at-exit      a context ends and still holds a lock; of a kind that anybody may give back: and nobody
//                     has by the end of the recording                                                 observed
//   freed-held        a lock's memory dies, or is initialised anew, while somebody holds it             observed
//
// An exclusive acquisition that got the lock although the context held it shows a recursive one (POSIX decides that at
// run time), so only one that never returned, or without the lock, is a finding. In a model whose threads stand for any
// caller the recording begins in the middle of things: a lock released that was never seen acquired is a remark there.
#include "analyzer/analyses/Self.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;

std::optional<std::vector<std::string>> SelfAnalysis::rules() const {
  return std::vector<std::string>{"self-deadlock",  "delegated-deadlock", "recursion",    "relock",
                                  "unheld-release", "foreign-release",    "held-at-exit", "freed-held"};
}

// Notes one occurrence. The same rule at the same place on the same class of lock is one finding.
Finding *SelfAnalysis::note(llvm::StringRef Rule, Certainty Sure, Step Here) {
  std::vector<std::string> Identity = {R.className(Here.Lock),
                                       Here.Place.Site == None ? "" : R.Sites[Here.Place.Site].Function};
  std::string Key = (Rule + llvm::Twine('\0') + Identity[0] + llvm::Twine('\0') + Identity[1]).str();
  auto [It, New] = ByKey.try_emplace(Key, Findings.size());
  if (!New) {
    Finding &Known = Findings[It->second];
    ++Known.Steps.front().Count;
    Known.Sure = std::max(Known.Sure, Sure);
    return nullptr;
  }
  Finding F;
  F.Analysis = "self";
  F.Rule = Rule.str();
  F.OneOfPaths = true;
  F.Sure = Sure;
  F.Identity = std::move(Identity);
  F.Steps.push_back(std::move(Here));
  Findings.push_back(std::move(F));
  return &Findings.back();
}

bool SelfAnalysis::isLock(InstanceId I) const {
  const model::Lock *Kind = R.classOf(I).Lock;
  return !Kind || Kind->isLock();
}

void SelfAnalysis::acquired(const Moment &M, const Hold &New) {
  if (New.Mode == model::Mode::Exclusive)
    givenBack(New.Lock); // unseen
  if (New.ByTry)
    return;
  WritersOf.waits(New.Lock, New.Mode);
  if (New.Mode != model::Mode::Shared || M.Held.empty())
    return;
  const model::Lock *Kind = R.classOf(New.Lock).Lock;
  if (Kind && Kind->Recursive)
    return;
  for (const Hold &H : M.Held) {
    if (H.Lock != New.Lock || H.Mode != model::Mode::Shared)
      continue;
    Step Here = stepAt(M, Step::Kind::Acquires, New.Place, New.Lock);
    Here.Mode = New.Mode;
    if (Finding *F = note("recursion", Certainty::Possible, std::move(Here))) {
      F->Title = R.contextName(M.Context) + " takes " + R.lockName(New.Lock) + " shared, which " +
                 (H.own() ? "it holds shared already" : R.contextName(H.By) + " holds shared, which waits for this");
      F->Assumptions = {"a writer waits for " + R.lockName(New.Lock) +
                        " between the two: it waits for the first reader, and the second reader waits behind it"};
      F->Why = "a reader that comes after a waiting writer waits for it; the writer waits for this thread's first hold";
    }
    return;
  }
}

void SelfAnalysis::waiting(const Moment &M, InstanceId Lock, PlaceRef At, Ticks Since) {
  WritersOf.waits(Lock, R.Sites[At.Site].Mode);
  auto Own = llvm::find_if(M.Held, [&](const Hold &H) { return H.Lock == Lock; });
  if (Own == M.Held.end())
    return;
  const model::Lock *Kind = R.classOf(Lock).Lock;
  if (Kind && Kind->Recursive && Kind->isLock())
    return;
  Step Here = stepAt(M, Step::Kind::Waits, At, Lock);
  Here.Mode = R.Sites[At.Site].Mode;
  Here.Time = Since;
  if (!Own->own()) {
    if (Finding *F = note("delegated-deadlock", Certainty::Observed, std::move(Here))) {
      F->Title = R.contextName(M.Context) + " waits for " + R.lockName(Lock) + ", held by " + R.contextName(Own->By) +
                 ", which waits for the work of " + R.contextName(M.Context);
      F->Why = "work that somebody waits for must not take what the waiter holds: neither goes on, ever";
    }
    return;
  }
  if (Finding *F = note("self-deadlock", Certainty::Observed, std::move(Here))) {
    F->Title = R.contextName(M.Context) + " waits for " + R.lockName(Lock) + ", which it holds itself";
    F->Why = isLock(Lock) ? "a lock that is not recursive cannot be taken twice: this thread waits for itself, for "
                            "ever, and so does all that needs what it holds"
                          : "who waits for all holders waits for itself when it is one of them, for ever";
  }
}

// A call that takes the lock only when a counter has come to zero tells that by "nonzero", and failing it may not have
// looked at the lock at all. Sites do not say which function they call.
static bool mayFailUnasked(const model::Lock *Kind) {
  return !Kind || llvm::any_of(Kind->Marks, [](const model::LockMark &M) {
    return M.What == model::Verb::Acquire && M.If == model::Success::NonZero;
  });
}

void SelfAnalysis::failed(const Moment &M, InstanceId Lock, PlaceRef At) {
  if (R.Sites[At.Site].Verb == UNDERLOCK_VERB_TRY)
    return;
  WritersOf.waits(Lock, R.Sites[At.Site].Mode);
  const model::Lock *Kind = R.classOf(Lock).Lock;
  if (Kind && Kind->Recursive)
    return;
  if (llvm::none_of(M.Held, [&](const Hold &H) { return H.own() && H.Lock == Lock && H.Mode != model::Mode::Shared; }))
    return;
  Step Here = stepAt(M, Step::Kind::Fails, At, Lock);
  Here.Mode = R.Sites[At.Site].Mode;
  if (Finding *F = note("relock", mayFailUnasked(Kind) ? Certainty::Possible : Certainty::Observed, std::move(Here))) {
    F->Title =
        R.contextName(M.Context) + " asks for " + R.lockName(Lock) + ", which it holds itself, and does not get it";
    F->Why =
        "a lock that is not recursive cannot be taken twice: without an error check or a time limit this thread "
        "would wait for itself, for ever; with one, the code behind runs as if it had taken the lock, or not at all";
  }
}

void SelfAnalysis::releasedUnheld(const Moment &M, InstanceId Lock, SiteId At, ContextId Holder) {
  if (!isLock(Lock))
    return; // of a reference: its first ones are nobody's
  if (Holder == None && R.Model.Who == model::Threads::Any) {
    ++UnseenAcquisitions[R.className(Lock)];
    return;
  }
  Step Here = stepAt(M, Step::Kind::Releases, {At, None}, Lock);
  Finding *F = note(Holder == None ? "unheld-release" : "foreign-release", Certainty::Observed, std::move(Here));
  if (!F)
    return;
  if (Holder == None) {
    F->Title = R.contextName(M.Context) + " releases " + R.lockName(Lock) + ", which nobody holds";
    F->Why = "releasing a lock that is not held is undefined, or lets two in at once later";
  } else {
    F->Title =
        R.contextName(M.Context) + " releases " + R.lockName(Lock) + ", which " + R.contextName(Holder) + " holds";
    F->Why = "only who took a lock of this kind may release it";
  }
}

void SelfAnalysis::contextEnd(const Moment &M) {
  for (const Hold &H : M.Held) {
    if (!H.own() || !isLock(H.Lock)) // anybody may drop a reference
      continue;
    Orphans.insert(H.Lock);
    Step Here = stepAt(M, Step::Kind::Ends, H.Place, H.Lock);
    const model::Lock *Kind = R.classOf(H.Lock).Lock;
    if (Kind && !Kind->Owner)
      Left.push_back(std::move(Here));
    else
      heldAtExit(std::move(Here));
  }
}

void SelfAnalysis::heldAtExit(Step Here) {
  std::string Title = R.contextName(Here.Context) + " ends and still holds " + R.lockName(Here.Lock);
  if (Finding *F = note("held-at-exit", Certainty::Observed, std::move(Here))) {
    F->Title = std::move(Title);
    F->Why = "nobody can release it any more; whoever takes it next waits for ever";
  }
}

void SelfAnalysis::died(const Moment &M, InstanceId Lock, SiteId At, ContextId HeldBy) {
  // Whose holder has ended is said already.
  if (HeldBy == None || Orphans.contains(Lock) || !isLock(Lock))
    return;
  Step Here = stepAt(M, Step::Kind::Dies, {At, None}, Lock);
  if (Finding *F = note("freed-held", Certainty::Observed, std::move(Here))) {
    const Site &S = R.Sites[At];
    llvm::StringRef What = S.Verb == UNDERLOCK_VERB_INIT   ? " initialises "
                           : S.Verb == UNDERLOCK_VERB_FREE ? " frees the memory of "
                           : S.Mark.empty()                ? " leaves the function whose local variable is "
                                                           : " destroys ";
    F->Title = R.contextName(M.Context) + What.str() + R.lockName(Lock) + " while " +
               (HeldBy == M.Context ? "it" : R.contextName(HeldBy)) + " holds it";
    F->Why = "the holder's release will write to a lock that is another one by then, or freed memory";
  }
}

void SelfAnalysis::finish(std::vector<Finding> &Out) {
  for (Step &S : Left)
    heldAtExit(std::move(S));
  for (Finding &F : Findings) {
    if (F.Rule == "recursion" && WritersOf.has(F.Steps.front().Lock))
      F.Sure = Certainty::Assumed;
    Out.push_back(std::move(F));
  }
}

void SelfAnalysis::remarks(std::vector<Remark> &Out) const {
  for (const auto &Unseen : UnseenAcquisitions)
    Out.push_back(
        {Remark::Kind::Warning,
         llvm::formatv("{0} was released {1} time(s) without having been seen acquired: its acquisition is not "
                       "marked in the model, or was made by code built without Underlock",
                       Unseen.getKey(), Unseen.getValue())
             .str()});
}
