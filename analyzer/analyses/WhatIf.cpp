// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The two replays of what-if: what the first finds out for the second, and what differs in their findings.
#include "analyzer/analyses/WhatIf.h"
#include "analyzer/analyses/Again.h"
#include "analyzer/analyses/LockPaths.h"
#include "analyzer/analyses/Titles.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <map>

using namespace underlock;

// Where locks lie that no recording has: no machine has memory there.
static constexpr uint64_t FreshAddress = UINT64_C(0x00ee000000000000);

// What the first replay shows of locks beyond the tables.
namespace {
class LockFacts : public Observer {
public:
  llvm::DenseSet<InstanceId> Born;      // their initialisation was seen
  llvm::DenseSet<InstanceId> Recursive; // their holder has taken them again: made so at run time

  void born(const Moment &, InstanceId Lock, SiteId) override { Born.insert(Lock); }
  void acquired(const Moment &M, const Hold &New) override {
    if (!New.ByTry && New.Mode != model::Mode::Shared)
      for (const Hold &H : M.Held)
        if (H.own() && H.Lock == New.Lock && H.Mode != model::Mode::Shared)
          Recursive.insert(New.Lock);
  }
};

class Predictor {
public:
  Predictor(Unplayed AsIs, Unplayed Edited, const std::vector<Edit> &Edits, Certainty Gate, Prediction &Out,
            llvm::raw_ostream &Errors)
      : AsIs(AsIs), Edited(Edited), Gate(Gate), Out(Out), Errors(Errors) {
    Plan.Edits = Edits;
    for (const Edit &E : Edits)
      if (!llvm::is_contained(Classes, E.Lock))
        Classes.push_back(E.Lock);
  }
  bool run() { return replayAsIs() && plan() && replayEdited() && (compare(), true); }

private:
  bool replayAsIs();
  bool plan();
  bool planLock(const Edit &E);
  const model::Lock *kindByName(llvm::StringRef Name) const;
  std::string unknownLock(llvm::StringRef Name) const;
  std::vector<InstanceId> locksNamed(llvm::StringRef Name) const;
  bool replayEdited();
  void compare();
  void sayUnused();
  void doubtReport(const Finding &F);
  std::vector<LockPath> newPaths(const Finding &F) const;
  Unplayed AsIs, Edited;
  Certainty Gate;
  Prediction &Out;
  llvm::raw_ostream &Errors;
  EditPlan Plan;
  std::vector<std::string> Classes; // of the edits
  LockFacts Facts;
  llvm::DenseSet<InstanceId> Recursive; // ids of the edited replay
  llvm::DenseSet<ContextId> Touched;    // those that hold something else by the edits
  std::vector<LockPath> PathsBefore, PathsAfter;
};
} // namespace

bool Predictor::replayAsIs() {
  auto Analyses = makeAnalyses(AsIs.R);
  SpanFinder Finder(AsIs.R, Plan.Edits);
  LockPaths Paths(AsIs.R, Classes);
  Titles Titled;
  std::vector<Observer *> To = {&Finder, &Facts, &Paths, &Titled};
  for (auto &A : Analyses)
    To.push_back(A.get());
  if (!replay(AsIs.From, AsIs.R, To))
    return false;
  conclude(Analyses, Titled, AsIs.R, Out.Before);
  Plan.Spans = Finder.take();
  PathsBefore = Paths.take();
  return true;
}

// ---- Which locks ----

std::vector<InstanceId> Predictor::locksNamed(llvm::StringRef Name) const {
  std::vector<InstanceId> Found;
  for (InstanceId I = 0; I < AsIs.R.Instances.size(); ++I)
    if (AsIs.R.classOf(I).Name == Name)
      Found.push_back(I);
  return Found;
}

// The nearest name, for a message.
static std::string nearest(llvm::StringRef Name, llvm::ArrayRef<std::string> Known) {
  std::string Best;
  unsigned BestDistance = std::max<size_t>(2, Name.size() / 3) + 1;
  for (const std::string &K : Known)
    if (unsigned D = Name.edit_distance(K, true, BestDistance); D < BestDistance) {
      Best = K;
      BestDistance = D;
    }
  return Best.empty() ? "" : "; did you mean " + Best + "?";
}

std::string Predictor::unknownLock(llvm::StringRef Name) const {
  std::vector<std::string> Known;
  for (const LockClass &C : AsIs.R.Classes)
    Known.push_back(C.Name);
  return ("no lock of this recording is called " + Name + nearest(Name, Known) +
          " (`underlock show` has the names of all)")
      .str();
}

// A lock that nobody has taken, and that the model or the code knows by this name: what kind it is, or null.
const model::Lock *Predictor::kindByName(llvm::StringRef Name) const {
  for (const Site &S : AsIs.R.Sites)
    if (S.Lock && S.ClassName == Name)
      return S.Lock;
  for (const model::Contract &C : AsIs.R.Model.Contracts)
    if ((llvm::is_contained(C.Requires, Name) || llvm::is_contained(C.Forbids, Name)) && !AsIs.R.Model.Locks.empty())
      return &AsIs.R.Model.Locks.front();
  return nullptr;
}

// Sets what the plan has for one edit, ids as in the recording as it is.
bool Predictor::planLock(const Edit &E) {
  std::vector<InstanceId> Named = locksNamed(E.Lock);
  const model::Lock *New = Named.empty() ? kindByName(E.Lock) : nullptr;
  if (Named.empty() && !New) {
    Errors << "underlock: error: " << unknownLock(E.Lock) << '\n';
    return false;
  }
  if (E.What == Edit::Kind::Take && Named.size() > 1) {
    Errors << "underlock: error: " << Named.size() << " locks of this recording are called " << E.Lock
           << ": which of them " << E.Where.text() << " would take cannot be told\n";
    return false;
  }
  Plan.TakenLock.push_back(E.What == Edit::Kind::Take && !New ? Named.front() : None);
  Plan.Dropped.emplace_back();
  if (E.What == Edit::Kind::Drop)
    Plan.Dropped.back().insert(Named.begin(), Named.end());
  const model::Lock *Kind = New ? New : AsIs.R.classOf(Named.front()).Lock;
  Plan.Kinds.push_back(Kind ? Edited.R.Model.findLock(Kind->Id) : nullptr);
  return true;
}

bool Predictor::plan() {
  // Locks to be there before the recording has them: those that it never has, then those that it has later.
  std::vector<InstanceId> Early;
  std::vector<std::string> Fresh;
  for (const Edit &E : Plan.Edits) {
    if (!planLock(E))
      return false;
    InstanceId Lock = Plan.TakenLock.back();
    if (E.What == Edit::Kind::Take && Lock == None && !llvm::is_contained(Fresh, E.Lock)) {
      Fresh.push_back(E.Lock);
      Plan.Before.push_back({FreshAddress + Fresh.size() * 64, E.Lock, Plan.Kinds.back()});
    }
    if (Lock != None && !Facts.Born.contains(Lock) && !llvm::is_contained(Early, Lock))
      Early.push_back(Lock);
  }
  llvm::sort(Early);
  for (InstanceId I : Early) {
    const model::Lock *Kind = AsIs.R.classOf(I).Lock;
    Plan.Before.push_back(
        {AsIs.R.Instances[I].Address, AsIs.R.classOf(I).Name, Kind ? Edited.R.Model.findLock(Kind->Id) : nullptr});
  }
  // Those come first now, and all that stood before one of them moves up.
  auto Renumbered = [&](InstanceId I) -> InstanceId {
    auto It = llvm::lower_bound(Early, I);
    return Fresh.size() + (It != Early.end() && *It == I ? It - Early.begin() : I + (Early.end() - It));
  };
  auto RenumberAll = [&](const llvm::DenseSet<InstanceId> &From) {
    llvm::DenseSet<InstanceId> To;
    for (InstanceId I : From)
      To.insert(Renumbered(I));
    return To;
  };
  for (size_t E = 0; E < Plan.Edits.size(); ++E)
    if (InstanceId &I = Plan.TakenLock[E]; I != None)
      I = Renumbered(I);
    else if (Plan.Edits[E].What == Edit::Kind::Take)
      I = llvm::find(Fresh, Plan.Edits[E].Lock) - Fresh.begin();
  for (auto &Locks : Plan.Dropped)
    Locks = RenumberAll(Locks);
  Recursive = RenumberAll(Facts.Recursive);
  std::set<std::tuple<ContextId, Ticks, InstanceId>> ByHistory;
  for (auto [C, Since, I] : Plan.Spans.DroppedByHistory)
    ByHistory.insert({C, Since, Renumbered(I)});
  Plan.Spans.DroppedByHistory = std::move(ByHistory);
  return true;
}

// ---- The edited replay ----

bool Predictor::replayEdited() {
  Out.Names = std::make_unique<EditedNames>(Edited.R.Names);
  Edited.R.Names = Out.Names.get();
  auto Analyses = makeAnalyses(Edited.R);
  Analyses.push_back(std::make_unique<AgainAnalysis>(Edited.R, Plan.TakenLock, Recursive));
  LockPaths Paths(Edited.R, Classes);
  Titles Titled;
  std::vector<Observer *> To = {&Paths, &Titled};
  for (auto &A : Analyses)
    To.push_back(A.get());
  EditedReplay Between(Edited.R, *Out.Names, Plan, To);
  Observer *Only[] = {&Between};
  SourceWithLocks From(Edited.From, Edited.R, Plan);
  if (!replay(From, Edited.R, Only))
    return false;
  conclude(Analyses, Titled, Edited.R, Out.After);
  PathsAfter = Paths.take();
  sayUnused();
  llvm::append_range(Out.Unknown, Plan.Spans.Doubts);
  llvm::append_range(Out.Unknown, Between.unknown());
  Touched = Between.touched();
  Out.Uses = Plan.Spans.Uses;
  bool Takes =
      llvm::any_of(Plan.Edits, [](const Edit &E) { return E.What != Edit::Kind::Recursive && !E.Where.everywhere(); });
  if (Takes && Plan.Spans.Blind)
    Out.Unknown.push_back(
        llvm::formatv("{0} stack(s) are cut at {1} frames, and it cannot be told what is further out on "
                      "them",
                      Plan.Spans.Blind, AsIs.R.FrameLimit)
            .str());
  return true;
}

void Predictor::sayUnused() {
  for (size_t E = 0; E < Plan.Edits.size(); ++E) {
    const Edit &Of = Plan.Edits[E];
    if (Plan.Spans.Uses[E] || Of.What == Edit::Kind::Recursive)
      continue;
    bool Ran = llvm::is_contained(Plan.Spans.Similar, Of.Where.Function);
    std::string Text;
    if (Of.What == Edit::Kind::Drop && (Of.Where.everywhere() || Ran))
      Text = "nothing in this recording shows " + (Of.Where.everywhere() ? "anybody" : Of.Where.text()) + " taking " +
             Of.Lock;
    else
      Text = "nothing was recorded inside " + Of.Where.text() +
             (Ran ? ""
                  : ": it did not run, nothing marked happened in it, or it has no name here" +
                        nearest(Of.Where.Function, Plan.Spans.Similar));
    Out.Unknown.push_back(Text);
  }
}

// ---- The difference ----

// Paths along the edges of a cycle, of which the classes are in the order of waiting.
std::vector<LockPath> Predictor::newPaths(const Finding &F) const {
  std::vector<LockPath> New;
  if (F.Analysis != "order")
    return New;
  auto Same = [](const LockPath &A, const LockPath &B) {
    return A.From == B.From && A.To == B.To && A.Story == B.Story;
  };
  for (const LockPath &P : PathsAfter)
    for (size_t I = 0; I < F.Identity.size(); ++I)
      if (P.From == F.Identity[I] && P.To == F.Identity[(I + 1) % F.Identity.size()] &&
          llvm::none_of(PathsBefore, [&](const LockPath &Old) { return Same(P, Old); })) {
        New.push_back(P);
        break;
      }
  return New;
}

// ThreadSanitizer has judged what ran. Of threads that would hold other locks, nobody knows what it would say.
void Predictor::doubtReport(const Finding &F) {
  auto Other = [&](const Step &S) { return S.Context == None ? !Touched.empty() : Touched.contains(S.Context); };
  if (F.Analysis == "tsan" && llvm::any_of(F.Steps, Other))
    Out.Unknown.push_back(
        "these threads would hold other locks, and what ThreadSanitizer would say then is not known: " + F.Title);
}

void Predictor::compare() {
  auto Shown = [&](const std::vector<Finding> &All) {
    std::map<std::string, const Finding *> Out;
    for (const Finding &F : All)
      if (F.Sure >= Gate)
        Out[fingerprint(F)] = &F;
    return Out;
  };
  auto Before = Shown(Out.Before), After = Shown(Out.After);
  for (const Finding &F : Out.Before)
    if (F.Sure >= Gate && !After.count(fingerprint(F)))
      Out.Changes.push_back({Change::Fate::Goes, F, {}});
  for (const Finding &F : Out.After)
    if (F.Sure >= Gate && Before.count(fingerprint(F))) {
      doubtReport(F);
      Out.Changes.push_back({Change::Fate::Stays, F, newPaths(F)});
    }
  for (Finding F : Out.After) {
    // What ThreadSanitizer reported it reported of the recording as it is, where another finding stood for both.
    if (F.Sure < Gate || Before.count(fingerprint(F)) || F.Analysis == "tsan")
      continue;
    // It has not happened.
    F.Sure = std::min(F.Sure, Certainty::Predicted);
    Out.Changes.push_back({Change::Fate::Arrives, std::move(F), {}});
  }
}

bool underlock::predict(Unplayed AsIs, Unplayed Edited, const std::vector<Edit> &Edits, Certainty Gate, Prediction &Out,
                        llvm::raw_ostream &Errors) {
  return Predictor(AsIs, Edited, Edits, Gate, Out, Errors).run();
}
