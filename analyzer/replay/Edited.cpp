// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Between replay and the analyses: what would be held.
#include "analyzer/replay/Edited.h"
#include "llvm/ADT/STLExtras.h"

using namespace underlock;

// ---- Locks that have to be there early ----

SourceWithLocks::SourceWithLocks(Source &From, Recording &R, const EditPlan &Plan) : From(From) {
  for (const EditPlan::EarlyLock &Lock : Plan.Before) {
    Site S;
    S.Verb = UNDERLOCK_VERB_NAME;
    S.ClassName = Lock.Name;
    S.Lock = Lock.Kind;
    Record Birth;
    Birth.Kind = UNDERLOCK_RECORD_BORN;
    Birth.Lock = Lock.Address;
    Birth.Site = R.Sites.size();
    Birth.Value = None; // its creator is not known
    Birth.Quiet = true;
    R.Sites.push_back(std::move(S));
    Births.push_back(Birth);
  }
}

Source::Status SourceWithLocks::next(Record &Out) {
  if (Next == Births.size())
    return From.next(Out);
  Out = Births[Next++];
  return Status::Record;
}

// ---- Names ----

// No machine has code there, and no recording an address.
static constexpr uint64_t MadeAddress = UINT64_C(0x00ed000000000000);

uint64_t EditedNames::add(std::vector<Frame> Frames) {
  for (Frame &F : Frames)
    F.Address = MadeAddress + Made.size();
  Made.push_back(std::move(Frames));
  return MadeAddress + Made.size() - 1;
}

std::vector<Frame> EditedNames::frames(uint64_t ReturnAddress) {
  if (ReturnAddress >= MadeAddress && ReturnAddress - MadeAddress < Made.size())
    return Made[ReturnAddress - MadeAddress];
  return Recorded ? Recorded->frames(ReturnAddress) : std::vector<Frame>();
}

// ---- What would be held ----

EditedReplay::EditedReplay(Recording &R, EditedNames &Names, const EditPlan &Plan, llvm::ArrayRef<Observer *> To)
    : R(R), Names(Names), Plan(Plan), To(To), Stacks(R), Delegated(R) {
  for (unsigned E = 0; E < Plan.Edits.size(); ++E) {
    if (Plan.Edits[E].What == Edit::Kind::Take)
      Holders[Plan.TakenLock[E]];
    for (InstanceId I : Plan.Dropped[E])
      Holders[I];
  }
}

void EditedReplay::holds(InstanceId Lock, ContextId C) {
  if (auto It = Holders.find(Lock); It != Holders.end())
    It->second.push_back(C);
}

void EditedReplay::holdsNoMore(InstanceId Lock, ContextId C) {
  if (auto Of = Holders.find(Lock); Of != Holders.end())
    if (auto It = llvm::find(Of->second, C); It != Of->second.end())
      Of->second.erase(It);
}

EditedReplay::State &EditedReplay::stateOf(ContextId C) {
  if (C >= States.size())
    States.resize(C + 1);
  return States[C];
}

void EditedReplay::unknown(const std::string &Text) {
  if (!llvm::is_contained(Unknown, Text))
    Unknown.push_back(Text);
}

bool EditedReplay::droppedAt(InstanceId Lock, PlaceRef At, bool Everywhere) {
  for (unsigned E = 0; E < Plan.Edits.size(); ++E)
    if (Plan.Dropped[E].contains(Lock) &&
        (Plan.Edits[E].Where.everywhere() ||
         (!Everywhere && !Stacks.find(Plan.Edits[E].Where, Stacks.steps(At.Stack)).empty())))
      return true;
  return false;
}

bool EditedReplay::dropped(const Hold &H, ContextId By) {
  return droppedAt(H.Lock, H.Place, false) || Plan.Spans.DroppedByHistory.count({By, H.Since, H.Lock});
}

Moment EditedReplay::edited(const Moment &M) {
  Held.clear();
  for (const Hold &H : M.Held)
    if (!dropped(H, H.own() ? M.Context : H.By))
      Held.push_back(H);
  // Where an edit takes a lock, this is before all that is taken inside.
  for (const auto &[End, New] : stateOf(M.Context).Taken)
    Held.insert(llvm::find_if(Held, [&](const Hold &H) { return !H.own() || H.Since >= New.Since; }), New);
  for (ContextId W : Delegated.waitersFor(M.Context))
    for (const auto &[End, New] : stateOf(W).Taken) {
      Held.push_back(New);
      Held.back().By = W;
    }
  Moment Out = M;
  Out.Held = Held;
  return Out;
}

// ---- Spans ----

PlaceRef EditedReplay::placeOf(const Span &S) {
  PlaceRef At;
  std::vector<uint64_t> Key = {S.Here.empty() ? 0 : S.Here.front().Address, S.Here.size()};
  llvm::append_range(Key, S.Outer);
  auto [It, New] = Made.try_emplace(Key, R.Stacks.size());
  if (New) {
    std::vector<uint64_t> Frames = {Names.add(S.Here)};
    llvm::append_range(Frames, S.Outer);
    R.Stacks.push_back(std::move(Frames));
  }
  At.Stack = It->second;

  const Frame Here = S.Here.empty() ? Frame() : S.Here.front();
  std::string Where = Here.Function + '\0' + std::to_string(Here.Line);
  auto [Known, NewSite] = Sites.try_emplace({S.Edit, Where}, R.Sites.size());
  if (NewSite) {
    const Edit &E = Plan.Edits[S.Edit];
    Site At;
    At.Verb = UNDERLOCK_VERB_ACQUIRE;
    At.Mode = E.Mode;
    At.Function = sourceFunction(Here.Function).str();
    At.File = Here.File;
    At.Line = Here.Line;
    At.ClassName = E.Lock;
    At.Expression = "&" + E.Lock;
    At.Lock = Plan.Kinds[S.Edit];
    At.Mark = At.Lock ? At.Lock->Id : "";
    At.Supposed = true;
    R.Sites.push_back(std::move(At));
  }
  At.Site = Known->second;
  return At;
}

void EditedReplay::take(const Moment &M, const Span &S) {
  InstanceId Lock = Plan.TakenLock[S.Edit];
  if (Lock >= R.Instances.size())
    return unknown(Plan.Edits[S.Edit].Where.text() + " runs before " + Plan.Edits[S.Edit].Lock + " is initialised");
  R.Instances[Lock].SharedUse |= R.Instances[Lock].Creator != M.Context;
  patchKind(Lock);
  Hold New;
  New.Lock = Lock;
  New.Mode = Plan.Edits[S.Edit].Mode;
  New.Place = placeOf(S);
  New.Since = M.Time;
  Touched.insert(M.Context);
  Moment Now = edited(M);
  Now.State = S.Machine; // what happens now is further inside, where interrupts may be off
  tell([&](Observer &O) { O.acquired(Now, New); });
  stateOf(M.Context).Taken.push_back({S.End, New});
  holds(Lock, M.Context);
}

void EditedReplay::giveBack(const Moment &M, size_t Index) {
  auto &Taken = stateOf(M.Context).Taken;
  Hold Old = Taken[Index].second;
  Moment Now = edited(M);
  tell([&](Observer &O) { O.released(Now, Old, Old.Place.Site); });
  Taken.erase(Taken.begin() + Index);
  holdsNoMore(Old.Lock, M.Context);
}

// Ends and begins the spans that do so before what happens now.
void EditedReplay::sync(const Moment &M) {
  uint64_t Number = Count.next(M.Context);
  if (M.Context >= Plan.Spans.ByContext.size())
    return;
  const std::vector<Span> &Spans = Plan.Spans.ByContext[M.Context];
  for (size_t I = stateOf(M.Context).Taken.size(); I-- > 0;)
    if (stateOf(M.Context).Taken[I].first <= Number)
      giveBack(M, I);
  for (size_t &Next = stateOf(M.Context).NextSpan; Next < Spans.size() && Spans[Next].Begin <= Number;)
    take(M, Spans[Next++]);
}

void EditedReplay::patchKind(InstanceId Lock) {
  LockClass &Class = R.Classes[R.Instances[Lock].Class];
  for (const Edit &E : Plan.Edits)
    if (E.What == Edit::Kind::Recursive && E.Lock == Class.Name && !(Class.Lock && Class.Lock->Recursive)) {
      Recursive.push_back(std::make_unique<model::Lock>(Class.Lock ? *Class.Lock : model::Lock()));
      Recursive.back()->Recursive = true;
      Class.Lock = Recursive.back().get();
    }
}

// ---- What happens ----

static std::string at(const Recording &R, SiteId S) {
  return R.Sites[S].Function + " (" + R.Sites[S].File + ":" + std::to_string(R.Sites[S].Line) + ")";
}

void EditedReplay::acquired(const Moment &M, const Hold &New) {
  sync(M);
  patchKind(New.Lock);
  if (dropped(New, M.Context)) {
    ++DroppedNow[New.Lock];
    Touched.insert(M.Context);
    return;
  }
  Moment Now = edited(M);
  if (New.ByTry && llvm::any_of(stateOf(M.Context).Taken, [&](const auto &T) { return T.second.Lock == New.Lock; }))
    unknown("the try in " + at(R, New.Place.Site) + " would not get " + R.lockName(New.Lock) +
            ", and what the program does then is not in this recording");
  tell([&](Observer &O) { O.acquired(Now, New); });
  holds(New.Lock, M.Context);
}

void EditedReplay::released(const Moment &M, const Hold &Old, SiteId At) {
  sync(M);
  if (dropped(Old, M.Context)) {
    DroppedNow[Old.Lock] -= DroppedNow[Old.Lock] > 0;
    return;
  }
  Moment Now = edited(M);
  tell([&](Observer &O) { O.released(Now, Old, At); });
  holdsNoMore(Old.Lock, M.Context);
}

void EditedReplay::releasedUnheld(const Moment &M, InstanceId Lock, SiteId At, ContextId Holder) {
  sync(M);
  if (droppedAt(Lock, {}, true))
    return;
  Moment Now = edited(M);
  tell([&](Observer &O) { O.releasedUnheld(Now, Lock, At, Holder); });
}

void EditedReplay::failed(const Moment &M, InstanceId Lock, PlaceRef At) {
  sync(M);
  patchKind(Lock);
  bool Drops = droppedAt(Lock, At, false);
  const model::Lock *Kind = R.classOf(Lock).Lock;
  bool Own = llvm::any_of(M.Held, [&](const Hold &H) { return H.own() && H.Lock == Lock; });
  if (Drops || DroppedNow.lookup(Lock) ||
      (Own && Kind && llvm::any_of(Recursive, [&](const auto &K) { return K.get() == Kind; })))
    unknown(at(R, At.Site) + " asked for " + R.lockName(Lock) +
            " and did not get it; what the program does when it does is not in this recording");
  if (Drops)
    return;
  Moment Now = edited(M);
  tell([&](Observer &O) { O.failed(Now, Lock, At); });
}

void EditedReplay::awaited(const Moment &M, InstanceId Lock, PlaceRef At) { pass(M, &Observer::awaited, Lock, At); }

void EditedReplay::signalled(const Moment &M, InstanceId Lock, PlaceRef At) { pass(M, &Observer::signalled, Lock, At); }

void EditedReplay::event(const Moment &M, PlaceRef At, llvm::ArrayRef<uint64_t> Objects) {
  sync(M);
  if (R.Sites[At.Site].Event)
    Delegated.event(*R.Sites[At.Site].Event, M.Context, Objects);
  Moment Now = edited(M);
  tell([&](Observer &O) { O.event(Now, At, Objects); });
}

void EditedReplay::phaseBegin(const Moment &M, PlaceRef At, const model::Phase &P) {
  pass(M, &Observer::phaseBegin, At, P);
}

// No thing of its own to the spans: it comes with the begin of its phase.
void EditedReplay::titled(const Moment &M, const model::Phase &P, llvm::StringRef Title) {
  Moment Now = edited(M);
  tell([&](Observer &O) { O.titled(Now, P, Title); });
}

void EditedReplay::phaseEnd(const Moment &M, SiteId At, const model::Phase &P) { pass(M, &Observer::phaseEnd, At, P); }

void EditedReplay::born(const Moment &M, InstanceId Lock, SiteId At) { pass(M, &Observer::born, Lock, At); }

void EditedReplay::died(const Moment &M, InstanceId Lock, SiteId At, ContextId HeldBy) {
  sync(M);
  auto Of = Holders.find(Lock);
  if (Of != Holders.end() && !llvm::is_contained(Of->second, HeldBy))
    HeldBy = Of->second.empty() ? None : Of->second.front();
  Moment Now = edited(M);
  tell([&](Observer &O) { O.died(Now, Lock, At, HeldBy); });
  if (Of == Holders.end())
    return;
  Of->second.clear();
  for (State &S : States)
    llvm::erase_if(S.Taken, [&](const auto &T) { return T.second.Lock == Lock; });
}

void EditedReplay::fork(const Moment &M, uint64_t Token) { pass(M, &Observer::fork, Token); }

void EditedReplay::start(const Moment &M, uint64_t Token) { pass(M, &Observer::start, Token); }

void EditedReplay::join(const Moment &M, uint64_t Token) { pass(M, &Observer::join, Token); }

void EditedReplay::contextEnd(const Moment &M) {
  sync(M);
  Moment Now = edited(M);
  tell([&](Observer &O) { O.contextEnd(Now); });
  Delegated.contextEnded(M.Context);
}

// ThreadSanitizer has judged the program as it ran. What it would say of an edited one is not known, and not for this
// to say: Predictor does, of those findings that matter.
void EditedReplay::tsanReport(const Moment &M, const TsanReport &T) {
  Moment Now = edited(M);
  tell([&](Observer &O) { O.tsanReport(Now, T); });
}

void EditedReplay::waiting(const Moment &M, InstanceId Lock, PlaceRef At, Ticks Since) {
  sync(M);
  patchKind(Lock);
  bool Own = llvm::any_of(M.Held, [&](const Hold &H) { return H.own() && H.Lock == Lock; });
  const model::Lock *Kind = R.classOf(Lock).Lock;
  bool Drops = droppedAt(Lock, At, false);
  if (!Drops && (DroppedNow.lookup(Lock) || (Own && Kind && Kind->Recursive)))
    unknown(R.contextName(M.Context) + " waited for " + R.lockName(Lock) +
            " when the recording ended; whether it still would, and what it does then, is not in it");
  if (Drops)
    return unknown(R.contextName(M.Context) + " waited for " + R.lockName(Lock) +
                   " when the recording ended, and would have gone on: what it does then is not in it");
  Moment Now = edited(M);
  HeldMeanwhile[M.Context].assign(Now.Held.begin(), Now.Held.end());
  tell([&](Observer &O) { O.waiting(Now, Lock, At, Since); });
}

void EditedReplay::stuck(llvm::ArrayRef<Blocked> All) {
  std::vector<Blocked> Still;
  llvm::copy_if(All, std::back_inserter(Still), [&](const Blocked &B) { return !droppedAt(B.Lock, B.At, false); });
  for (Blocked &B : Still) {
    B.Held = HeldMeanwhile[B.Context];
    llvm::erase_if(B.Holders, [&](const Blocked::Holder &H) { return H.How.Lock != None && dropped(H.How, H.Who); });
    for (ContextId C = 0; C < States.size(); ++C)
      for (const auto &[End, New] : States[C].Taken)
        if (New.Lock == B.Lock)
          B.Holders.push_back({C, New, false});
  }
  tell([&](Observer &O) { O.stuck(Still); });
}
