// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decodes one context's records. This is where a large trace spends its time: no allocation for a record, one look-up
// for a place.
#include "analyzer/trace/Cursor.h"
#include "llvm/Support/FormatVariadic.h"
#include <cstring>

using namespace underlock;

Cursor::Cursor(const TraceFile &File, const TraceFile::ContextChunks &Chunks, Tables &T, Recording &R, ContextId Id,
               Mode M, llvm::raw_ostream &Errors)
    : File(File), Chunks(File.chunksOf(Chunks)), T(T), R(R), Id(Id), M(M), Errors(Errors) {}

Cursor::Status Cursor::fail(const llvm::Twine &What) const {
  const Chunk &C = Chunks[ChunkIndex ? ChunkIndex - 1 : 0];
  Errors << File.name() << ": chunk " << C.Index << " at byte " << C.recordsOffset() + RecordAt << ": " << What << '\n';
  return Status::Failed;
}

const Cursor::Place *Cursor::findPlace(uint64_t Number) const {
  if (Number > HighestNumber)
    return nullptr;
  const auto &Known = File.header().mode == UNDERLOCK_RECORDING_EVERYTHING ? Places : T.RunPlaces;
  auto It = Known.find(static_cast<uint32_t>(Number));
  return It == Known.end() ? nullptr : &It->second;
}

// ---- Chunks ----

bool Cursor::enterNextChunk() {
  const Chunk &C = Chunks[ChunkIndex++];
  From = Reader(C.Records);
  RecordAt = 0;
  TimedInChunk = false;
  std::memset(SlotsFilled, 0, sizeof(SlotsFilled));
  if (C.Header.start_ticks < Now)
    return false;
  Now = C.Header.start_ticks;
  return true;
}

Cursor::Status Cursor::next() {
  if (LLVM_UNLIKELY(!Before.empty()))
    Before.clear();
  for (;;) {
    while (From.atEnd()) {
      if (ChunkIndex == Chunks.size())
        return Status::End;
      if (!enterNextChunk())
        return fail("begins before the context's previous chunk ends: damaged");
    }
    RecordAt = From.position();
    Status S = decode();
    if (S == Status::Failed)
      return S;
    if (S == Status::Timed && Head.Kind != UNDERLOCK_RECORD_NONE)
      return S;
    if (S == Status::End)
      return S;
  }
}

// ---- Records ----

// Timed with a kind: Head is filled. Timed without: a record that has no time, go on. End: the file is cut here.
Cursor::Status Cursor::decode() {
  uint8_t First = From.byte();
  uint8_t Kind = First & UNDERLOCK_KIND_MASK;
  Head.State = First & ~UNDERLOCK_KIND_MASK;
  Head.Kind = UNDERLOCK_RECORD_NONE;
  if (Kind == UNDERLOCK_RECORD_NONE || Kind > UNDERLOCK_RECORD_NAME || (Head.State & 0x80))
    return fail(llvm::formatv("{0:x2} begins no record: damaged", First));
  Problem.clear();
  Status S = Status::Timed;
  if (Kind == UNDERLOCK_RECORD_DEFINE) {
    S = define();
  } else if (Kind == UNDERLOCK_RECORD_HELD) {
    readHeld();
  } else if (Kind == UNDERLOCK_RECORD_SNAPSHOT) {
    if (!File.isDistinct())
      Problem = "a snapshot, and the recording is not a distinct one: damaged";
    Before.clear();
    Before.Snapshot = true;
  } else if (Kind == UNDERLOCK_RECORD_BORN) {
    readBorn();
  } else {
    Head.Kind = static_cast<underlock_record_kind>(Kind);
    uint64_t Delta = From.varint();
    if (Now + Delta < Now)
      Problem = "its time is beyond the clock's range: damaged";
    Now += Delta;
    Head.Time = Now;
    TimedInChunk = true;
    Ended = false;
    S = decodeOperands();
  }
  switch (From.problem()) {
  case Reader::Problem::None:
    break;
  case Reader::Problem::LongNumber:
    return fail("a number of more than ten bytes or 64 bits: damaged");
  case Reader::Problem::PastEnd:
    if (Chunks[ChunkIndex - 1].Cut)
      return Status::End;
    return fail("a record crosses the end of its chunk's records: damaged");
  }
  if (S != Status::Failed && !Problem.empty())
    return fail(Problem);
  return S;
}

Cursor::Status Cursor::decodeOperands() {
  Head.Lock = 0;
  Head.SiteNumber = 0;
  Head.Stack = None;
  switch (Head.Kind) {
  case UNDERLOCK_RECORD_ACQUIRED:
  case UNDERLOCK_RECORD_FAILED:
    readLock();
    readPlace();
    break;
  case UNDERLOCK_RECORD_RELEASED:
  case UNDERLOCK_RECORD_INIT:
  case UNDERLOCK_RECORD_DESTROY:
  case UNDERLOCK_RECORD_NAME:
    readLock();
    readSiteNumber();
    break;
  case UNDERLOCK_RECORD_EVENT: {
    readPlace();
    uint64_t Count = From.varint();
    // Each object takes a byte at least, so a count that cannot be is found before anything is made of it.
    Head.Objects.clear();
    for (uint64_t I = 0; I < Count && From.problem() == Reader::Problem::None; ++I)
      Head.Objects.push_back(From.varint());
    break;
  }
  case UNDERLOCK_RECORD_PHASE_BEGIN:
    readPlace();
    break;
  case UNDERLOCK_RECORD_PHASE_END:
    readSiteNumber();
    break;
  case UNDERLOCK_RECORD_THREAD:
    Head.What = From.byte();
    Head.Value = From.varint();
    Ended = Head.What == UNDERLOCK_THREAD_END;
    if (Head.What < UNDERLOCK_THREAD_FORK || Head.What > UNDERLOCK_THREAD_END || Head.Value > ~UINT64_C(2))
      Problem = llvm::formatv("a thread record of kind {0} with token {1}: damaged", Head.What, Head.Value);
    break;
  default: // EXIT
    Head.Value = From.varint();
    Ended = true;
    break;
  }
  return Status::Timed;
}

void Cursor::readLock() {
  uint8_t First = From.byte();
  unsigned Slot = First & 0x7f;
  uint64_t &Word = SlotsFilled[Slot / 64];
  uint64_t Bit = UINT64_C(1) << (Slot % 64);
  if (First & 0x80) {
    Slots[Slot] = From.word();
    Word |= Bit;
    // No lock lives there, and hash tables keep these two for themselves.
    if (Slots[Slot] > ~UINT64_C(2))
      Problem = "a lock at the end of the address space: damaged";
  } else if (!(Word & Bit)) {
    Problem = llvm::formatv("a lock in slot {0}, which this chunk has not filled: damaged", Slot);
    return;
  }
  Head.Lock = Slots[Slot];
}

void Cursor::readSiteNumber() {
  uint64_t Number = From.varint();
  if (Number > HighestNumber)
    Problem = llvm::formatv("site {0}, which is beyond what a run can number: damaged", Number);
  Head.SiteNumber = static_cast<uint32_t>(Number);
}

void Cursor::readPlace() {
  uint64_t Number = From.varint();
  if (M == Mode::Shared)
    return;
  const Place *P = findPlace(Number);
  if (!P) {
    Problem = llvm::formatv("place {0} is used and was not defined before: damaged", Number);
    return;
  }
  Head.SiteNumber = P->SiteNumber;
  Head.Stack = P->Stack;
}

// At a chunk's start it repeats what the context's earlier chunks have said; in a ring, these may be gone.
void Cursor::readHeld() {
  if (!Before.Snapshot && TimedInChunk)
    Problem = "says what was held when the chunk began, but stands behind other records: damaged";
  readLock();
  readPlace();
  if (M == Mode::All && Problem.empty() && (Before.Snapshot || (File.isRing() && ChunkIndex == 1)))
    Before.Holds.push_back({Head.Lock, {Head.SiteNumber, Head.Stack}});
}

void Cursor::readBorn() {
  if (!Before.Snapshot) {
    Problem = "tells of a lock's birth, and belongs to no snapshot: damaged";
    return;
  }
  readLock();
  uint64_t Lock = Head.Lock;
  readSiteNumber();
  uint64_t Context = From.varint();
  if (Context > HighestNumber)
    Problem = llvm::formatv("context {0}, which is beyond what a run can number: damaged", Context);
  Before.Births.push_back({Lock, Head.SiteNumber, static_cast<uint32_t>(Context)});
}

// ---- Definitions ----

Cursor::Status Cursor::define() {
  uint8_t What = From.byte();
  Reader Payload(From.bytes(From.varint()));
  if (From.problem() != Reader::Problem::None)
    return Status::Timed; // decode() judges it
  bool Good = true;
  bool Own = M == Mode::All;
  switch (What) {
  case UNDERLOCK_DEFINE_SITE:
    Good = T.site(Payload);
    break;
  case UNDERLOCK_DEFINE_UNIT:
    Good = T.unit(Payload);
    break;
  case UNDERLOCK_DEFINE_PLACE:
    Good = !Own || definePlace(Payload);
    break;
  case UNDERLOCK_DEFINE_IMAGE:
    Good = !Own || T.image(Payload);
    break;
  case UNDERLOCK_DEFINE_CLOCK:
    Good = !Own || T.clock(Payload);
    break;
  case UNDERLOCK_DEFINE_CONTEXT:
    if (Own && Id == None)
      Problem = "names a context among the run's definitions: damaged";
    else if (Own)
      R.Contexts[Id].Name = Payload.string().str();
    break;
  case UNDERLOCK_DEFINE_UNBORN:
    Unborn.push_back(Payload.varint());
    break;
  case UNDERLOCK_DEFINE_EXEC:
    LostAtEnd = Payload.varint();
    if (Own)
      R.Contexts[Id].Executes = Payload.string().str();
    break;
  default: // written by a newer runtime that says nothing an older reader needs
    return Status::Timed;
  }
  if (Payload.problem() != Reader::Problem::None)
    return fail("a definition ends before it is complete: damaged");
  if (!Good)
    return fail(Problem.empty() ? T.problem() : llvm::StringRef(Problem));
  return Status::Timed;
}

bool Cursor::definePlace(Reader &Payload) {
  uint64_t Number = Payload.varint();
  uint64_t SiteNumber = Payload.varint();
  uint64_t Count = Payload.varint();
  if (Number > HighestNumber || SiteNumber > HighestNumber || Count > File.header().frame_limit) {
    Problem = llvm::formatv("place {0} of site {1} with {2} frames (the header allows {3}): damaged", Number,
                            SiteNumber, Count, File.header().frame_limit);
    return false;
  }
  Frames.clear();
  for (uint64_t I = 0; I < Count && Payload.problem() == Reader::Problem::None; ++I)
    Frames.push_back(I == 0 ? Payload.word() : Frames.back() + static_cast<uint64_t>(Payload.svarint()));
  if (Payload.problem() != Reader::Problem::None)
    return false;
  auto &Known = File.header().mode == UNDERLOCK_RECORDING_EVERYTHING ? Places : T.RunPlaces;
  Known[static_cast<uint32_t>(Number)] = {static_cast<uint32_t>(SiteNumber), T.intern(Frames)};
  return true;
}
