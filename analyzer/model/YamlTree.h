// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A YAML document as a small tree whose every node knows its place, and the reading of mappings key by key.
//
// LLVM's YAML parser hands a document out once, in order. Model.cpp wants to look keys up in its own order and to
// complain, with line, column and caret, about what nobody asked for; this file is what stands between the two.
// It knows YAML, and nothing of what a model is.
#ifndef UNDERLOCK_ANALYZER_MODEL_YAMLTREE_H
#define UNDERLOCK_ANALYZER_MODEL_YAMLTREE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace underlock::model {

struct Field;

struct Value {
  enum class Kind { Empty, Text, List, Map } Is = Kind::Empty;
  llvm::SMLoc Where;
  std::string Text;          // line breaks of a folded text are single spaces
  std::vector<Value> Items;  // of a list
  std::vector<Field> Fields; // of a map, in the file's order
};

struct Field {
  Value Key, Content;
};

// Where messages go. Owns the texts of all files that were read, so that any place can be shown until it is destroyed.
class Messages {
public:
  explicit Messages(llvm::raw_ostream &Out) : Out(Out) {}
  void error(llvm::SMLoc At, const llvm::Twine &Text);
  void note(llvm::SMLoc At, const llvm::Twine &Text);
  // An error that has no place in a file.
  void error(const llvm::Twine &Text);
  bool failed() const { return Failed; }

  llvm::SourceMgr Sources;
  llvm::raw_ostream &Out;

private:
  bool Failed = false;
};

// Parses the one document of a buffer of `Into.Sources`; nothing when it is not YAML (which has been reported).
std::optional<Value> parseYaml(unsigned Buffer, Messages &Into);

// ", did you mean 'x'?" when a known name is near; else "; known are a, b, c".
std::string suggestion(llvm::StringRef Name, llvm::ArrayRef<llvm::StringRef> Known);

// Reads one map. The keys that were asked for are the known ones; finish() reports the others.
class FieldReader {
public:
  // `What` names the map in messages: "a lock".
  FieldReader(const Value &Map, llvm::StringRef What, Messages &Into);

  const Value *optional(llvm::StringRef Key);
  const Value *required(llvm::StringRef Key);

  // These return their default when the key is absent or its value unfit (which has been reported).
  std::string text(llvm::StringRef Key);
  std::string requiredText(llvm::StringRef Key);
  bool boolean(llvm::StringRef Key, bool Default);
  unsigned number(llvm::StringRef Key, unsigned Default);
  std::vector<const Value *> list(llvm::StringRef Key); // of anything; one item may stand without brackets
  std::vector<std::string> texts(llvm::StringRef Key);
  template <typename T> T choice(llvm::StringRef Key, llvm::ArrayRef<std::pair<llvm::StringRef, T>> Known, T Default) {
    const Value *V = optional(Key);
    if (!V)
      return Default;
    llvm::SmallVector<llvm::StringRef, 8> Names;
    for (const auto &[Name, Meaning] : Known) {
      if (V->Is == Value::Kind::Text && V->Text == Name)
        return Meaning;
      Names.push_back(Name);
    }
    Into.error(V->Where, "unknown " + Key + " '" + V->Text + "'" + suggestion(V->Text, Names));
    return Default;
  }

  llvm::SMLoc where() const { return Map.Where; }
  void finish();

private:
  const Value &Map;
  std::string What;
  Messages &Into;
  llvm::SmallVector<llvm::StringRef, 16> Asked;
};

// A text value, or nothing (reported, as `What`).
std::optional<std::string> asText(const Value &V, llvm::StringRef What, Messages &Into);
std::optional<unsigned> asNumber(const Value &V, llvm::StringRef What, Messages &Into);

} // namespace underlock::model

#endif
