// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decodes one context's records. This is where a large trace spends its time: no allocation for a record, one look-up
// for a place.
#include "analyzer/trace/Cursor.h"
#include "llvm/Support/FormatVariadic.h"
#include <cstring>
#include <utility>

using namespace underlock;

Cursor::Cursor(const TraceFile &File, const TraceFile::ContextChunks &Chunks, Tables &T, Recording &R, ContextId Id,
               Mode M, llvm::raw_ostream &Errors)
    : File(File), Chunks(File.chunksOf(Chunks)), T(T), R(R), Id(Id), M(M), Errors(Errors) {}

Cursor::Status Cursor::fail(const llvm::Twine &What) const {
  const Chunk &C = Chunks[ChunkIndex ? ChunkIndex - 1 : 0];
  Errors << "underlock: error: " << File.name() << ": chunk " << C.Index << " at byte " << C.recordsOffset() + RecordAt
         << ": " << What << '\n';
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
    Head.SiteNumber = readNumber("site");
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
    Head.Value = std::exchange(Title, None);
    break;
  case UNDERLOCK_RECORD_PHASE_END:
    Head.SiteNumber = readNumber("site");
    break;
  case UNDERLOCK_RECORD_THREAD:
    Head.What = From.byte();
    Head.Value = From.varint();
    Ended = Head.What == UNDERLOCK_THREAD_END;
    if (Head.What < UNDERLOCK_THREAD_FORK || Head.What > UNDERLOCK_THREAD_END || Head.Value > HighestKey)
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
    if (Slots[Slot] > HighestKey)
      Problem = NoLockThere.str();
  } else if (!(Word & Bit)) {
    Problem = llvm::formatv("a lock in slot {0}, which this chunk has not filled: damaged", Slot);
    return;
  }
  Head.Lock = Slots[Slot];
}

uint32_t Cursor::readNumber(const char *Of) {
  uint64_t Number = From.varint();
  if (Number > HighestNumber)
    Problem = llvm::formatv("{0} {1}, which is beyond what a run can number: damaged", Of, Number);
  return static_cast<uint32_t>(Number);
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
  uint32_t SiteNumber = readNumber("site");
  Before.Births.push_back({Lock, SiteNumber, readNumber("context")});
}

// ---- Definitions ----

// Whether a definition may stand among those of the run: it is not about the context that makes it.
static bool ofARun(uint8_t What) {
  return What != UNDERLOCK_DEFINE_CONTEXT && What != UNDERLOCK_DEFINE_EXEC && What != UNDERLOCK_DEFINE_TITLE &&
         What != UNDERLOCK_DEFINE_TSAN;
}

Cursor::Status Cursor::define() {
  uint8_t What = From.byte();
  Reader Payload(From.bytes(From.varint()));
  if (From.problem() != Reader::Problem::None)
    return Status::Timed; // decode() judges it
  bool Good = true;
  bool Own = M == Mode::All;
  bool OfTheRun = Own && Id == None; // among the definitions of the run, which no context makes
  if (OfTheRun && What != UNDERLOCK_DEFINE_PACK && File.header().mode == UNDERLOCK_RECORDING_EVERYTHING)
    return fail("a definition of the run, in a recording whose contexts make their own: damaged");
  if (OfTheRun && !ofARun(What))
    return fail(llvm::formatv(
        "a definition of kind {0}, which is a context's own, among the run's definitions: damaged", unsigned(What)));
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
    if (Own)
      R.Contexts[Id].Name = Payload.string().str();
    break;
  case UNDERLOCK_DEFINE_UNBORN:
    Unborn.push_back(Payload.varint());
    break;
  case UNDERLOCK_DEFINE_TSAN:
    Good = !Own || tsanReport(Payload);
    break;
  case UNDERLOCK_DEFINE_TITLE:
    if (Own)
      Title = T.title(Payload);
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

// It happened at a time, and its context held what it held: so it comes out as a timed record does.
bool Cursor::tsanReport(Reader &Payload) {
  TsanReport Report;
  Ticks Time;
  if (!T.tsan(Payload, Time, Report))
    return false;
  R.Tsan = true;
  if (Report.What.empty() || Payload.problem() != Reader::Problem::None)
    return true;
  Head.Kind = UNDERLOCK_RECORD_DEFINE;
  Head.What = UNDERLOCK_DEFINE_TSAN;
  Head.Time = std::max(Now, Time);
  Head.Value = R.TsanReports.size();
  TimedInChunk = true;
  R.TsanReports.push_back(std::move(Report));
  return true;
}
