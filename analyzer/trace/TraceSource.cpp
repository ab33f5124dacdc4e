// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Merges the contexts of a trace by time.
#include "analyzer/trace/TraceSource.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;
using llvm::formatv;

// How much of the file may stay in memory behind the cursors.
static constexpr uint64_t ReleaseEvery = 64u << 20;
// What a definition may need, seldom more: a writer goes on in another chunk when there is not so much left.
static constexpr uint64_t DefinitionRoom = 2048;

TraceSource::TraceSource(const TraceFile &File, Recording &R, llvm::raw_ostream &Errors)
    : File(File), R(R), Errors(Errors), Names(R) {
  const underlock_file_header &H = File.header();
  R.Name = File.name().str();
  R.Platform = static_cast<underlock_platform>(H.platform);
  R.Program = File.program().str();
  R.TicksPerSecond = static_cast<double>(H.ticks_per_second);
  R.Mode = static_cast<underlock_recording_mode>(H.mode);
  R.FrameLimit = H.frame_limit;
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

// Those of the whole run, where it has them in one place. They come before all else, and so no use of one is too early.
bool TraceSource::readDefinitions(const TraceFile::ContextChunks &Chunks) {
  Cursor C(File, Chunks, Names, R, None, Cursor::Mode::All, Errors);
  Cursor::Status S = C.next();
  if (S == Cursor::Status::Timed)
    C.fail("a record among the run's definitions: damaged");
  return S == Cursor::Status::End;
}

bool TraceSource::start(const TraceFile::ContextChunks &Chunks) {
  if (Chunks.Definitions)
    return readDefinitions(Chunks);
  const underlock_chunk_header &H = File.chunksOf(Chunks).front().Header;
  ContextId Id = R.Contexts.size();
  Context New;
  New.TraceId = Chunks.Context;
  New.Kind = static_cast<underlock_context_kind>(H.kind);
  New.OsId = H.os_id;
  R.Contexts.push_back(New);
  if (File.isDistinct())
    IdByNumber[Chunks.Context] = Id;

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
  // A context without space keeps its last chunk open, to count what it loses. A kernel also loses what comes in the
  // middle of another record, at any point of a chunk: without space, there is no more than a definition's room left.
  bool Full = H.used + sizeof(H) + DefinitionRoom > File.header().chunk_size;
  if ((R.Platform == UNDERLOCK_PLATFORM_POSIX || Full) && H.lost_here && !C.ended())
    R.BrokeOff = true;
  if (H.state == UNDERLOCK_CHUNK_SEALED && !C.ended() && !C.cut())
    ++CutContexts;
  if (!C.prelude().empty() && !takePrelude(C))
    return false;
  if (!H.waiting_lock)
    return true;
  const Cursor::Place *P = C.findPlace(H.waiting_place);
  if (!P && C.cut())
    return true; // its definition may be in the missing part, and that a part is missing has been said
  if (!P || H.waiting_lock > HighestKey) {
    C.fail(formatv("the context waits for {0:x} at place {1}, which is not defined: damaged", H.waiting_lock,
                   H.waiting_place));
    return false;
  }
  // The note is as new as can be, and what the context had taken and released by then was not recorded.
  if (Full && H.lost_here && !C.ended()) {
    remark(Remark::Kind::Warning, R.contextName(C.context()) + " waited for a lock when the recording ended, and what "
                                                               "it held by then was not recorded: that is not judged");
    return true;
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
  case UNDERLOCK_RECORD_NAME:
    return S.Verb == UNDERLOCK_VERB_NAME;
  case UNDERLOCK_RECORD_DESTROY:
    return S.Lock || S.Verb == UNDERLOCK_VERB_DESTROY || S.Verb == UNDERLOCK_VERB_FREE;
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

bool TraceSource::queue(const Cursor &C, underlock_record_kind Kind, uint64_t Lock, uint32_t SiteNumber, StackId Stack,
                        uint64_t Value) {
  Record Out;
  Out.Kind = Kind;
  Out.Time = C.head().Time;
  Out.Context = C.context();
  Out.Lock = Lock;
  Out.Stack = Stack;
  Out.Value = Value;
  Out.Quiet = true;
  if (Kind != UNDERLOCK_RECORD_SNAPSHOT) {
    if (!resolveSite(C, SiteNumber, Out.Site))
      return false;
    const Site &S = R.Sites[Out.Site];
    if (!S.Lock && !(Kind == UNDERLOCK_RECORD_BORN && S.Verb == UNDERLOCK_VERB_NAME)) {
      C.fail(formatv("a lock is held or born at site {0}, which is no lock's: damaged", SiteNumber));
      return false;
    }
  }
  Queue.push_back(Out);
  return true;
}

bool TraceSource::takePrelude(const Cursor &C) {
  const Cursor::Prelude &P = C.prelude();
  if (P.Snapshot && !queue(C, UNDERLOCK_RECORD_SNAPSHOT, 0, 0, None, 0))
    return false;
  for (const Cursor::Prelude::Birth &B : P.Births) {
    auto It = IdByNumber.find(B.Context);
    if (!queue(C, UNDERLOCK_RECORD_BORN, B.Lock, B.SiteNumber, None, It == IdByNumber.end() ? None : It->second))
      return false;
  }
  for (const Cursor::Prelude::Hold &H : P.Holds)
    if (!queue(C, UNDERLOCK_RECORD_HELD, H.Lock, H.At.SiteNumber, H.At.Stack, 0))
      return false;
  return true;
}

bool TraceSource::take(const Cursor &C, Record &Out) {
  const Cursor::Timed &T = C.head();
  Out.Quiet = File.horizon() && T.Time <= File.horizon();
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
  case UNDERLOCK_RECORD_DEFINE: // a report of ThreadSanitizer
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
  if (Queued < Queue.size()) {
    Out = Queue[Queued++];
    return Status::Record;
  }
  Queue.clear();
  Queued = 0;
  Failed = true; // unless all goes well
  if (!startContexts())
    return Status::Failed;
  // What a context without a timed record waits with.
  if (!Queue.empty()) {
    Failed = false;
    return next(Out);
  }
  if (Heap.empty()) {
    if (!endOfRecording())
      return Status::Failed;
    Failed = false;
    Done = true;
    return Status::End;
  }
  const Cursor &Top = *Running[Heap.front().Slot];
  bool HasPrelude = !Top.prelude().empty();
  if ((HasPrelude && !takePrelude(Top)) || !take(Top, Out))
    return Status::Failed;
  if (HasPrelude)
    Queue.push_back(Out);
  if (!advance())
    return Status::Failed;
  Failed = false;
  return HasPrelude ? next(Out) : Status::Record;
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
    Errors << "underlock: error: " << File.name() << ": context " << R.Contexts[W.Wait.Context].TraceId
           << " waits at site " << W.SiteNumber << ", which is not defined, or is no lock's: damaged\n";
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
  if (Exited && !Forked.empty() && R.Mode == UNDERLOCK_RECORDING_EVERYTHING)
    remark(Kind::Warning,
           formatv("{0} thread(s) were started of which the recording has nothing: they never ran, or the "
                   "file is cut",
                   Forked.size()));
  if (Exited && CutContexts)
    remark(Kind::Warning,
           formatv("the recording of {0} thread(s) breaks off before they ended: the file is cut, or there "
                   "was no space",
                   CutContexts));
  if (File.horizon())
    remark(Kind::Note,
           formatv("this is a ring of {0} MiB and older records have made way for newer ones: judged are the "
                   "newest {1}",
                   (uint64_t(File.header().ring_chunks) * File.header().chunk_size) >> 20, R.Records));
  if (File.isDistinct())
    remark(Kind::Note,
           "a distinct recording: each kind of acquisition and event is in it once, so counts are of kinds, "
           "not of times");
  if (!instrumented())
    remark(Kind::Warning, "no instrumentation in this recording: nothing that ran was built with Underlock's plugin "
                          "(underlock cc), or its model marks nothing that ran");
}
