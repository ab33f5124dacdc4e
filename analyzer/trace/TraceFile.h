// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A trace as a file: its header and its chunks, validated, before any record is looked at.
//
// The format stands in runtime/include/underlock/trace.h. All that can be checked without decoding records is checked
// here, so that the decoder only ever meets chunks whose bytes are those that were written: checksums, magics, states,
// bounds, and that a context's chunks are all there. Anything else is an error; only what a killed program or a cut
// file explains is a remark, and reading goes on with what is there.
//
// Thread-safety: immutable once opened, but for releasePages(). Errors: "FILE: chunk N at byte OFFSET: what" on the
// stream given, and no TraceFile.
#ifndef UNDERLOCK_ANALYZER_TRACE_TRACEFILE_H
#define UNDERLOCK_ANALYZER_TRACE_TRACEFILE_H

#include "analyzer/replay/Recording.h"
#include "underlock/trace.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>

namespace underlock {

// One used chunk. Free ones are not kept.
struct Chunk {
  uint64_t Index = 0;  // its number in the file
  uint64_t Offset = 0; // of its header
  underlock_chunk_header Header;
  llvm::ArrayRef<uint8_t> Records; // `used` bytes, or what a truncated file has of them
  bool Cut = false;                // Records is shorter than `used`

  bool isOpen() const { return Header.state == UNDERLOCK_CHUNK_OPEN; }
  uint64_t recordsOffset() const { return Offset + sizeof(underlock_chunk_header); }
};

class TraceFile {
public:
  // `-` is standard input, called <stdin>.
  static std::unique_ptr<TraceFile> open(llvm::StringRef Path, llvm::raw_ostream &Errors);
  // The same from memory; messages name the buffer's identifier.
  static std::unique_ptr<TraceFile> parse(std::unique_ptr<llvm::MemoryBuffer> Buffer, llvm::raw_ostream &Errors);

  // Whether these begin as a trace does.
  static bool begins(llvm::StringRef Bytes);

  llvm::StringRef name() const { return Buffer->getBufferIdentifier(); }
  const underlock_file_header &header() const { return Header; }
  llvm::StringRef program() const;

  // The chunks of one context, by sequence.
  struct ContextChunks {
    uint32_t Context = 0;          // as the trace numbers it
    uint32_t First = 0, Count = 0; // into chunks()
    uint64_t StartTicks = 0;       // of its first chunk
    bool Definitions = false;      // the run's definitions, and no flow of control
  };
  // The run's definitions first, then in order of StartTicks: the order in which contexts begin.
  llvm::ArrayRef<ContextChunks> contexts() const { return Contexts; }
  // Sorted by context, then by sequence.
  llvm::ArrayRef<Chunk> chunks() const { return Chunks; }
  llvm::ArrayRef<Chunk> chunksOf(const ContextChunks &C) const { return chunks().slice(C.First, C.Count); }

  bool isRing() const { return Header.mode == UNDERLOCK_RECORDING_RING; }
  bool isDistinct() const { return Header.mode == UNDERLOCK_RECORDING_DISTINCT; }
  // A ring: the newest record that was dropped. Behind it, every record of every context is there. 0: none was dropped.
  uint64_t horizon() const { return Horizon; }

  uint64_t freeChunks() const { return Free; }
  uint64_t size() const { return Buffer->getBufferSize(); }
  llvm::StringRef bytes() const { return Buffer->getBuffer(); }
  bool truncated() const { return Truncated; } // the file ends inside a chunk
  uint64_t lost() const { return Lost; }       // dropped records, as the chunks count them
  // What the user has to be told about the file: truncation, lost records, chunks that were never finished.
  llvm::ArrayRef<Remark> remarks() const { return Remarks; }

  // Tells the system that pages read so far need not stay in memory: what bounds memory on long traces.
  void releasePages() const { Buffer->dontNeedIfMmap(); }

private:
  explicit TraceFile(std::unique_ptr<llvm::MemoryBuffer> Buffer) : Buffer(std::move(Buffer)) {}
  bool readHeader(llvm::raw_ostream &Errors);
  bool readChunks(llvm::raw_ostream &Errors);
  bool readChunk(uint64_t Index, llvm::ArrayRef<uint8_t> Bytes, llvm::raw_ostream &Errors);
  bool readUnusedChunk(uint64_t Index, llvm::ArrayRef<uint8_t> Bytes, llvm::raw_ostream &Errors);
  bool sortChunks(llvm::raw_ostream &Errors);
  uint64_t offsetOf(uint64_t Index) const { return UNDERLOCK_HEADER_SIZE + Index * Header.chunk_size; }
  bool fail(llvm::raw_ostream &Errors, const llvm::Twine &What) const;
  bool fail(llvm::raw_ostream &Errors, uint64_t Index, uint64_t Offset, const llvm::Twine &What) const;

  std::unique_ptr<llvm::MemoryBuffer> Buffer;
  underlock_file_header Header;
  std::vector<Chunk> Chunks;
  std::vector<ContextChunks> Contexts;
  std::vector<Remark> Remarks;
  uint64_t Free = 0, Lost = 0, Horizon = 0;
  bool Truncated = false;
};

} // namespace underlock

#endif
