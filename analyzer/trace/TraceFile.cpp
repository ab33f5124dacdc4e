// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Validates header and chunks; see TraceFile.h for what counts as an error and what as a remark.
#include "analyzer/trace/TraceFile.h"
#include "analyzer/trace/Reader.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include <cerrno>
#include <cstring>
#include <unistd.h>

using namespace underlock;
using llvm::ArrayRef;
using llvm::formatv;

// The format is little-endian and its structs are read as they lie.
static_assert(llvm::endianness::native == llvm::endianness::little, "reading traces on a big-endian host needs a port");

// How much of the file may be in memory for no better reason than that it was looked at.
static constexpr uint64_t ReleaseEvery = 64u << 20;

static bool allZero(ArrayRef<uint8_t> Bytes) {
  return Bytes.empty() || (Bytes[0] == 0 && std::memcmp(Bytes.data(), Bytes.data() + 1, Bytes.size() - 1) == 0);
}

static bool isKnownKind(uint32_t Kind) {
  return Kind >= UNDERLOCK_CONTEXT_THREAD && Kind <= UNDERLOCK_CONTEXT_DEFINITIONS;
}

bool TraceFile::fail(llvm::raw_ostream &Errors, const llvm::Twine &What) const {
  Errors << "underlock: error: " << name() << ": " << What << '\n';
  return false;
}

bool TraceFile::fail(llvm::raw_ostream &Errors, uint64_t Index, uint64_t Offset, const llvm::Twine &What) const {
  Errors << "underlock: error: " << name() << ": chunk " << Index << " at byte " << Offset << ": " << What << '\n';
  return false;
}

bool TraceFile::begins(llvm::StringRef Bytes) {
  return Bytes.size() >= 8 && llvm::support::endian::read64le(Bytes.data()) == UNDERLOCK_FILE_MAGIC;
}

llvm::StringRef TraceFile::program() const {
  return llvm::StringRef(Header.program, ::strnlen(Header.program, sizeof(Header.program)));
}

// Standard input as a file without a name, since a trace is mapped: copied when it is asked for first, and kept. -1
// after an error that has been reported.
static int standardInput(llvm::raw_ostream &Errors) {
  static int Copy = -1;
  if (Copy >= 0)
    return Copy;
  llvm::SmallString<128> Path;
  int File = -1;
  std::error_code Error = llvm::sys::fs::createTemporaryFile("underlock", "trace", File, Path);
  if (!Error) {
    llvm::sys::fs::remove(Path);
    llvm::raw_fd_ostream Out(File, /*shouldClose=*/false);
    std::vector<char> Piece(1 << 20);
    ssize_t Size;
    while ((Size = ::read(0, Piece.data(), Piece.size())) > 0 || (Size < 0 && errno == EINTR))
      if (Size > 0)
        Out.write(Piece.data(), Size);
    if (Size < 0)
      Error = std::error_code(errno, std::generic_category());
    Out.flush();
    if (Out.has_error())
      Error = Out.error();
    Out.clear_error();
  }
  if (Error) {
    Errors << "underlock: error: <stdin>: cannot be copied to " << Path << ": " << Error.message()
           << ": make room there, or set TMPDIR to where there is\n";
    return -1;
  }
  return Copy = File;
}

std::unique_ptr<TraceFile> TraceFile::open(llvm::StringRef Path, llvm::raw_ostream &Errors) {
  if (Path == "-") {
    int File = standardInput(Errors);
    if (File < 0)
      return nullptr;
    auto Buffer = llvm::MemoryBuffer::getOpenFile(File, "<stdin>", /*FileSize=*/-1, /*RequiresNullTerminator=*/false);
    if (Buffer)
      return parse(std::move(*Buffer), Errors);
    Errors << "underlock: error: <stdin>: " << Buffer.getError().message() << '\n';
    return nullptr;
  }
  // A pipe or a device would be read until it ends, if it does.
  llvm::sys::fs::file_status Status;
  if (!llvm::sys::fs::status(Path, Status) && Status.type() != llvm::sys::fs::file_type::regular_file) {
    Errors << "underlock: error: " << Path << ": not a regular file, so not a trace\n";
    return nullptr;
  }
  auto Buffer = llvm::MemoryBuffer::getFile(Path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!Buffer) {
    Errors << "underlock: error: " << Path << ": " << Buffer.getError().message() << '\n';
    return nullptr;
  }
  return parse(std::move(*Buffer), Errors);
}

std::unique_ptr<TraceFile> TraceFile::parse(std::unique_ptr<llvm::MemoryBuffer> Buffer, llvm::raw_ostream &Errors) {
  std::unique_ptr<TraceFile> File(new TraceFile(std::move(Buffer)));
  if (!File->readHeader(Errors) || !File->readChunks(Errors) || !File->sortChunks(Errors))
    return nullptr;
  return File;
}

// ---- The header ----

bool TraceFile::readHeader(llvm::raw_ostream &Errors) {
  if (size() == 0)
    return fail(Errors, "is empty: nothing was recorded into it");
  if (!begins(bytes()))
    return fail(Errors,
                "is not an Underlock trace (nor, if it was one, is its header whole). For an image of a guest's "
                "memory, take the trace out of it first: underlock extract");
  if (size() < UNDERLOCK_HEADER_SIZE)
    return fail(Errors, formatv("ends after {0} bytes, inside the header of {1}: record it again", size(),
                                UNDERLOCK_HEADER_SIZE));
  std::memcpy(&Header, Buffer->getBufferStart(), sizeof(Header));
  if (Header.version > UNDERLOCK_TRACE_VERSION)
    return fail(Errors, formatv("is of format version {0}, and this underlock understands up to {1}: read it with the "
                                "underlock that came with its runtime",
                                Header.version, UNDERLOCK_TRACE_VERSION));
  if (Header.checksum != underlock_checksum(&Header, offsetof(underlock_file_header, checksum)))
    return fail(Errors, "the header is damaged: its checksum does not match");
  if (Header.version == 0 || Header.header_size != UNDERLOCK_HEADER_SIZE)
    return fail(Errors, formatv("the header says version {0} and a size of {1} bytes: no runtime writes that",
                                Header.version, Header.header_size));
  if (Header.chunk_size < 4096 || (Header.chunk_size & (Header.chunk_size - 1)))
    return fail(Errors, formatv("the header says chunks of {0} bytes; a power of two from 4096 was expected",
                                Header.chunk_size));
  if (Header.platform != UNDERLOCK_PLATFORM_POSIX && Header.platform != UNDERLOCK_PLATFORM_LINUX)
    return fail(Errors, formatv("the header names platform {0}, which this underlock does not know", Header.platform));
  if (Header.mode > UNDERLOCK_RECORDING_DISTINCT)
    return fail(Errors,
                formatv("the header names recording mode {0}, which this underlock does not know", Header.mode));
  return true;
}

// ---- The chunks ----

bool TraceFile::readChunks(llvm::raw_ostream &Errors) {
  ArrayRef<uint8_t> Rest = llvm::arrayRefFromStringRef<uint8_t>(Buffer->getBuffer()).drop_front(UNDERLOCK_HEADER_SIZE);
  uint64_t Index = 0;
  for (; Rest.size() >= Header.chunk_size; ++Index, Rest = Rest.drop_front(Header.chunk_size)) {
    if (!readChunk(Index, Rest.take_front(Header.chunk_size), Errors))
      return false;
    if (Index * Header.chunk_size % ReleaseEvery == 0)
      releasePages();
  }
  if (!Rest.empty()) {
    Truncated = true;
    Remarks.push_back({Remark::Kind::Warning,
                       formatv("the file is cut: chunk {0} at byte {1} has {2} of {3} bytes, and what followed it is "
                               "not known. Judged is what is there",
                               Index, offsetOf(Index), Rest.size(), Header.chunk_size)
                           .str()});
    if (Rest.size() >= sizeof(underlock_chunk_header) && !readChunk(Index, Rest, Errors))
      return false;
  }
  releasePages();
  return true;
}

// A chunk without magic: free, or begun and not yet in use when the program was killed.
bool TraceFile::readUnusedChunk(uint64_t Index, ArrayRef<uint8_t> Bytes, llvm::raw_ostream &Errors) {
  if (!allZero(Bytes.drop_front(sizeof(underlock_chunk_header))))
    return fail(Errors, Index, offsetOf(Index), "has records but no magic: damaged");
  ++Free;
  if (!allZero(Bytes.take_front(sizeof(underlock_chunk_header))))
    Remarks.push_back(
        {Remark::Kind::Warning,
         formatv(
             "chunk {0} at byte {1} was never finished: the recording ended while it was made ready (or these bytes "
             "are damaged). It holds no record",
             Index, offsetOf(Index))
             .str()});
  return true;
}

bool TraceFile::readChunk(uint64_t Index, ArrayRef<uint8_t> Bytes, llvm::raw_ostream &Errors) {
  Chunk C;
  C.Index = Index;
  C.Offset = offsetOf(Index);
  std::memcpy(&C.Header, Bytes.data(), sizeof(C.Header));
  const underlock_chunk_header &H = C.Header;
  bool Cut = Bytes.size() < Header.chunk_size;
  auto Damaged = [&](const llvm::Twine &What) { return fail(Errors, Index, C.Offset, What); };

  if (H.magic == 0)
    return readUnusedChunk(Index, Bytes, Errors);
  if (H.magic == UNDERLOCK_CHUNK_RECYCLED && isRing()) {
    Horizon = std::max({Horizon, H.ended_ticks, H.dropped_until});
    ++Free;
    return true;
  }
  if (H.magic != UNDERLOCK_CHUNK_MAGIC)
    return Damaged("is neither a chunk nor free (bad magic): damaged");
  bool Sealed = H.state == UNDERLOCK_CHUNK_SEALED;
  if (!Sealed && !C.isOpen())
    return Damaged("is neither open nor sealed: damaged");
  if (Sealed && !Cut && H.checksum != underlock_chunk_checksum(Bytes.data(), Bytes.size()))
    return Damaged("is sealed and its checksum does not match: damaged");
  if (!allZero(H.reserved))
    return Damaged("has reserved bytes that are not zero: damaged");
  if (H.context == 0 || H.context > HighestNumber || !isKnownKind(H.kind))
    return Damaged(formatv("belongs to context {0} of kind {1}, which cannot be: damaged", H.context, H.kind));
  if (H.dropped_until && !isRing())
    return Damaged("says that records were dropped, and the recording is no ring: damaged");
  if (H.used > Header.chunk_size - sizeof(H))
    return Damaged(formatv("says that {0} of {1} bytes are used: damaged", H.used, Header.chunk_size - sizeof(H)));
  if (Sealed && (H.waiting_lock || H.waiting_since || H.waiting_place))
    return Damaged("is sealed, and yet its context waits in it: damaged");

  Horizon = std::max(Horizon, H.dropped_until);
  ArrayRef<uint8_t> Records = Bytes.drop_front(sizeof(H));
  if (Sealed && Records.size() > H.used && !allZero(Records.drop_front(H.used)))
    return Damaged("is sealed and not zero behind its last record: damaged");
  C.Cut = Records.size() < H.used;
  C.Records = Records.take_front(H.used);
  Chunks.push_back(C);
  return true;
}

bool TraceFile::sortChunks(llvm::raw_ostream &Errors) {
  llvm::sort(Chunks, [](const Chunk &A, const Chunk &B) {
    return std::tie(A.Header.context, A.Header.sequence, A.Index) <
           std::tie(B.Header.context, B.Header.sequence, B.Index);
  });
  for (uint32_t I = 0; I < Chunks.size(); ++I) {
    const underlock_chunk_header &H = Chunks[I].Header;
    if (Contexts.empty() || Contexts.back().Context != H.context)
      Contexts.push_back({H.context, I, 0, H.start_ticks, H.kind == UNDERLOCK_CONTEXT_DEFINITIONS});
    ContextChunks &C = Contexts.back();
    // Of a ring, a context's first chunks may be gone.
    uint32_t Begin = isRing() && !C.Definitions ? Chunks[C.First].Header.sequence : 0;
    auto Wrong = [&](const llvm::Twine &What) { return fail(Errors, Chunks[I].Index, Chunks[I].Offset, What); };
    if (H.sequence < Begin + C.Count)
      return Wrong(
          formatv("is part {0} of context {1}, of which there is one already: damaged, or two recordings in one "
                  "file",
                  H.sequence, H.context));
    if (H.sequence > Begin + C.Count)
      return Wrong(formatv("is part {0} of context {1}, and part {2} is missing: data is lost", H.sequence, H.context,
                           Begin + C.Count));
    const underlock_chunk_header &FirstHeader = Chunks[C.First].Header;
    if (H.kind != FirstHeader.kind || H.os_id != FirstHeader.os_id)
      return Wrong(
          formatv("says otherwise than chunk {0} what context {1} is: damaged", Chunks[C.First].Index, H.context));
    ++C.Count;
  }
  for (const ContextChunks &C : Contexts) {
    const underlock_chunk_header &LastHeader = chunksOf(C).back().Header;
    Lost += LastHeader.lost + LastHeader.lost_here;
  }
  llvm::sort(Contexts, [](const ContextChunks &A, const ContextChunks &B) {
    return std::tuple(!A.Definitions, A.StartTicks, A.Context) < std::tuple(!B.Definitions, B.StartTicks, B.Context);
  });
  return true;
}
