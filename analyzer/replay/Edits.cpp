// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Edits from text and from YAML.
#include "analyzer/replay/Edits.h"
#include "analyzer/model/YamlTree.h"
#include "analyzer/replay/Recording.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace underlock;
using llvm::StringRef;

// The first colon that is no part of a `::`.
static size_t singleColon(StringRef Text) {
  for (size_t I = 0; I < Text.size(); ++I)
    if (Text[I] == ':') {
      if (I + 1 < Text.size() && Text[I + 1] == ':')
        ++I;
      else
        return I;
    }
  return StringRef::npos;
}

std::optional<Around> underlock::parseAround(StringRef Text) {
  Around A;
  size_t Colon = singleColon(Text);
  StringRef Inside = Colon == StringRef::npos ? "" : Text.drop_front(Colon + 1).trim();
  A.Function = Text.take_front(Colon).trim().str();
  if (A.Function.empty() || (Colon != StringRef::npos && Inside.empty()))
    return std::nullopt;
  // `f->g` loses its `>` and what is behind it to the shell.
  if (StringRef(A.Function).ends_with("-"))
    return std::nullopt;
  if (!Inside.empty() && Inside.getAsInteger(10, A.Line))
    A.Callee = Inside.str();
  return A;
}

std::string Around::text() const {
  if (!Callee.empty())
    return "the call of " + asCall(Callee) + " in " + asCall(Function);
  if (Line)
    return "line " + std::to_string(Line) + " of " + asCall(Function);
  return asCall(Function);
}

std::string Edit::text() const {
  std::string Shared = Mode == model::Mode::Shared ? " (shared)" : "";
  switch (What) {
  case Kind::Take:
    return (Where.isCall() ? Where.text() + " is made under " : Where.text() + " takes ") + Lock + Shared;
  case Kind::Drop:
    if (Where.everywhere())
      return "nobody takes " + Lock;
    return (Where.isCall() ? "nothing in " + Where.text() + " takes " : Where.text() + " does not take ") + Lock;
  case Kind::Recursive:
    break;
  }
  return Lock + " can be taken again by its holder";
}

static void readEdit(const model::Value &V, std::vector<Edit> &Out, model::Messages &Into) {
  model::FieldReader F(V, "an edit", Into);
  const std::pair<StringRef, Edit::Kind> Kinds[] = {
      {"take", Edit::Kind::Take}, {"drop", Edit::Kind::Drop}, {"make-recursive", Edit::Kind::Recursive}};
  Edit E;
  unsigned Given = 0;
  for (const auto &[Key, Kind] : Kinds)
    if (F.optional(Key)) {
      E.What = Kind;
      E.Lock = F.text(Key);
      ++Given;
    }
  if (Given != 1 && V.Is == model::Value::Kind::Map)
    Into.error(V.Where, "an edit has one of the keys 'take', 'drop' and 'make-recursive'");
  std::vector<std::string> Places;
  if (E.What != Edit::Kind::Recursive)
    Places = F.texts("around");
  if (E.What == Edit::Kind::Take) {
    F.required("around");
    E.Mode = F.choice<model::Mode>("mode", {{"exclusive", model::Mode::Exclusive}, {"shared", model::Mode::Shared}},
                                   model::Mode::Exclusive);
  }
  F.finish();
  if (Places.empty() && E.What != Edit::Kind::Take)
    Out.push_back(E);
  for (const std::string &Place : Places) {
    std::optional<Around> Where = parseAround(Place);
    if (!Where) {
      Into.error(V.Where, "'" + Place + "' is no place: it is FUNCTION, FUNCTION:CALLEE or FUNCTION:LINE");
      continue;
    }
    E.Where = *Where;
    Out.push_back(E);
  }
}

static bool readBuffer(std::unique_ptr<llvm::MemoryBuffer> Text, std::vector<Edit> &Out, llvm::raw_ostream &Errors) {
  model::Messages Into(Errors);
  unsigned Buffer = Into.Sources.AddNewSourceBuffer(std::move(Text), llvm::SMLoc());
  std::optional<model::Value> Root = model::parseYaml(Buffer, Into);
  if (!Root)
    return false;
  model::FieldReader F(*Root, "a file of edits", Into);
  F.required("edits");
  for (const model::Value *V : F.list("edits"))
    readEdit(*V, Out, Into);
  F.finish();
  if (!Into.failed() && Out.empty())
    Into.error(Root->Where, "there is no edit in this file");
  return !Into.failed();
}

bool underlock::readEdits(StringRef Path, std::vector<Edit> &Out, llvm::raw_ostream &Errors) {
  auto Text = llvm::MemoryBuffer::getFile(Path, /*IsText=*/true);
  if (!Text) {
    Errors << "underlock: error: " << Path << ": cannot read the edits: " << Text.getError().message() << '\n';
    return false;
  }
  std::vector<Edit> Read;
  if (!readBuffer(std::move(*Text), Read, Errors))
    return false;
  Out.insert(Out.end(), Read.begin(), Read.end());
  return true;
}

bool underlock::parseEdits(StringRef Text, StringRef Name, std::vector<Edit> &Out, llvm::raw_ostream &Errors) {
  return readBuffer(llvm::MemoryBuffer::getMemBufferCopy(Text, Name), Out, Errors);
}
