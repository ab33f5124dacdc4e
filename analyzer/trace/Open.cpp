// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Chooses the model of a trace and puts the parts together.
#include "analyzer/trace/Open.h"
#include "llvm/ADT/StringExtras.h"

using namespace underlock;

// The models in the first UNIT definition of these records, or nothing. Timed records need no decoding of their
// operands but do need to be stepped over, so a throw-away Recording and Tables would be needed for a full cursor;
// the scan below knows just enough of each kind to find its end.
namespace {
class UnitScan {
public:
  explicit UnitScan(llvm::ArrayRef<uint8_t> Records) : From(Records) {}
  bool find(std::string &Models);

private:
  void lock() {
    if (From.byte() & 0x80)
      From.word();
  }
  bool step(std::string &Models);
  Reader From;
};
} // namespace

// True when this record was the definition that is looked for.
bool UnitScan::step(std::string &Models) {
  unsigned Kind = From.byte() & UNDERLOCK_KIND_MASK;
  if (Kind == UNDERLOCK_RECORD_DEFINE) {
    bool IsUnit = From.byte() == UNDERLOCK_DEFINE_UNIT;
    Reader Payload(From.bytes(From.varint()));
    if (!IsUnit)
      return false;
    Payload.varint();
    Payload.word();
    Models = Payload.string().str();
    return !Models.empty();
  }
  if (Kind == UNDERLOCK_RECORD_SNAPSHOT)
    return false;
  if (Kind == UNDERLOCK_RECORD_BORN) {
    lock();
    From.varint();
    From.varint();
    return false;
  }
  if (Kind != UNDERLOCK_RECORD_HELD)
    From.varint(); // the time
  switch (Kind) {
  case UNDERLOCK_RECORD_ACQUIRED:
  case UNDERLOCK_RECORD_FAILED:
  case UNDERLOCK_RECORD_RELEASED:
  case UNDERLOCK_RECORD_INIT:
  case UNDERLOCK_RECORD_DESTROY:
  case UNDERLOCK_RECORD_NAME:
  case UNDERLOCK_RECORD_HELD:
    lock();
    break;
  case UNDERLOCK_RECORD_THREAD:
    From.byte();
    break;
  default:
    break;
  }
  uint64_t Last = From.varint(); // place, site, value
  if (Kind == UNDERLOCK_RECORD_EVENT)
    for (uint64_t Count = From.varint(); Count-- && !From.atEnd();)
      From.varint();
  (void)Last;
  return false;
}

bool UnitScan::find(std::string &Models) {
  while (!From.atEnd())
    if (step(Models))
      return true;
  return false;
}

std::vector<std::string> underlock::recordedModels(const TraceFile &File) {
  std::string Joined;
  for (const TraceFile::ContextChunks &C : File.contexts())
    for (const Chunk &Part : File.chunksOf(C))
      if (UnitScan(Part.Records).find(Joined)) {
        std::vector<std::string> Out;
        for (llvm::StringRef Name : llvm::split(Joined, ':'))
          if (!Name.empty())
            Out.push_back(Name.str());
        return Out;
      }
  return {};
}

std::unique_ptr<OpenTrace> underlock::openTrace(const OpenOptions &Options, llvm::raw_ostream &Errors) {
  std::unique_ptr<TraceFile> File = TraceFile::open(Options.Path, Errors);
  if (!File)
    return nullptr;
  std::optional<Pack> Packed = readPack(*File, Errors);
  if (!Packed)
    return nullptr;
  std::vector<std::string> Models = Options.Models;
  bool FromPack = Models.empty() && !Packed->Models.empty();
  if (Models.empty())
    Models = FromPack ? Packed->Models : recordedModels(*File);
  if (Models.empty())
    Models = Options.Otherwise;
  model::Model M;
  // Without any unit there is nothing to judge; the source says that, and needs no model for it.
  if (!Models.empty()) {
    std::optional<model::Model> Loaded = FromPack
                                             ? model::load(Models, Packed->ShippedModels, Errors, &Packed->ModelFiles)
                                             : model::load(Models, Options.ShippedModels, Errors);
    if (!Loaded) {
      if (Options.Models.empty())
        Errors << "underlock: error: " << Options.Path << ": was recorded with the model " << llvm::join(Models, ":")
               << ", which could not be read: pass it with --model\n";
      return nullptr;
    }
    M = std::move(*Loaded);
  }
  return std::make_unique<OpenTrace>(std::move(File), std::move(M), Options.Binary, Errors, std::move(*Packed));
}
