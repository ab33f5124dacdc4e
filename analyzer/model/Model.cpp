// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Model files to a Model: the keys and their values, `extends`, and what must hold over the merged whole (ids unique,
// references resolved, no function marked twice). The format is described in analyzer/models/README.md; YAML itself is
// YamlTree's matter.
#include "analyzer/model/Model.h"
#include "analyzer/model/YamlTree.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/GlobPattern.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace underlock::model {
namespace {

constexpr StringRef FormatVersion = "1";

// Reads files into one Model. References are collected and resolved at the end, when all files have been merged.
class Loader {
public:
  Loader(StringRef ShippedDir, Messages &Into) : ShippedDir(ShippedDir), Into(Into) {}

  void loadNamed(StringRef Name, StringRef Base, SMLoc From);
  void loadBuffer(std::unique_ptr<MemoryBuffer> Text, SMLoc From);
  std::optional<Model> finish();

private:
  void readModel(const Value &Root, StringRef Path);
  void readNames(FieldReader &F, StringRef Key, std::vector<std::string> &To);
  void readIgnore(const Value &V);
  void readSeeThrough(const Value &V);
  void readLock(const Value &V);
  void readMark(const Value &V, Lock &To);
  void readSuccess(FieldReader &F, LockMark &To);
  void readEvent(const Value &V);
  void readPhase(const Value &V);
  void readInterval(FieldReader &F, const Value &V, StringRef What, Point &From, Point &To, bool &FromStart);
  void readDelegation(const Value &V);
  void readDelegate(const Value &V, StringRef What, StringRef Id, std::pair<StringRef, Part> Begin,
                    std::pair<StringRef, Part> End);
  void readContract(const Value &V);
  std::optional<Point> readPoint(const Value &V);
  std::optional<Point> readEndpoint(const Value &V, bool &FromStart);
  void resolveReferences();

  Place placeOf(SMLoc At) const;
  void define(StringRef Kind, StringRef Id, SMLoc At);
  void fail(SMLoc At, const Twine &Text) { At.isValid() ? Into.error(At, Text) : Into.error(Text); }

  struct Reference {
    StringRef Kind; // as given to define()
    std::string Id;
    SMLoc Where;
  };

  StringRef ShippedDir;
  Messages &Into;
  Model Out;
  StringMap<SMLoc> Defined; // "event vf-remove"
  StringMap<SMLoc> Marked;  // "mutex_lock 0"
  std::vector<Reference> References;
  std::vector<std::string> Loaded; // real paths
  std::vector<std::string> Loading;
};

Place Loader::placeOf(SMLoc At) const {
  unsigned Buffer = Into.Sources.FindBufferContainingLoc(At);
  if (!Buffer)
    return {};
  auto [Line, Column] = Into.Sources.getLineAndColumn(At, Buffer);
  return {Into.Sources.getMemoryBuffer(Buffer)->getBufferIdentifier().str(), Line, Column};
}

void Loader::define(StringRef Kind, StringRef Id, SMLoc At) {
  if (Id.empty()) // has been reported as missing
    return;
  auto [Old, New] = Defined.try_emplace((Kind + " " + Id).str(), At);
  if (New)
    return;
  Into.error(At, Kind + " '" + Id + "' is defined twice");
  Into.note(Old->second, "the first definition is here");
}

void Loader::loadNamed(StringRef Name, StringRef Base, SMLoc From) {
  bool IsPath = Name.contains('/') || Name.ends_with(".yaml");
  SmallString<128> Path;
  if (IsPath) {
    if (!sys::path::is_absolute(Name))
      Path = Base;
    sys::path::append(Path, Name);
    sys::fs::make_absolute(Path);
    sys::path::remove_dots(Path, /*remove_dot_dot=*/true);
  } else {
    Path = ShippedDir;
    sys::path::append(Path, Name + ".yaml");
  }
  if (is_contained(Loading, Path.str()))
    return fail(From, "model '" + Name + "' extends itself");
  if (is_contained(Loaded, Path.str()))
    return;
  auto Text = MemoryBuffer::getFile(Path, /*IsText=*/true);
  if (!Text) {
    std::string Hint = IsPath ? "" : "; a model of your own is named by a path with a '/' or by its .yaml";
    return fail(From, "cannot read the model '" + Name + "': " + Path + ": " + Text.getError().message() + Hint);
  }
  Loading.push_back(Path.str().str());
  loadBuffer(std::move(*Text), From);
  Loading.pop_back();
  Loaded.push_back(Path.str().str());
}

void Loader::loadBuffer(std::unique_ptr<MemoryBuffer> Text, SMLoc From) {
  std::string Path = Text->getBufferIdentifier().str();
  unsigned Buffer = Into.Sources.AddNewSourceBuffer(std::move(Text), From);
  std::optional<Value> Root = parseYaml(Buffer, Into);
  if (Root && Root->Is == Value::Kind::Map)
    readModel(*Root, Path);
  else if (!Into.failed())
    fail(From, Path + ": a model file is a map of keys and values, and this file is " + (Root ? "not" : "empty"));
}

void Loader::readModel(const Value &Root, StringRef Path) {
  FieldReader F(Root, "a model", Into);
  if (const Value *Version = F.required("underlock"); Version && Version->Text != FormatVersion)
    return Into.error(Version->Where, "this model is written in version '" + Version->Text +
                                          "' of the format; this Underlock reads version " + FormatVersion);
  std::string Name = F.requiredText("name");
  StringRef Base = sys::path::parent_path(Path);
  for (const Value *V : F.list("extends"))
    if (auto Other = asText(*V, "extends", Into))
      loadNamed(*Other, Base, V->Where);
  // The names of what is extended are said by `extends`; the paths are all there.
  if (Loading.size() <= 1)
    Out.Name += (Out.Name.empty() ? "" : "+") + Name;
  Out.Paths.push_back(Path.str());
  Out.About = F.text("about");

  Out.Who = F.choice<Threads>("threads", {{"themselves", Threads::Themselves}, {"any", Threads::Any}}, Out.Who);
  for (const Value *V : F.list("themselves-during"))
    if (auto Phase = asText(*V, "themselves-during", Into)) {
      References.push_back({"phase", *Phase, V->Where});
      Out.ThemselvesDuring.push_back(*Phase);
    }
  readNames(F, "lock-types", Out.LockTypes);
  readNames(F, "boundaries", Out.Boundaries);
  for (const Value *V : F.list("see-through"))
    readSeeThrough(*V);
  for (const Value *V : F.list("ignore"))
    readIgnore(*V);
  for (const Value *V : F.list("locks"))
    readLock(*V);
  for (const Value *V : F.list("events"))
    readEvent(*V);
  for (const Value *V : F.list("phases"))
    readPhase(*V);
  for (const Value *V : F.list("delegations"))
    readDelegation(*V);
  for (const Value *V : F.list("contracts"))
    readContract(*V);
  F.finish();
}

void Loader::readNames(FieldReader &F, StringRef Key, std::vector<std::string> &To) {
  for (const Value *V : F.list(Key)) {
    std::optional<std::string> Name = asText(*V, Key, Into);
    if (Name && is_contained(To, *Name))
      Out.Repeats.push_back({placeOf(V->Where), ("'" + Twine(*Name) + "' is among the " + Key + " already").str()});
    else if (Name)
      To.push_back(*Name);
  }
}

void Loader::readIgnore(const Value &V) {
  FieldReader F(V, "an ignore entry", Into);
  Ignore I;
  I.File = F.text("file");
  I.Function = F.text("function");
  I.Why = F.requiredText("why");
  I.Where = placeOf(V.Where);
  if (I.File.empty() == I.Function.empty() && V.Is == Value::Kind::Map)
    Into.error(V.Where, "an ignore entry names either a 'file' or a 'function'");
  if (auto Glob = GlobPattern::create(I.File); !Glob)
    Into.error(F.optional("file")->Where, "'" + I.File + "' is no pattern: " + toString(Glob.takeError()));
  F.finish();
  Out.Ignores.push_back(std::move(I));
}

void Loader::readSeeThrough(const Value &V) {
  FieldReader F(V, "a see-through entry", Into);
  SeeThrough S;
  S.Function = F.requiredText("function");
  S.Argument = F.number("argument", 0);
  S.Where = placeOf(V.Where);
  F.finish();
  Out.SeeThroughs.push_back(std::move(S));
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
void Loader::readSuccess(FieldReader &F, LockMark &To) {
  const Value *Given = F.optional("success");
  if (!Given)
    return;
  std::vector<const Value *> Values = F.list("success");
  for (const Value *V : Values) {
    int64_t Number = 0;
    if (V->Is == Value::Kind::Text && V->Text == "nonzero" && Values.size() == 1)
      To.If = Success::NonZero;
    else if (V->Is == Value::Kind::Text && (V->Text == "zero" || !StringRef(V->Text).getAsInteger(10, Number)))
      To.Returns.push_back(Number);
    else
      Into.error(V->Where, "unknown success '" + V->Text + "': it is nonzero, or zero, or a number that the function " +
                               "returns, or a list of zero and numbers");
  }
  if (!To.Returns.empty())
    To.If = Success::OneOf;
  else if (Values.empty())
    Into.error(Given->Where, "success is zero, nonzero, a number, or a list of these, and this is empty");
}

void Loader::readMark(const Value &V, Lock &To) {
  static constexpr std::pair<StringRef, Verb> Verbs[] = {{"acquire", Verb::Acquire}, {"try", Verb::Try},
                                                         {"release", Verb::Release}, {"init", Verb::Init},
                                                         {"destroy", Verb::Destroy}, {"wait", Verb::Wait}};
  FieldReader F(V, "a mark", Into);
  LockMark M{};
  StringRef Key;
  for (const auto &[Name, What] : Verbs) {
    if (!F.optional(Name))
      continue;
    if (!Key.empty())
      return Into.error(V.Where, "a mark has one verb, and this one has '" + Key + "' and '" + Name + "'");
    Key = Name;
    M.What = What;
  }
  if (Key.empty())
    return Into.error(V.Where, "a mark needs a verb: acquire, try, release, init, destroy or wait");
  M.Lock = F.number("lock", 0);
  M.Indirect = F.boolean("indirect", false);
  M.Where = placeOf(V.Where);
  if (M.What != Verb::Init && M.What != Verb::Destroy)
    M.LockMode = F.choice<Mode>("mode", {{"exclusive", Mode::Exclusive}, {"shared", Mode::Shared}, {"any", Mode::Any}},
                                Mode::Exclusive);
  if (M.LockMode == Mode::Any && M.What != Verb::Release)
    Into.error(F.optional("mode")->Where, "only a release can be of any mode");
  if (M.What == Verb::Acquire || M.What == Verb::Try)
    readSuccess(F, M);
  if (M.What == Verb::Try && !F.optional("success"))
    Into.error(V.Where,
               "a try needs the key 'success': which return value, zero or nonzero, means that it has the lock");
  for (const Value *Function : F.list(Key)) {
    auto Name = asText(*Function, "a function", Into);
    if (!Name)
      continue;
    auto [Old, New] = Marked.try_emplace(*Name + " " + std::to_string(M.Lock), Function->Where);
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

// {entry: F} {exit: F} {before-call: F, in: G} {after-call: F, in: G}
std::optional<Point> Loader::readPoint(const Value &V) {
  static constexpr std::pair<StringRef, Point::Kind> Kinds[] = {{"entry", Point::Kind::Entry},
                                                                {"exit", Point::Kind::Exit},
                                                                {"before-call", Point::Kind::BeforeCall},
                                                                {"after-call", Point::Kind::AfterCall}};
  FieldReader F(V, "a point", Into);
  Point P;
  unsigned Found = 0;
  for (const auto &[Name, At] : Kinds)
    if (std::string Function = F.text(Name); !Function.empty()) {
      P.At = At;
      P.Function = Function;
      ++Found;
    }
  if (P.At == Point::Kind::BeforeCall || P.At == Point::Kind::AfterCall)
    P.In = F.text("in");
  F.finish();
  if (Found == 1)
    return P;
  if (V.Is == Value::Kind::Map)
    Into.error(V.Where, "a point is one of 'entry', 'exit', 'before-call' and 'after-call'");
  return std::nullopt;
}

void Loader::readEvent(const Value &V) {
  FieldReader F(V, "an event", Into);
  Event E;
  E.Id = F.requiredText("id");
  E.Where = placeOf(V.Where);
  define("event", E.Id, V.Where);
  E.What = F.text("what");
  std::string Entry = F.text("entry"), Call = F.text("call");
  E.At = {Call.empty() ? Point::Kind::Entry : Point::Kind::BeforeCall, Call.empty() ? Entry : Call, ""};
  if (!Call.empty())
    E.At.In = F.text("in");
  if (Entry.empty() == Call.empty())
    Into.error(V.Where, "an event is at the 'entry' of a function or at a 'call' of one: give one of the two");
  for (const Value *O : F.list("objects"))
    if (auto Number = asNumber(*O, "an object", Into))
      E.Objects.push_back(*Number);
  if (E.Objects.size() > 4)
    Into.error(F.optional("objects")->Where, "an event has four objects at most");
  E.Why = F.text("why");
  E.See = F.text("see");
  F.finish();
  Out.Events.push_back(std::move(E));
}

std::optional<Point> Loader::readEndpoint(const Value &V, bool &FromStart) {
  FromStart = V.Is == Value::Kind::Text && V.Text == "start";
  if (FromStart)
    return Point();
  return readPoint(V);
}

// {function: F} {call: F, in: G} {begin: POINT, end: POINT}
void Loader::readInterval(FieldReader &F, const Value &V, StringRef What, Point &From, Point &To, bool &FromStart) {
  std::string Function = F.text("function"), Call = F.text("call");
  const Value *Begin = F.optional("begin"), *End = F.optional("end");
  if (!Function.empty() + !Call.empty() + (Begin || End) != 1)
    Into.error(V.Where, What + " is a 'function', or a 'call', or a 'begin' and an 'end': give one of the three");
  if (!Function.empty()) {
    From = {Point::Kind::Entry, Function, ""};
    To = {Point::Kind::Exit, Function, ""};
  } else if (!Call.empty()) {
    std::string In = F.text("in");
    From = {Point::Kind::BeforeCall, Call, In};
    To = {Point::Kind::AfterCall, Call, In};
  } else if (Begin || End) {
    F.required("begin");
    F.required("end");
    if (Begin)
      From = readEndpoint(*Begin, FromStart).value_or(Point());
    if (End)
      To = readPoint(*End).value_or(Point());
  }
}

void Loader::readPhase(const Value &V) {
  FieldReader F(V, "a phase", Into);
  Phase P;
  P.Id = F.requiredText("id");
  P.Where = placeOf(V.Where);
  define("phase", P.Id, V.Where);
  P.Why = F.text("why");
  readInterval(F, V, "a phase", P.Begin, P.End, P.FromStart);
  F.finish();
  Out.Phases.push_back(std::move(P));
}

void Loader::readDelegation(const Value &V) {
  FieldReader F(V, "a delegation", Into);
  Delegation D;
  D.Id = F.requiredText("id");
  D.Where = placeOf(V.Where);
  define("delegation", D.Id, V.Where);
  D.Why = F.text("why");
  F.required("waiter");
  F.required("worker");
  for (const Value *Waiter : F.list("waiter"))
    readDelegate(*Waiter, "a waiter", D.Id, {"waits", Part::Waits}, {"waited", Part::Waited});
  for (const Value *Worker : F.list("worker"))
    readDelegate(*Worker, "a worker", D.Id, {"works", Part::Works}, {"worked", Part::Worked});
  F.finish();
  Out.Delegations.push_back(std::move(D));
}

// One side of a delegation, as two events.
void Loader::readDelegate(const Value &V, StringRef What, StringRef Id, std::pair<StringRef, Part> Begin,
                          std::pair<StringRef, Part> End) {
  FieldReader F(V, What, Into);
  Event From, To;
  bool FromStart = false;
  readInterval(F, V, What, From.At, To.At, FromStart);
  F.required("object");
  From.Objects.push_back(F.number("object", 0));
  F.finish();
  if (FromStart || From.At.At == Point::Kind::Exit)
    Into.error(V.Where, What + " begins where its object is an argument: at an entry, or before or after a call");
  for (auto [E, Name, Is] : {std::tuple(&From, Begin.first, Begin.second), std::tuple(&To, End.first, End.second)}) {
    E->Id = (Id + ":" + Name).str();
    E->Is = Is;
    E->Of = Out.Delegations.size();
    E->Where = placeOf(V.Where);
    Out.Events.push_back(std::move(*E));
  }
}

void Loader::readContract(const Value &V) {
  FieldReader F(V, "a contract", Into);
  Contract C;
  C.Id = F.requiredText("id");
  C.Where = placeOf(V.Where);
  define("contract", C.Id, V.Where);
  C.Event = F.requiredText("event");
  if (const Value *E = F.optional("event"); E && !C.Event.empty())
    References.push_back({"event", C.Event, E->Where});
  C.Requires = F.texts("requires");
  C.Forbids = F.texts("forbids");
  if (C.Requires.empty() && C.Forbids.empty() && V.Is == Value::Kind::Map)
    Into.error(V.Where, "a contract says which lock its event 'requires' or 'forbids'");
  C.RequiredMode = F.choice<Mode>("mode", {{"exclusive", Mode::Exclusive}, {"any", Mode::Any}}, Mode::Any);
  for (const Value *P : F.list("except-during"))
    if (auto Id = asText(*P, "except-during", Into)) {
      References.push_back({"phase", *Id, P->Where});
      C.ExceptDuring.push_back(*Id);
    }
  C.Level = F.choice<Severity>("severity",
                               {{"error", Severity::Error}, {"warning", Severity::Warning}, {"note", Severity::Note}},
                               Severity::Error);
  C.Why = F.requiredText("why");
  C.See = F.text("see");
  F.finish();
  Out.Contracts.push_back(std::move(C));
}

void Loader::resolveReferences() {
  for (const Reference &R : References) {
    if (Defined.contains((R.Kind + " " + R.Id).str()))
      continue;
    SmallVector<StringRef, 16> Known;
    for (const auto &Entry : Defined)
      if (StringRef Name = Entry.getKey(); Name.consume_front(R.Kind) && Name.consume_front(" "))
        Known.push_back(Name);
    sort(Known);
    Into.error(R.Where, "unknown " + R.Kind + " '" + R.Id + "'" + suggestion(R.Id, Known));
  }
}

std::optional<Model> Loader::finish() {
  // A file that could not be read leaves references open; its own error says enough.
  if (!Into.failed())
    resolveReferences();
  if (Into.failed())
    return std::nullopt;
  return std::move(Out);
}

template <typename T> const T *findById(const std::vector<T> &In, StringRef Id) {
  auto It = find_if(In, [&](const T &E) { return E.Id == Id; });
  return It == In.end() ? nullptr : &*It;
}

} // namespace

const Lock *Model::findLock(StringRef Id) const { return findById(Locks, Id); }
const Event *Model::findEvent(StringRef Id) const { return findById(Events, Id); }
const Phase *Model::findPhase(StringRef Id) const { return findById(Phases, Id); }

std::optional<Model> load(const std::vector<std::string> &Names, StringRef ShippedDir, raw_ostream &Errors) {
  Messages Into(Errors);
  Loader L(ShippedDir, Into);
  if (Names.empty())
    Into.error("no model is given");
  for (const std::string &Name : Names)
    L.loadNamed(Name, "", SMLoc());
  return L.finish();
}

std::optional<Model> parse(StringRef Text, StringRef FileName, StringRef ShippedDir, raw_ostream &Errors) {
  Messages Into(Errors);
  Loader L(ShippedDir, Into);
  L.loadBuffer(MemoryBuffer::getMemBufferCopy(Text, FileName), SMLoc());
  return L.finish();
}

} // namespace underlock::model
