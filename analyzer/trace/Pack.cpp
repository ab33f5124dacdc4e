// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A pack as bytes, and back.
#include "analyzer/trace/Pack.h"
#include "analyzer/trace/Reader.h"
#include "analyzer/trace/Writer.h"
#include "llvm/ADT/StringExtras.h"

using namespace underlock;

// ---- To bytes ----

static void entry(Encoder &To, underlock_packed What, const Encoder &Payload) { To.byte(What).string(Payload.data()); }

static std::string encode(const Pack &P) {
  Encoder Out;
  entry(Out, UNDERLOCK_PACKED_MODELS, Encoder().string(llvm::join(P.Models, ":")).string(P.ShippedModels));
  for (const auto &[Path, Text] : P.ModelFiles)
    entry(Out, UNDERLOCK_PACKED_MODEL, Encoder().string(Path).string(Text));
  for (const std::string &Text : P.Doubts)
    entry(Out, UNDERLOCK_PACKED_DOUBT, Encoder().string(Text));
  for (const auto &[Address, Known] : P.Code) {
    Encoder E;
    E.word(Address).varint(Known.Doubt).varint(Known.Frames.size());
    for (const Frame &F : Known.Frames)
      E.string(F.Function).string(F.File).varint(F.Line).varint(F.Column);
    entry(Out, UNDERLOCK_PACKED_FRAMES, E);
  }
  for (const auto &[Address, Known] : P.Data)
    entry(Out, UNDERLOCK_PACKED_DATUM, Encoder().word(Address).varint(Known.Doubt).string(Known.Datum));
  for (const auto &[Where, Text] : P.Lines)
    entry(Out, UNDERLOCK_PACKED_LINE, Encoder().string(Where.first).varint(Where.second).string(Text));
  return Out.data().str();
}

std::string underlock::chunksFor(const Pack &P, const TraceFile &File) {
  std::string Bytes = encode(P), Out;
  uint32_t Context = 0;
  for (const TraceFile::ContextChunks &C : File.contexts())
    Context = std::max(Context, C.Context);
  llvm::raw_string_ostream Stream(Out);
  uint32_t ChunkSize = File.header().chunk_size;
  ContextWriter Writer(Stream, ChunkSize, Context + 1, UNDERLOCK_CONTEXT_DEFINITIONS, 0, File.header().start_ticks);
  for (llvm::StringRef Rest = Bytes; !Rest.empty();) {
    llvm::StringRef Part = Rest.take_front(ContextWriter::largestPayload(ChunkSize));
    Writer.define(UNDERLOCK_DEFINE_PACK, Part);
    Rest = Rest.drop_front(Part.size());
  }
  Writer.finish();
  return Stream.str();
}

// ---- From bytes ----

// All parts, one behind the other. What else stands among definitions is the cursor's to judge.
static std::string packedBytes(const TraceFile &File) {
  std::string Out;
  for (const TraceFile::ContextChunks &C : File.contexts()) {
    if (!C.Definitions)
      break; // they come first
    for (const Chunk &Part : File.chunksOf(C)) {
      Reader From(Part.Records);
      while (!From.atEnd() && (From.byte() & UNDERLOCK_KIND_MASK) == UNDERLOCK_RECORD_DEFINE) {
        bool Packed = From.byte() == UNDERLOCK_DEFINE_PACK;
        llvm::StringRef Payload = From.string();
        if (Packed)
          Out += Payload;
      }
    }
  }
  return Out;
}

namespace {
class PackReader {
public:
  explicit PackReader(Pack &Into) : Into(Into) {}
  // Nothing when it is all right, else what is wrong.
  std::string read(llvm::ArrayRef<uint8_t> Bytes);

private:
  std::string entry(uint8_t What, Reader From);
  std::string frames(Reader &From);
  uint32_t doubt(Reader &From);
  uint32_t line(Reader &From);

  Pack &Into;
  std::string Wrong;
};
} // namespace

uint32_t PackReader::doubt(Reader &From) {
  uint64_t Number = From.varint();
  if (Number > Into.Doubts.size())
    Wrong = "an address refers to a doubt that is not there";
  return static_cast<uint32_t>(Number);
}

uint32_t PackReader::line(Reader &From) {
  uint64_t Number = From.varint();
  if (Number > UINT32_MAX)
    Wrong = "a line or column beyond all files";
  return static_cast<uint32_t>(Number);
}

std::string PackReader::frames(Reader &From) {
  uint64_t Address = From.word();
  Pack::Names New;
  New.Doubt = doubt(From);
  uint64_t Count = From.varint();
  // Each takes four bytes at least.
  if (Count > From.left())
    return "more frames than there are bytes";
  for (uint64_t I = 0; I < Count && From.problem() == Reader::Problem::None; ++I) {
    Frame F;
    F.Address = Address;
    F.Function = From.string().str();
    F.File = From.string().str();
    F.Line = line(From);
    F.Column = line(From);
    F.Inlined = I + 1 < Count;
    New.Frames.push_back(std::move(F));
  }
  Into.Code[Address] = std::move(New);
  return Wrong;
}

std::string PackReader::entry(uint8_t What, Reader From) {
  switch (What) {
  case UNDERLOCK_PACKED_MODELS: {
    for (llvm::StringRef Name : llvm::split(From.string(), ':'))
      if (!Name.empty())
        Into.Models.push_back(Name.str());
    Into.ShippedModels = From.string().str();
    break;
  }
  case UNDERLOCK_PACKED_MODEL: {
    std::string Path = From.string().str();
    Into.ModelFiles[Path] = From.string().str();
    break;
  }
  case UNDERLOCK_PACKED_DOUBT:
    Into.Doubts.push_back(From.string().str());
    break;
  case UNDERLOCK_PACKED_FRAMES:
    Wrong = frames(From);
    break;
  case UNDERLOCK_PACKED_DATUM: {
    Pack::Names &New = Into.Data[From.word()];
    New.Doubt = doubt(From);
    New.Datum = From.string().str();
    break;
  }
  case UNDERLOCK_PACKED_LINE: {
    std::string File = From.string().str();
    uint32_t Line = line(From);
    Into.Lines[{File, Line}] = From.string().str();
    break;
  }
  default: // of an Underlock to come
    return "";
  }
  if (From.problem() != Reader::Problem::None)
    return "an entry ends before it is complete";
  return Wrong;
}

std::string PackReader::read(llvm::ArrayRef<uint8_t> Bytes) {
  Reader From(Bytes);
  while (!From.atEnd()) {
    uint8_t What = From.byte();
    llvm::ArrayRef<uint8_t> Payload = From.bytes(From.varint());
    if (From.problem() != Reader::Problem::None)
      return "it ends inside an entry";
    if (std::string Problem = entry(What, Reader(Payload)); !Problem.empty())
      return Problem;
  }
  return "";
}

std::optional<Pack> underlock::readPack(const TraceFile &File, llvm::raw_ostream &Errors) {
  Pack P;
  std::string Bytes = packedBytes(File);
  std::string Problem = PackReader(P).read(llvm::arrayRefFromStringRef<uint8_t>(Bytes));
  if (Problem.empty())
    return P;
  Errors << "underlock: error: " << File.name() << ": what was packed into it cannot be read: " << Problem
         << ": damaged. Pack the recording again\n";
  return std::nullopt;
}
