// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// YAML to a tree with places; see YamlTree.h.
#include "analyzer/model/YamlTree.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/YAMLParser.h"

using namespace llvm;

namespace underlock::model {

void Messages::error(SMLoc At, const Twine &Text) {
  Failed = true;
  Sources.PrintMessage(Out, At, SourceMgr::DK_Error, Text, {}, {}, Out.has_colors());
}

void Messages::note(SMLoc At, const Twine &Text) {
  Sources.PrintMessage(Out, At, SourceMgr::DK_Note, Text, {}, {}, Out.has_colors());
}

void Messages::error(const Twine &Text) {
  Failed = true;
  Out << "error: " << Text << "\n";
}

namespace {

// Deep enough for any model, shallow enough for any stack: hostile input must not end in a crash.
constexpr unsigned DepthLimit = 64;

std::string folded(StringRef Raw) {
  std::string Out;
  SmallVector<StringRef, 4> Lines;
  Raw.split(Lines, '\n');
  for (StringRef Line : Lines) {
    Line = Lines.size() > 1 ? Line.trim() : Line;
    if (!Out.empty() && !Line.empty())
      Out += ' ';
    Out += Line;
  }
  return Out;
}

class TreeBuilder {
public:
  TreeBuilder(yaml::Stream &From, StringRef Text, Messages &Into) : From(From), Text(Text), Into(Into) {}

  Value build(yaml::Node *N, unsigned Depth) {
    Value V;
    if (!N)
      return V;
    V.Where = start(*N);
    if (Depth > DepthLimit) {
      Into.error(V.Where, "nested too deeply for a model");
      return V;
    }
    if (auto *Scalar = dyn_cast<yaml::ScalarNode>(N)) {
      SmallString<64> Storage;
      V.Is = Value::Kind::Text;
      V.Text = folded(Scalar->getValue(Storage));
    } else if (auto *Block = dyn_cast<yaml::BlockScalarNode>(N)) {
      V.Is = Value::Kind::Text;
      V.Text = folded(Block->getValue());
    } else if (auto *Sequence = dyn_cast<yaml::SequenceNode>(N)) {
      V.Is = Value::Kind::List;
      for (yaml::Node &Item : *Sequence) {
        if (stopped())
          break;
        V.Items.push_back(build(&Item, Depth + 1));
      }
    } else if (auto *Mapping = dyn_cast<yaml::MappingNode>(N)) {
      V.Is = Value::Kind::Map;
      for (yaml::KeyValueNode &Entry : *Mapping) {
        if (stopped())
          break;
        addField(V, Entry, Depth);
      }
    } else if (isa<yaml::AliasNode>(N)) {
      Into.error(V.Where, "a model has no aliases: write the value out");
    }
    return V;
  }

private:
  // The parser takes what follows a bracket for the start of what is in it.
  SMLoc start(const yaml::Node &N) const {
    const char *At = N.getSourceRange().Start.getPointer();
    if (!At || (N.getType() != yaml::Node::NK_Mapping && N.getType() != yaml::Node::NK_Sequence))
      return SMLoc::getFromPointer(At);
    StringRef Before = StringRef(Text.begin(), At - Text.begin()).rtrim();
    return SMLoc::getFromPointer(Before.ends_with("{") || Before.ends_with("[") ? Before.end() - 1 : At);
  }

  // After an error the parser's iterators may hand out the same node for ever.
  bool stopped() const { return From.failed() || Into.failed(); }

  void addField(Value &Map, yaml::KeyValueNode &Entry, unsigned Depth) {
    Value Key = build(Entry.getKey(), Depth + 1);
    if (stopped())
      return;
    Value Content = build(Entry.getValue(), Depth + 1);
    if (Key.Is != Value::Kind::Text) {
      Into.error(Key.Where.isValid() ? Key.Where : Map.Where, "a key must be a word");
      return;
    }
    for (const auto &[Other, Ignored] : Map.Fields)
      if (Other.Text == Key.Text) {
        Into.error(Key.Where, "key '" + Key.Text + "' is given twice");
        Into.note(Other.Where, "the first time is here");
        return;
      }
    if (!Content.Where.isValid())
      Content.Where = Key.Where;
    Map.Fields.push_back({std::move(Key), std::move(Content)});
  }

  yaml::Stream &From;
  StringRef Text; // of the file
  Messages &Into;
};

} // namespace

std::optional<Value> parseYaml(unsigned Buffer, Messages &Into) {
  struct Handler {
    static void handle(const SMDiagnostic &D, void *Context) {
      auto *M = static_cast<Messages *>(Context);
      M->Sources.setDiagHandler(nullptr);
      M->error(D.getLoc(), D.getMessage());
      M->Sources.setDiagHandler(&handle, Context);
    }
  };
  // The stream reports through the manager it is given, which must be ours for the places to be known.
  Into.Sources.setDiagHandler(&Handler::handle, &Into);
  const MemoryBuffer *Text = Into.Sources.getMemoryBuffer(Buffer);
  yaml::Stream Stream(Text->getMemBufferRef(), Into.Sources, /*ShowColors=*/false);
  std::optional<Value> Result;
  auto Document = Stream.begin();
  if (Document != Stream.end() && !Stream.failed())
    if (yaml::Node *Root = Document->getRoot())
      Result = TreeBuilder(Stream, Text->getBuffer(), Into).build(Root, 0);
  if (!Stream.failed() && !Into.failed() && Result)
    if (++Document != Stream.end())
      Into.error(SMLoc::getFromPointer(Text->getBufferStart()), "a model file holds one YAML document");
  Into.Sources.setDiagHandler(nullptr);
  if (Stream.failed() && !Into.failed())
    Into.error(SMLoc::getFromPointer(Text->getBufferStart()), "this is not YAML");
  if (Into.failed())
    return std::nullopt;
  return Result;
}

std::string suggestion(StringRef Name, ArrayRef<StringRef> Known) {
  StringRef Best;
  unsigned BestDistance = std::max<size_t>(2, Name.size() / 3) + 1;
  for (StringRef K : Known)
    if (unsigned D = Name.edit_distance(K, true, BestDistance); D < BestDistance) {
      Best = K;
      BestDistance = D;
    }
  if (!Best.empty())
    return (", did you mean '" + Best + "'?").str();
  return Known.empty() ? "; none is known" : "; known are " + join(Known, ", ");
}

std::optional<std::string> asText(const Value &V, StringRef What, Messages &Into) {
  if (V.Is == Value::Kind::Text && !V.Text.empty())
    return V.Text;
  Into.error(V.Where, What + " must be " + (V.Is == Value::Kind::Text ? "a text that is not empty" : "a text"));
  return std::nullopt;
}

std::optional<unsigned> asNumber(const Value &V, StringRef What, Messages &Into) {
  unsigned Number;
  if (V.Is == Value::Kind::Text && !StringRef(V.Text).getAsInteger(10, Number))
    return Number;
  Into.error(V.Where, What + " must be a number, counted from 0");
  return std::nullopt;
}

FieldReader::FieldReader(const Value &Map, StringRef What, Messages &Into) : Map(Map), What(What), Into(Into) {
  if (Map.Is != Value::Kind::Map)
    Into.error(Map.Where, What + " must be a map of keys and values");
}

const Value *FieldReader::optional(StringRef Key) {
  if (!is_contained(Asked, Key))
    Asked.push_back(Key);
  for (const auto &[K, V] : Map.Fields)
    if (K.Text == Key)
      return &V;
  return nullptr;
}

const Value *FieldReader::required(StringRef Key) {
  const Value *V = optional(Key);
  if (!V && Map.Is == Value::Kind::Map)
    Into.error(Map.Where, What + " needs the key '" + Key + "'");
  return V;
}

std::string FieldReader::text(StringRef Key) {
  const Value *V = optional(Key);
  return V ? asText(*V, Key, Into).value_or("") : "";
}

std::string FieldReader::requiredText(StringRef Key) {
  const Value *V = required(Key);
  return V ? asText(*V, Key, Into).value_or("") : "";
}

bool FieldReader::boolean(StringRef Key, bool Default) {
  return choice<bool>(Key, {{"true", true}, {"false", false}}, Default);
}

unsigned FieldReader::number(StringRef Key, unsigned Default) {
  const Value *V = optional(Key);
  return V ? asNumber(*V, Key, Into).value_or(Default) : Default;
}

std::vector<const Value *> FieldReader::list(StringRef Key) {
  std::vector<const Value *> Out;
  const Value *V = optional(Key);
  if (!V || V->Is == Value::Kind::Empty)
    return Out;
  if (V->Is != Value::Kind::List)
    return {V};
  for (const Value &Item : V->Items)
    Out.push_back(&Item);
  return Out;
}

std::vector<std::string> FieldReader::texts(StringRef Key) {
  std::vector<std::string> Out;
  for (const Value *V : list(Key))
    if (auto Text = asText(*V, Key, Into))
      Out.push_back(*Text);
  return Out;
}

void FieldReader::finish() {
  for (const auto &[Key, V] : Map.Fields)
    if (!is_contained(Asked, Key.Text))
      Into.error(Key.Where, "unknown key '" + Key.Text + "' in " + What + suggestion(Key.Text, Asked));
}

} // namespace underlock::model
