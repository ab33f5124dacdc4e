// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Locks and their marks, what frees the memory of locks, and what hands them on.
#include "analyzer/model/Loader.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace underlock::model {

void Loader::readSeeThrough(const Value &V) {
  FieldReader F(V, "a see-through entry", Into);
  SeeThrough S;
  S.Function = F.requiredText("function");
  S.Argument = F.number("argument", 0);
  S.Where = placeOf(V.Where);
  F.finish();
  Out.SeeThroughs.push_back(std::move(S));
}

// size: an argument's number, or who knows it.
void Loader::readFree(const Value &V) {
  FieldReader F(V, "a frees entry", Into);
  Free New;
  New.Where = placeOf(V.Where);
  New.Memory = F.number("memory", 0);
  const Value *Size = F.required("size");
  if (Size && Size->Text == "malloc")
    New.Known = Free::Size::Malloc;
  else if (Size && Size->Text == "new")
    New.Known = Free::Size::New;
  else if (Size && StringRef(Size->Text).getAsInteger(10, New.SizeArgument))
    Into.error(Size->Where, "the size of what is freed is the number of an argument, or malloc, or new");
  F.required("function");
  for (const Value *Function : F.list("function"))
    if (auto Name = asText(*Function, "a function", Into)) {
      define("freeing function", *Name, Function->Where);
      New.Function = *Name;
      Out.Frees.push_back(New);
    }
  F.finish();
}

void Loader::readLock(const Value &V) {
  FieldReader F(V, "a lock", Into);
  Lock L;
  L.Id = F.requiredText("id");
  L.Where = placeOf(V.Where);
  define("lock", L.Id, V.Where);
  F.required("kind");
  L.Kind = F.choice<LockKind>("kind",
                              {{"mutex", LockKind::Mutex},
                               {"spinlock", LockKind::Spinlock},
                               {"rwlock", LockKind::RwLock},
                               {"rwsem", LockKind::RwSem},
                               {"semaphore", LockKind::Semaphore},
                               {"pseudo", LockKind::Pseudo}},
                              LockKind::Mutex);
  L.Recursive = F.boolean("recursive", false);
  L.Owner = F.boolean("owner", L.Kind != LockKind::Semaphore);
  for (const Value *M : F.list("marks"))
    readMark(*M, L);
  F.finish();
  Out.Locks.push_back(std::move(L));
}

// zero, nonzero, or values: 130, [zero, 130]
void Loader::readSuccess(FieldReader &F, Success &If, std::vector<int64_t> &Returns) {
  const Value *Given = F.optional("success");
  if (!Given)
    return;
  std::vector<const Value *> Values = F.list("success");
  for (const Value *V : Values) {
    int64_t Number = 0;
    if (V->Is == Value::Kind::Text && V->Text == "nonzero" && Values.size() == 1)
      If = Success::NonZero;
    else if (V->Is == Value::Kind::Text && (V->Text == "zero" || !StringRef(V->Text).getAsInteger(10, Number)))
      Returns.push_back(Number);
    else
      Into.error(V->Where, "unknown success '" + V->Text + "': it is nonzero, or zero, or a number that the function " +
                               "returns, or a list of zero and numbers");
  }
  if (!Returns.empty())
    If = Success::OneOf;
  else if (Values.empty())
    Into.error(Given->Where, "success is zero, nonzero, a number, or a list of these, and this is empty");
}

// What is waited for and is no lock. It is told to the rest as one: to hold a reference is to have it shared.
void Loader::readWait(const Value &V) {
  FieldReader F(V, "an entry of 'waits'", Into);
  Lock L;
  L.Id = F.requiredText("id");
  L.Where = placeOf(V.Where);
  define("lock", L.Id, V.Where);
  F.required("kind");
  L.Kind = F.choice<LockKind>(
      "kind", {{"completion", LockKind::Completion}, {"reference", LockKind::Reference}, {"thread", LockKind::Thread}},
      LockKind::Completion);
  L.Recursive = true;
  L.Owner = false;
  L.What = F.text("what");
  L.GivesUp = F.texts("gives-up");
  L.Ends = F.boolean("ends", false);
  L.Spins = F.boolean("spins", false);
  for (const Value *M : F.list("marks"))
    readMark(*M, L);
  F.finish();
  auto Has = [&](Verb What) { return any_of(L.Marks, [&](const LockMark &M) { return M.What == What; }); };
  if (L.Kind != LockKind::Completion && Has(Verb::Signal))
    Into.error(V.Where, "only a completion is signalled");
  if (L.Kind != LockKind::Reference && (Has(Verb::Try) || Has(Verb::Release)))
    Into.error(V.Where, "only a reference is held and dropped");
  Out.Locks.push_back(std::move(L));
}

namespace {
struct MarkVerb {
  StringRef Name;
  Verb What;
};
constexpr StringLiteral HoldDuring = "hold-during";
constexpr MarkVerb LockVerbs[] = {{"acquire", Verb::Acquire}, {"try", Verb::Try},         {"release", Verb::Release},
                                  {"init", Verb::Init},       {"destroy", Verb::Destroy}, {"wait", Verb::Wait}};
constexpr MarkVerb WaitVerbs[] = {{"wait", Verb::Await},     {"signal", Verb::Signal}, {"hold", Verb::Try},
                                  {HoldDuring, Verb::Try},   {"drop", Verb::Release},  {"init", Verb::Init},
                                  {"destroy", Verb::Destroy}};
} // namespace

// object: 1, or {argument: 1, field: number}
void Loader::readHeldObject(FieldReader &F, LockMark &M) {
  const Value *Given = F.optional("object");
  if (!Given || Given->Is != Value::Kind::Map) {
    M.Lock = F.number("object", 0);
    return;
  }
  FieldReader Part(*Given, "the object of a 'hold-during'", Into);
  Part.required("argument");
  M.Lock = Part.number("argument", 0);
  M.Field = Part.requiredText("field");
  Part.finish();
}

void Loader::readMark(const Value &V, Lock &To) {
  FieldReader F(V, "a mark", Into);
  LockMark M{};
  StringRef Key;
  for (const auto &[Name, What] : To.isLock() ? ArrayRef(LockVerbs) : ArrayRef(WaitVerbs)) {
    if (!F.optional(Name))
      continue;
    if (!Key.empty())
      return Into.error(V.Where, "a mark has one verb, and this one has '" + Key + "' and '" + Name + "'");
    Key = Name;
    M.What = What;
  }
  if (Key.empty())
    return Into.error(
        V.Where, To.isLock() ? "a mark needs a verb: acquire, try, release, init, destroy or wait"
                             : "a mark of what is waited for needs a verb: wait, signal, hold, hold-during, drop, init "
                               "or destroy");
  M.During = Key == HoldDuring;
  if (M.During)
    readHeldObject(F, M);
  else
    M.Lock = F.number(To.isLock() ? "lock" : "object", 0);
  M.Indirect = !M.During && F.boolean("indirect", false);
  M.Where = placeOf(V.Where);
  if (!To.isLock())
    M.LockMode = M.What == Verb::Try ? Mode::Shared : M.What == Verb::Release ? Mode::Any : Mode::Exclusive;
  else if (M.What != Verb::Init && M.What != Verb::Destroy)
    M.LockMode = F.choice<Mode>("mode", {{"exclusive", Mode::Exclusive}, {"shared", Mode::Shared}, {"any", Mode::Any}},
                                Mode::Exclusive);
  if (M.LockMode == Mode::Any && M.What != Verb::Release)
    Into.error(F.optional("mode")->Where, "only a release can be of any mode");
  if (M.What == Verb::Acquire || (M.What == Verb::Try && !M.During) || M.What == Verb::Await)
    readSuccess(F, M.If, M.Returns);
  if (M.What == Verb::Try && To.isLock() && !F.optional("success"))
    Into.error(V.Where,
               "a try needs the key 'success': which return value, zero or nonzero, means that it has the lock");
  for (const Value *Function : F.list(Key)) {
    auto Name = asText(*Function, "a function", Into);
    if (!Name)
      continue;
    // What is held while it runs, and what calls of it do, are two matters.
    auto [Old, New] = Marked.try_emplace(
        (M.During ? "during " + M.Field + " " : "") + *Name + " " + std::to_string(M.Lock), Function->Where);
    if (!New) {
      Into.error(Function->Where, "function '" + *Name + "' is marked twice for its argument " + Twine(M.Lock));
      Into.note(Old->second, "the first mark is here");
      continue;
    }
    M.Function = *Name;
    To.Marks.push_back(M);
  }
  F.finish();
}

} // namespace underlock::model
