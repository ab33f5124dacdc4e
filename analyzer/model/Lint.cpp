// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analyzer/model/Lint.h"
#include "analyzer/model/YamlTree.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <map>
#include <tuple>

using namespace llvm;

namespace underlock::model {
namespace {

bool operator==(const Point &A, const Point &B) {
  return std::tie(A.At, A.Function, A.In) == std::tie(B.At, B.Function, B.In);
}

StringRef nameOf(Verb V) {
  static constexpr StringRef Names[] = {"acquire", "try", "release", "init", "destroy", "wait", "wait", "signal"};
  return Names[unsigned(V)];
}

class Linter {
public:
  Linter(const Model &M, StringRef File) : M(M), File(File) {}

  std::vector<Warning> run() {
    for (const Warning &W : M.Repeats)
      warn(W.Where, W.Text);
    for (const Lock &L : M.Locks)
      L.isLock() ? lock(L) : wait(L);
    marks();
    seeThroughs();
    ignores();
    frees();
    taskEnds();
    for (const Event &E : M.Events)
      event(E);
    for (const Phase &P : M.Phases)
      phase(P);
    for (const Contract &C : M.Contracts)
      C.Lifetime ? lifetime(C) : contract(C);
    for (const GracePeriod &G : M.GracePeriods)
      gracePeriod(G);
    return std::move(Out);
  }

private:
  void warn(const Place &Where, const Twine &Text) {
    if (Where.File == File)
      Out.push_back({Where, Text.str()});
  }

  void lock(const Lock &L);
  void wait(const Lock &L);
  void marks();
  void seeThroughs();
  void ignores();
  void frees();
  void taskEnds();
  void event(const Event &E);
  void phase(const Phase &P);
  void contract(const Contract &C);
  void lifetime(const Contract &C);
  void gracePeriod(const GracePeriod &G);
  void lockClass(const Contract &C, StringRef Key, StringRef Class);
  void point(const Place &Where, const Twine &What, const Point &P);

  // The first entry that says the same; null when `Of` is it.
  template <typename T, typename Same> const T *earlier(const std::vector<T> &All, const T &Of, Same Equal) const {
    const T &First = *find_if(All, [&](const T &Other) { return &Other == &Of || Equal(Other, Of); });
    return &First == &Of ? nullptr : &First;
  }

  const Model &M;
  StringRef File;
  std::vector<Warning> Out;
};

} // namespace

// Both modes have to be given back by somebody.
void Linter::lock(const Lock &L) {
  if (L.Marks.empty())
    return warn(L.Where, "lock '" + L.Id + "' has no marks: nothing is ever such a lock");
  auto Any = [&](auto Is) { return any_of(L.Marks, Is); };
  auto Takes = [](const LockMark &Mark) { return Mark.What == Verb::Acquire || Mark.What == Verb::Try; };
  bool Given = false;
  for (auto [Mode, Name] : {std::pair(Mode::Exclusive, "exclusive"), std::pair(Mode::Shared, "shared")}) {
    bool Taken = Any([&](const LockMark &Mark) { return Takes(Mark) && Mark.LockMode == Mode; });
    bool Released = Any([&](const LockMark &Mark) {
      return Mark.What == Verb::Release && (Mark.LockMode == Mode || Mark.LockMode == Mode::Any);
    });
    Given |= Released;
    if (Taken && !Released)
      warn(L.Where, "lock '" + L.Id + "' is taken and never given back: no mark releases its mode '" + Name + "'");
  }
  if (Given && !Any(Takes))
    warn(L.Where, "lock '" + L.Id + "' is given back and never taken: no mark acquires or tries it");
}

// What is waited for has to come from somebody.
void Linter::wait(const Lock &L) {
  auto Has = [&](Verb What) { return any_of(L.Marks, [&](const LockMark &M) { return M.What == What; }); };
  auto Says = [&](const Twine &Text) { warn(L.Where, "'" + L.Id + "' in 'waits' " + Text); };
  if (!Has(Verb::Await))
    return Says("is never waited for: no mark has the verb 'wait'");
  if (L.Kind == LockKind::Completion && !Has(Verb::Signal))
    Says("is waited for and never signalled: no mark has the verb 'signal'");
  bool Held = any_of(L.Marks, [](const LockMark &M) { return M.What == Verb::Try && !M.During; });
  if (L.Kind == LockKind::Reference && Held != Has(Verb::Release))
    Says(Held ? "is held and never dropped: no mark has the verb 'drop'"
              : "is dropped and never held: no mark has the verb 'hold'");
  if (L.Kind == LockKind::Reference && !Has(Verb::Try) && !Has(Verb::Release))
    Says("is a reference that nobody holds: no mark has the verbs 'hold' and 'drop', or 'hold-during'");
  for (const LockMark &Mark : L.Marks) {
    if (!Mark.During)
      continue;
    point(Mark.Where, "what is held during '" + Mark.Function + "' in 'waits'",
          {Point::Kind::Entry, Mark.Function, ""});
    if (any_of(L.Marks, [&](const LockMark &M) { return M.What == Verb::Await && M.Function == Mark.Function; }))
      warn(Mark.Where, "function '" + Mark.Function + "' is 'hold-during' and 'wait' of '" + L.Id +
                           "': it would wait for its own end");
  }
  if (L.What.empty())
    Says("has no 'what': reports show its id instead");
}

// A function may be marked for several of its arguments, but it returns one value and it blocks or it does not.
void Linter::marks() {
  std::vector<const LockMark *> All;
  for (const Lock &L : M.Locks)
    for (const LockMark &Mark : L.Marks)
      if (!Mark.During)
        All.push_back(&Mark);
  for (size_t I = 0; I < All.size(); ++I)
    for (size_t J = 0; J < I; ++J) {
      const LockMark &Old = *All[J], &New = *All[I];
      if (Old.Function != New.Function)
        continue;
      bool Blocking =
          (Old.What == Verb::Acquire && New.What == Verb::Try) || (Old.What == Verb::Try && New.What == Verb::Acquire);
      if (Blocking || Old.If != New.If)
        warn(New.Where, "function '" + New.Function + "' is marked twice with meanings that cannot both be: '" +
                            nameOf(Old.What) + "' of argument " + Twine(Old.Lock) + " and '" + nameOf(New.What) +
                            "' of argument " + Twine(New.Lock) +
                            (Blocking ? "" : ", with different returned values for success"));
    }
}

void Linter::seeThroughs() {
  for (const SeeThrough &S : M.SeeThroughs) {
    if (const SeeThrough *Old = earlier(M.SeeThroughs, S, [](auto &A, auto &B) { return A.Function == B.Function; }))
      warn(S.Where, "see-through '" + S.Function + "' is there already" +
                        (Old->Argument == S.Argument ? "" : ", for another argument"));
    for (const Lock &L : M.Locks)
      if (any_of(L.Marks, [&](const LockMark &Mark) { return !Mark.During && Mark.Function == S.Function; }))
        warn(S.Where, "function '" + S.Function + "' is a mark of lock '" + L.Id + "' and cannot be see-through");
  }
}

void Linter::ignores() {
  for (const Ignore &I : M.Ignores) {
    if (earlier(M.Ignores, I, [](auto &A, auto &B) { return A.File == B.File && A.Function == B.Function; }))
      warn(I.Where, "'" + I.File + I.Function + "' is ignored already");
    for (const Lock &L : M.Locks)
      if (any_of(L.Marks, [&](const LockMark &Mark) {
            return !Mark.During && !I.Function.empty() && Mark.Function == I.Function;
          }))
        warn(I.Where, "function '" + I.Function + "' is a mark of lock '" + L.Id +
                          "': what locks do inside is ignored already, and calls of it are marked all the same");
  }
}

void Linter::frees() {
  for (const Free &F : M.Frees) {
    if (F.Known == Free::Size::Argument && F.Memory == F.SizeArgument)
      warn(F.Where, "function '" + F.Function + "' frees its argument " + Twine(F.Memory) +
                        ", and the same argument is its size");
    for (const Lock &L : M.Locks)
      for (const LockMark &Mark : L.Marks)
        if (Mark.Function == F.Function && !Mark.During && Mark.What != Verb::Release && Mark.What != Verb::Destroy)
          warn(F.Where, "function '" + F.Function + "' frees memory, and is '" + nameOf(Mark.What) + "' of lock '" +
                            L.Id + "' too");
  }
}

void Linter::taskEnds() {
  for (const TaskEnd &E : M.TaskEnds) {
    if (earlier(M.TaskEnds, E, [](auto &A, auto &B) { return A.At == B.At; }))
      warn(E.Where, "function '" + E.At.Function + "' is among the task-ends already");
    else if (M.Who == Threads::Themselves)
      warn(E.Where, "task-ends are of a kernel, and 'threads' is not 'any': a program's threads are seen to end, and "
                    "this does nothing there");
    point(E.Where, "the end of a task", E.At);
  }
}

// Nothing is marked inside functions that are ignored.
void Linter::point(const Place &Where, const Twine &What, const Point &P) {
  bool IsCall = P.At == Point::Kind::BeforeCall || P.At == Point::Kind::AfterCall;
  const std::string &Inside = IsCall ? P.In : P.Function;
  for (const Ignore &I : M.Ignores)
    if (!Inside.empty() && I.Function == Inside)
      warn(Where, What + " never happens: function '" + Inside + "' is ignored");
}

void Linter::event(const Event &E) {
  if (E.Is != Part::None || E.Role != Life::None)
    return; // of a delegation or a lifetime, which are asked themselves
  if (!earlier(M.Events, E, [](auto &A, auto &B) { return A.Id == B.Id; })) {
    if (none_of(M.Contracts, [&](const Contract &C) { return C.Event == E.Id; }))
      warn(E.Where, "event '" + E.Id + "' has no contract: it is recorded and never judged");
    if (E.What.empty())
      warn(E.Where, "event '" + E.Id + "' has no 'what': reports show its id instead");
  }
  if (const Event *Old = earlier(M.Events, E, [](auto &A, auto &B) { return A.At == B.At; }))
    warn(E.Where, "event '" + E.Id + "' is at the same point as event '" + Old->Id + "'");
  point(E.Where, "event '" + E.Id + "'", E.At);
}

void Linter::phase(const Phase &P) {
  bool Used = !P.Title.empty() || is_contained(M.ThemselvesDuring, P.Id) || any_of(M.Contracts, [&](const Contract &C) {
    return is_contained(C.ExceptDuring, P.Id) || is_contained(C.ExcludedDuring, P.Id);
  });
  if (!Used)
    warn(P.Where, "phase '" + P.Id +
                      "' is never used: no 'except-during', 'excluded-during' or 'themselves-during' "
                      "names it, and it has no title");
  if (P.Why.empty())
    warn(P.Where, "phase '" + P.Id + "' has no 'why'");
  if (!P.FromStart && (P.Begin == P.End || any_of(P.Also, [](const auto &I) { return I.first == I.second; })))
    warn(P.Where, "phase '" + P.Id + "' begins and ends at the same point");
  if (const Phase *Old = earlier(M.Phases, P, [](auto &A, auto &B) {
        return A.FromStart == B.FromStart && (A.FromStart || A.Begin == B.Begin) && A.End == B.End;
      }))
    warn(P.Where, "phase '" + P.Id + "' is the same interval as phase '" + Old->Id + "'");
  if (is_contained(M.ThemselvesDuring, P.Id) && M.Who == Threads::Themselves)
    warn(P.Where, "phase '" + P.Id + "' is in 'themselves-during', which means nothing where 'threads' is not 'any'");
  if (!P.FromStart)
    point(P.Where, "the begin of phase '" + P.Id + "'", P.Begin);
  point(P.Where, "the end of phase '" + P.Id + "'", P.End);
  for (const auto &[Begin, End] : P.Also) {
    point(P.Where, "the begin of phase '" + P.Id + "'", Begin);
    point(P.Where, "the end of phase '" + P.Id + "'", End);
  }
}

// Names are those that the plugin gives: `global`, `table[]`, `struct.field`, `function.local`, with C++ scopes.
void Linter::lockClass(const Contract &C, StringRef Key, StringRef Class) {
  auto Says = [&](const Twine &Text) { warn(C.Where, "contract '" + C.Id + "' " + Key + " '" + Class + "': " + Text); };
  StringRef Type = Class.split('.').first;
  auto Named = [&](const Lock &L) {
    return L.Id == Class || any_of(L.Marks, [&](const LockMark &Mark) { return Mark.Function == Class; });
  };
  if (Class.contains("->") || Class.starts_with("&") || Class.contains(' ') || Class.contains('('))
    Says("no lock class is written so; they are `global`, `table[]`, `struct.field`, `function.local`");
  else if (is_contained(M.LockTypes, Type))
    Says("'" + Type + "' is a lock type, which is never part of a lock's name: name what contains the lock");
  else if (any_of(M.Locks, Named))
    Says("this is a kind of lock or a function, not a lock class, unless a global is called so");
}

void Linter::contract(const Contract &C) {
  for (const std::string &Class : C.Requires)
    lockClass(C, "requires", Class);
  for (const std::string &Class : C.Unless)
    lockClass(C, "unless", Class);
  for (const std::string &Class : C.Forbids) {
    lockClass(C, "forbids", Class);
    if (is_contained(C.Requires, Class))
      warn(C.Where, "contract '" + C.Id + "' requires and forbids '" + Class + "': nothing can keep it");
  }
  if (all_of(M.Locks, [](const Lock &L) { return L.Marks.empty(); }))
    warn(C.Where, "contract '" + C.Id + "' speaks of locks, and this model marks none: does it extend nothing?");
  if (C.Requires.empty() && C.RequiredMode != Mode::Any)
    warn(C.Where, "contract '" + C.Id + "' has a 'mode' and requires no lock");
  if (C.See.empty())
    warn(C.Where, "contract '" + C.Id + "' has no 'see': where is the rule written down?");
  if (const Contract *Old = earlier(M.Contracts, C, [](auto &A, auto &B) {
        return std::tie(A.Event, A.Requires, A.Forbids, A.ExceptDuring, A.ExcludedDuring, A.Unless, A.RequiredMode) ==
               std::tie(B.Event, B.Requires, B.Forbids, B.ExceptDuring, B.ExcludedDuring, B.Unless, B.RequiredMode);
      }))
    warn(C.Where, "contract '" + C.Id + "' says the same as contract '" + Old->Id + "'");
}

void Linter::lifetime(const Contract &C) {
  const Lifetime &L = M.Lifetimes[*C.Lifetime];
  auto Has = [&](Life Role) {
    return any_of(M.Events, [&](const Event &E) { return E.Role == Role && E.Of == *C.Lifetime; });
  };
  auto Says = [&](const Twine &Text) { warn(C.Where, "lifetime '" + C.Id + "' " + Text); };
  if (L.What.empty())
    Says("has no 'what': reports show its id instead");
  if (C.See.empty())
    Says("has no 'see': where is the rule written down?");
  bool Counted = any_of(M.Events, [&](const Event &E) {
    return E.Of == *C.Lifetime && (E.Role == Life::Get || (E.Role == Life::LookUp && E.Counted));
  });
  if (Counted && !Has(Life::Put))
    Says("gets references and never gives one back: no mark is a 'put'");
  if (!Counted && Has(Life::Put))
    Says("gives references back and never gets one: no mark is a 'get', and no 'lookup' is 'counted'");
  bool Waits = any_of(M.Events, [](const Event &E) { return E.Role == Life::Grace; });
  bool Deferred = any_of(M.Events, [&](const Event &E) { return E.Of == *C.Lifetime && E.After; });
  if (Waits && !L.Unpublished && !Deferred)
    Says("has no 'unpublish': who waits for a grace period before a free keeps nobody from it");
  std::map<std::pair<std::string, Point::Kind>, const Event *> At;
  for (const Event &E : M.Events)
    if (E.Role >= Life::LookUp && E.Role <= Life::Put && E.Of == *C.Lifetime) {
      point(E.Where, "mark '" + E.Id + "'", E.At);
      auto [Old, New] = At.try_emplace({E.At.Function, E.At.At}, &E);
      if (!New && Old->second->Role == E.Role && Old->second->At == E.At)
        warn(E.Where, "function '" + E.At.Function + "' is marked twice in lifetime '" + C.Id + "'");
    }
}

void Linter::gracePeriod(const GracePeriod &G) {
  unsigned Of = &G - M.GracePeriods.data();
  auto Has = [&](Life Role) { return any_of(M.Events, [&](const Event &E) { return E.Role == Role && E.Of == Of; }); };
  // States alone can be what it waits for.
  bool Marked = Has(Life::ReadLock) || Has(Life::ReadUnlock);
  if ((Marked || !G.Also) && !(Has(Life::ReadLock) && Has(Life::ReadUnlock)))
    warn(G.Where, "grace period '" + G.Id + "' has no read side: it needs a 'read-lock' and a 'read-unlock'");
  if (G.Also && M.Who == Threads::Themselves)
    warn(G.Where, "grace period '" + G.Id +
                      "' has an 'also', and programs record no such states: it is of kernels ('threads: any')");
  bool Named = any_of(M.Events, [&](const Event &E) { return E.Role == Life::Free && E.After == Of; });
  if (!Has(Life::Grace) && !Named)
    warn(G.Where, "grace period '" + G.Id + "' is never waited for: no mark is a 'wait', and no 'free' is 'after' it");
}

std::vector<Warning> lint(const Model &M, StringRef File) { return Linter(M, File).run(); }

namespace {

// What of a model's file is not among what was seen.
class Comparison {
public:
  Comparison(const Model &M, StringRef File, const Seen &S) : M(M), File(File), S(S) {}

  std::vector<Warning> run() {
    for (const Lock &L : M.Locks) {
      if (!S.Marks.contains(L.Id))
        warn(L.Where, Twine(L.isLock() ? "lock '" : "waits entry '") + L.Id + "' matches nothing in " + S.Where);
      else
        for (const LockMark &Mark : L.Marks)
          function(Mark.Where, Mark.Function);
    }
    for (const Free &F : M.Frees)
      function(F.Where, F.Function);
    for (const TaskEnd &E : M.TaskEnds)
      function(E.Where, E.At.Function);
    for (const Event &E : M.Events)
      if (!S.Marks.contains(E.Id))
        point(E.Where, (E.Role == Life::None ? "event '" : "mark '") + E.Id + "'", E.At);
      else if (E.Role != Life::None) // one of several functions
        function(E.Where, E.At.Function);
    for (const Phase &P : M.Phases)
      if (!S.Marks.contains(P.Id)) {
        if (!P.FromStart)
          point(P.Where, "the begin of phase '" + P.Id + "'", P.Begin);
        point(P.Where, "the end of phase '" + P.Id + "'", P.End);
      }
    // Not of functions that are see-through or ignored: small ones are inlined, and leave no name anywhere.
    for (const Contract &C : M.Contracts)
      for (const auto *Classes : {&C.Requires, &C.Forbids})
        for (const std::string &Class : *Classes)
          if (S.Classes && !S.Classes->contains(Class))
            warn(C.Where, "contract '" + C.Id + "' names the lock class '" + Class + "', and no lock in " + S.Where +
                              " is called so" + nearest(Class, *S.Classes));
    return std::move(Out);
  }

private:
  void warn(const Place &Where, const Twine &Text) {
    if (Where.File == File)
      Out.push_back({Where, Text.str()});
  }

  // No more than two slips of the finger away: programs have many functions with long names that are alike.
  static std::string nearest(StringRef Name, const StringSet<> &Among) {
    SmallVector<StringRef, 4> Near;
    for (const auto &Entry : Among)
      if (Name.edit_distance(Entry.getKey(), true, 2) <= 2)
        Near.push_back(Entry.getKey());
    return Near.empty() ? "" : suggestion(Name, Near);
  }

  bool has(StringRef Function) const { return !S.Functions || S.Functions->contains(Function); }

  void function(const Place &Where, StringRef Name) {
    if (!has(Name))
      warn(Where, "function '" + Name + "' is not in " + S.Where + nearest(Name, *S.Functions));
  }

  void point(const Place &Where, const Twine &What, const Point &P) {
    std::string Why;
    for (const std::string &Name : {P.Function, P.In})
      if (!Name.empty() && !has(Name))
        Why += "; there is no function '" + Name + "'" + nearest(Name, *S.Functions);
    warn(Where, What + " matches nothing in " + S.Where + Why);
  }

  const Model &M;
  StringRef File;
  const Seen &S;
  std::vector<Warning> Out;
};

} // namespace

std::vector<Warning> unmatched(const Model &M, StringRef File, const Seen &S) { return Comparison(M, File, S).run(); }

} // namespace underlock::model
