// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Model files to a Model: one function for each kind of entry. A new section of the format is a function here, its body
// in a file of entries, and a line in readModel().
//
// The format is described in analyzer/models/README.md; YAML itself is YamlTree's matter.
#ifndef UNDERLOCK_ANALYZER_MODEL_LOADER_H
#define UNDERLOCK_ANALYZER_MODEL_LOADER_H

#include "analyzer/model/Model.h"
#include "analyzer/model/YamlTree.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/ErrorOr.h"
#include "llvm/Support/MemoryBuffer.h"

namespace underlock::model {

// Reads files into one Model. References are collected and resolved at the end, when all files have been merged.
class Loader {
public:
  using Texts = std::map<std::string, std::string>; // by path
  Loader(llvm::StringRef ShippedDir, Messages &Into, const Texts *Files = nullptr)
      : ShippedDir(ShippedDir), Into(Into), Files(Files) {}

  void loadNamed(llvm::StringRef Name, llvm::StringRef Base, llvm::SMLoc From);
  void loadBuffer(std::unique_ptr<llvm::MemoryBuffer> Text, llvm::SMLoc From);
  std::optional<Model> finish();

private:
  void readModel(const Value &Root, llvm::StringRef Path);
  void readNames(FieldReader &F, llvm::StringRef Key, std::vector<std::string> &To);
  void readIgnore(const Value &V);
  void readSeeThrough(const Value &V);
  void readFree(const Value &V);
  void readLock(const Value &V);
  void readWait(const Value &V);
  void readMark(const Value &V, Lock &To);
  void readHeldObject(FieldReader &F, LockMark &M);
  void readSuccess(FieldReader &F, Success &If, std::vector<int64_t> &Returns);
  void readEvent(const Value &V);
  Point readEventPoint(FieldReader &F, llvm::SMLoc Where);
  void readPhase(const Value &V);
  void readTitle(FieldReader &F, Phase &To);
  void readInterval(FieldReader &F, const Value &V, llvm::StringRef What, Point &From, Point &To, bool &FromStart);
  void readDelegation(const Value &V);
  void readDelegate(const Value &V, llvm::StringRef What, llvm::StringRef Id, std::pair<llvm::StringRef, Part> Begin,
                    std::pair<llvm::StringRef, Part> End);
  void readGracePeriod(const Value &V);
  unsigned readReadSides(FieldReader &F);
  void readLifetime(const Value &V);
  struct LifeVerb;
  static llvm::ArrayRef<LifeVerb> lifeVerbs(bool OfLifetime);
  Life readLifeMark(const Value &V, llvm::StringRef Id, unsigned Of, bool OfLifetime);
  void readLifeObjects(FieldReader &F, const Value &V, const LifeVerb &Is, Event &To);
  std::optional<unsigned> readLifeArgument(FieldReader &F, llvm::StringRef Key, bool MayReturn);
  bool readLifePoint(const Value &Function, Point::Kind Usual, Event &To);
  void readContract(const Value &V);
  void readPhases(FieldReader &F, llvm::StringRef Key, std::vector<std::string> &Ids);
  static Severity readSeverity(FieldReader &F);
  std::optional<Point> readPoint(const Value &V);
  std::optional<Point> readEndpoint(const Value &V, bool &FromStart);
  void resolveReferences();
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> open(llvm::StringRef Path) const;

  Place placeOf(llvm::SMLoc At) const;
  void define(llvm::StringRef Kind, llvm::StringRef Id, llvm::SMLoc At);
  void fail(llvm::SMLoc At, const llvm::Twine &Text) { At.isValid() ? Into.error(At, Text) : Into.error(Text); }

  struct Reference {
    llvm::StringRef Kind; // as given to define()
    std::string Id;
    llvm::SMLoc Where;
  };

  llvm::StringRef ShippedDir;
  Messages &Into;
  const Texts *Files; // null: those on the disk
  Model Out;
  llvm::StringMap<llvm::SMLoc> Defined; // "event vf-remove"
  llvm::StringMap<llvm::SMLoc> Marked;  // "mutex_lock 0"
  std::vector<Reference> References;
  std::vector<std::string> Loaded; // real paths
  std::vector<std::string> Loading;
};

} // namespace underlock::model

#endif
