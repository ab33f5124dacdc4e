// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Merges the contexts of a trace by time.
#include "analyzer/trace/TraceSource.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;
using llvm::formatv;

// How much of the file may stay in memory behind the cursors.
static constexpr uint64_t ReleaseEvery = 64u << 20;

TraceSource::TraceSource(const TraceFile &File, Recording &R, llvm::raw_ostream &Errors)
    : File(File), R(R), Errors(Errors), Names(R) {
  const underlock_file_header &H = File.header();
  R.Name = File.name().str();
  R.Platform = static_cast<underlock_platform>(H.platform);
  R.Program = File.program().str();
  R.TicksPerSecond = static_cast<double>(H.ticks_per_second);
  R.Lost = File.lost();
  R.Remarks.insert(R.Remarks.end(), File.remarks().begin(), File.remarks().end());
}

// ---- The heap: the running context with the earliest record is on top ----

TraceSource::Head TraceSource::headOf(uint32_t Slot) const {
  const Cursor::Timed &T = Running[Slot]->head();
  return {T.Time, Slot, T.Kind != UNDERLOCK_RECORD_RELEASED};
}

void TraceSource::siftDown(size_t Index) {
  Head Moving = Heap[Index];
  for (;;) {
    size_t Child = 2 * Index + 1;
    if (Child >= Heap.size())
      break;
    if (Child + 1 < Heap.size() && Heap[Child + 1] < Heap[Child])
      ++Child;
    if (!(Heap[Child] < Moving))
      break;
    Heap[Index] = Heap[Child];
    Index = Child;
  }
  Heap[Index] = Moving;
}

void TraceSource::siftUp(size_t Index) {
  Head Moving = Heap[Index];
  for (; Index > 0 && Moving < Heap[(Index - 1) / 2]; Index = (Index - 1) / 2)
    Heap[Index] = Heap[(Index - 1) / 2];
  Heap[Index] = Moving;
}

// ---- Contexts ----

// A context begins when the merge has come to its first chunk's start: nothing of it, definitions included, is older.
bool TraceSource::startContexts() {
  while (NextContext < File.contexts().size() &&
         (Heap.empty() || File.contexts()[NextContext].StartTicks <= Heap.front().Time))
    if (!start(File.contexts()[NextContext++]))
      return false;
  return true;
}

bool TraceSource::start(const TraceFile::ContextChunks &Chunks) {
  const underlock_chunk_header &H = File.chunksOf(Chunks).front().Header;
  ContextId Id = R.Contexts.size();
  Context New;
  New.TraceId = Chunks.Context;
  New.Kind = static_cast<underlock_context_kind>(H.kind);
  New.OsId = H.os_id;
  R.Contexts.push_back(New);

  uint32_t Slot = Running.size();
  if (FreeSlots.empty()) {
    Running.emplace_back();
  } else {
    Slot = FreeSlots.back();
    FreeSlots.pop_back();
  }
  Running[Slot] = std::make_unique<Cursor>(File, Chunks, Names, R, Id, Cursor::Mode::All, Errors);
  switch (Running[Slot]->next()) {
  case Cursor::Status::Failed:
    return false;
  case Cursor::Status::Timed:
    Heap.push_back(headOf(Slot));
    siftUp(Heap.size() - 1);
    return true;
  case Cursor::Status::End:
    break;
  }
  bool Good = contextEnded(*Running[Slot]);
  Running[Slot].reset();
  FreeSlots.push_back(Slot);
  return Good;
}

// Decodes the next record of the context on top.
bool TraceSource::advance() {
  uint32_t Slot = Heap.front().Slot;
  Cursor &C = *Running[Slot];
  size_t Before = C.chunksEntered();
  Cursor::Status S = C.next();
  ChunksSinceRelease += C.chunksEntered() - Before;
  if (LLVM_UNLIKELY(ChunksSinceRelease * File.header().chunk_size > ReleaseEvery)) {
    File.releasePages();
    ChunksSinceRelease = 0;
  }
  if (LLVM_LIKELY(S == Cursor::Status::Timed)) {
    Heap.front() = headOf(Slot);
    siftDown(0);
    return true;
  }
  if (S == Cursor::Status::Failed || !contextEnded(C))
    return false;
  Running[Slot].reset();
  FreeSlots.push_back(Slot);
  Heap.front() = Heap.back();
  Heap.pop_back();
  if (!Heap.empty())
    siftDown(0);
  return true;
}

bool TraceSource::contextEnded(const Cursor &C) {
  const underlock_chunk_header &H = C.lastChunk().Header;
  if (const std::string &Program = R.Contexts[C.context()].Executes; !Program.empty()) {
    R.Executed = Program;
    LostAtExit = std::max(LostAtExit, C.lostAtEnd());
  }
  for (uint64_t Token : C.unborn())
    Forked.erase(Token);
  // A context without space keeps its last chunk open, to count what it loses.
  if (R.Platform == UNDERLOCK_PLATFORM_POSIX && H.lost_here && !C.ended())
    R.BrokeOff = true;
  if (H.state == UNDERLOCK_CHUNK_SEALED && !C.ended() && !C.cut())
    ++CutContexts;
  if (!H.waiting_lock)
    return true;
  const Cursor::Place *P = C.findPlace(H.waiting_place);
  if (!P && C.cut())
    return true; // its definition may be in the missing part, and that a part is missing has been said
  if (!P || H.waiting_lock > ~UINT64_C(2)) {
    C.fail(formatv("the context waits for {0:x} at place {1}, which is not defined: damaged", H.waiting_lock,
                   H.waiting_place));
    return false;
  }
  PendingWait W;
  W.Wait.Context = C.context();
  W.Wait.Lock = H.waiting_lock;
  W.Wait.Place.Stack = P->Stack;
  W.Wait.Since = H.waiting_since;
  W.SiteNumber = P->SiteNumber;
  Pending.push_back(W);
  return true;
}

// ---- Records ----

static bool isFor(underlock_record_kind Kind, const Site &S) {
  switch (Kind) {
  case UNDERLOCK_RECORD_EVENT:
    return S.Event;
  case UNDERLOCK_RECORD_PHASE_BEGIN:
  case UNDERLOCK_RECORD_PHASE_END:
    return S.Phase;
  default:
    return S.Lock;
  }
}

bool TraceSource::resolveSite(const Cursor &C, uint32_t Number, SiteId &Out) {
  Out = Names.findSite(Number);
  if (LLVM_LIKELY(Out != None))
    return true;
  // Equal times, or processors whose clocks differ: the definition stands in a context that the merge has not come to.
  if (!AllDefinitionsRead && !readAllDefinitions())
    return false;
  Out = Names.findSite(Number);
  if (Out != None)
    return true;
  if (File.truncated())
    C.fail(formatv("site {0} is used here, and its definition is in the part that the file has lost", Number));
  else
    C.fail(formatv("site {0} is used here, and neither defined anywhere, or not its unit: damaged", Number));
  return false;
}

bool TraceSource::readAllDefinitions() {
  AllDefinitionsRead = true;
  for (const TraceFile::ContextChunks &Chunks : File.contexts()) {
    Cursor C(File, Chunks, Names, R, None, Cursor::Mode::Shared, Errors);
    Cursor::Status S;
    while ((S = C.next()) == Cursor::Status::Timed)
      ;
    if (S == Cursor::Status::Failed)
      return false;
  }
  return true;
}

bool TraceSource::take(const Cursor &C, Record &Out) {
  const Cursor::Timed &T = C.head();
  Out.Kind = T.Kind;
  Out.State = T.State;
  Out.Time = T.Time;
  Out.Context = C.context();
  Out.Lock = T.Lock;
  Out.Site = None;
  Out.Stack = T.Stack;
  Out.What = T.What;
  Out.Value = T.Value;
  Out.Objects.clear();
  switch (T.Kind) {
  case UNDERLOCK_RECORD_THREAD:
    if (T.What == UNDERLOCK_THREAD_FORK)
      Forked.insert(T.Value);
    else if (T.What == UNDERLOCK_THREAD_START)
      Forked.erase(T.Value);
    return true;
  case UNDERLOCK_RECORD_EXIT:
    Exited = true;
    LostAtExit = T.Value;
    return true;
  case UNDERLOCK_RECORD_EVENT:
    Out.Objects = T.Objects;
    break;
  default:
    break;
  }
  if (!resolveSite(C, T.SiteNumber, Out.Site))
    return false;
  if (LLVM_LIKELY(isFor(T.Kind, R.Sites[Out.Site])))
    return true;
  const Site &S = R.Sites[Out.Site];
  C.fail(formatv("a record of kind {0} at site {1} ({2}:{3}, {4}), which does something else: damaged",
                 static_cast<int>(T.Kind), T.SiteNumber, S.File, S.Line, S.Mark));
  return false;
}

Source::Status TraceSource::next(Record &Out) {
  if (Failed)
    return Status::Failed;
  if (Done)
    return Status::End;
  Failed = true; // unless all goes well
  if (!startContexts())
    return Status::Failed;
  if (Heap.empty()) {
    if (!endOfRecording())
      return Status::Failed;
    Failed = false;
    Done = true;
    return Status::End;
  }
  if (!take(*Running[Heap.front().Slot], Out) || !advance())
    return Status::Failed;
  Failed = false;
  return Status::Record;
}

// ---- The end ----

bool TraceSource::endOfRecording() {
  for (PendingWait &W : Pending) {
    W.Wait.Place.Site = Names.findSite(W.SiteNumber);
    if (W.Wait.Place.Site != None && R.Sites[W.Wait.Place.Site].Lock) {
      StillWaiting.push_back(W.Wait);
      continue;
    }
    if (File.truncated())
      continue;
    Errors << File.name() << ": context " << R.Contexts[W.Wait.Context].TraceId << " waits at site " << W.SiteNumber
           << ", which is not defined, or is no lock's: damaged\n";
    return false;
  }
  sayHowItEnded();
  return true;
}

void TraceSource::sayHowItEnded() {
  using Kind = Remark::Kind;
  R.BrokeOff |= R.Platform == UNDERLOCK_PLATFORM_POSIX && LostAtExit > R.Lost; // threads that never had a chunk
  R.Lost = std::max(R.Lost, LostAtExit);
  if (Exited)
    R.Executed.clear();
  if (R.Lost)
    remark(Kind::Warning,
           formatv("{0} record(s) were dropped while recording (no space for them, or a signal handler came "
                   "in the middle of another): what they showed is not judged",
                   R.Lost));
  if (!Exited && R.Platform == UNDERLOCK_PLATFORM_LINUX)
    remark(Kind::Note,
           "the kernel had not shut down when the recording was taken: judged is what had happened until then");
  else if (!Exited && !R.Executed.empty())
    remark(Kind::Note, "the program executed " + R.Executed + ": judged is what it did until then");
  else if (!Exited)
    remark(Kind::Warning, "the program did not end in order (it was killed, executed another one by a system call of "
                          "its own, or is still "
                          "running): judged is what is there");
  // After an orderly end, everything is there, or has been cut off at a chunk's edge, where only this shows it.
  if (Exited && !Forked.empty())
    remark(Kind::Warning,
           formatv("{0} thread(s) were started of which the recording has nothing: they never ran, or the "
                   "file is cut",
                   Forked.size()));
  if (Exited && CutContexts)
    remark(Kind::Warning,
           formatv("the recording of {0} thread(s) breaks off before they ended: the file is cut, or there "
                   "was no space",
                   CutContexts));
  if (!instrumented())
    remark(Kind::Warning, "no instrumentation in this recording: nothing that ran was built with Underlock's plugin "
                          "(underlock cc), or its model marks nothing that ran");
}
