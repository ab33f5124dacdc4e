// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Model files to a Model: files, `extends`, a file's top level, and what must hold over the merged whole (ids unique,
// references resolved). What the entries of its lists say is LockEntries.cpp's and PointEntries.cpp's matter.
#include "analyzer/model/Loader.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/GlobPattern.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace underlock::model {

static constexpr StringRef FormatVersion = "1";

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
  auto Text = open(Path);
  if (!Text) {
    std::string Hint = IsPath ? "" : "; a model of your own is named by a path with a '/' or by its .yaml";
    return fail(From, "cannot read the model '" + Name + "': " + Path + ": " + Text.getError().message() + Hint);
  }
  Loading.push_back(Path.str().str());
  loadBuffer(std::move(*Text), From);
  Loading.pop_back();
  Loaded.push_back(Path.str().str());
}

ErrorOr<std::unique_ptr<MemoryBuffer>> Loader::open(StringRef Path) const {
  if (!Files)
    return MemoryBuffer::getFile(Path, /*IsText=*/true);
  auto It = Files->find(Path.str());
  if (It == Files->end())
    return std::make_error_code(std::errc::no_such_file_or_directory);
  return MemoryBuffer::getMemBufferCopy(It->second, Path);
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
  for (const Value *V : F.list("frees"))
    readFree(*V);
  for (const Value *V : F.list("task-ends"))
    if (std::optional<Point> At = readPoint(*V))
      Out.TaskEnds.push_back({std::move(*At), placeOf(V->Where)});
  for (const Value *V : F.list("locks"))
    readLock(*V);
  for (const Value *V : F.list("waits"))
    readWait(*V);
  for (const Value *V : F.list("events"))
    readEvent(*V);
  for (const Value *V : F.list("phases"))
    readPhase(*V);
  for (const Value *V : F.list("delegations"))
    readDelegation(*V);
  for (const Value *V : F.list("grace-periods"))
    readGracePeriod(*V);
  for (const Value *V : F.list("lifetimes"))
    readLifetime(*V);
  for (const Value *V : F.list("contracts"))
    readContract(*V);
  readPolicy(
      F, [this](SMLoc At) { return placeOf(At); }, Into, Out.Gate);
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
  Out.ShippedDir = ShippedDir.str();
  return std::move(Out);
}

bool Lock::isHeldDuring() const {
  return any_of(Marks, [](const LockMark &M) { return M.During; });
}

template <typename T> static const T *findById(const std::vector<T> &In, StringRef Id) {
  auto It = find_if(In, [&](const T &E) { return E.Id == Id; });
  return It == In.end() ? nullptr : &*It;
}

const Lock *Model::findLock(StringRef Id) const { return findById(Locks, Id); }
const Event *Model::findEvent(StringRef Id) const { return findById(Events, Id); }
const Phase *Model::findPhase(StringRef Id) const { return findById(Phases, Id); }

std::optional<Model> load(const std::vector<std::string> &Names, StringRef ShippedDir, raw_ostream &Errors,
                          const std::map<std::string, std::string> *Files) {
  Messages Into(Errors);
  Loader L(ShippedDir, Into, Files);
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
