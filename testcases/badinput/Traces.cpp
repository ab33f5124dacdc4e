// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "testcases/badinput/Traces.h"
#include "analyzer/analyses/Analysis.h"
#include "analyzer/replay/Replay.h"
#include "analyzer/trace/Open.h"
#include "llvm/ADT/STLExtras.h"

using namespace underlock;
using namespace underlock::test;

model::Model test::smallModel() {
  model::Model M;
  M.Name = "test";
  model::Lock L;
  L.Id = "mutex";
  M.Locks.push_back(L);
  model::Event E;
  E.Id = "remove";
  E.What = "a thing is removed";
  E.At.Function = "remove";
  M.Events.push_back(E);
  model::Phase P;
  P.Id = "boot";
  M.Phases.push_back(P);
  model::Contract C;
  C.Id = "remove-under-m";
  C.Event = "remove";
  C.Requires = {"m"};
  M.Contracts.push_back(C);
  return M;
}

void test::defineAll(ChunkWriter &C, uint64_t ModelHash) {
  C.unit(1, ModelHash);
  C.define(DefineImage, Bytes().u64(0x400000).u64(0x500000).u64(0).string("/nonexistent/a.out").string("00ff"));
  C.define(DefineContext, Bytes().string("main"));
  C.define(DefineClock, Bytes().u64(1000).u64(1000));
  C.site(SiteLock, {VerbAcquire});
  C.site(SiteUnlock, {VerbRelease, 2});
  C.site(SiteInit, {VerbInit});
  C.site(SiteDestroy, {VerbDestroy});
  C.site(SiteEvent, {VerbEvent, 0, "remove"});
  C.site(SiteBegin, {VerbPhaseBegin, 0, "boot"});
  C.site(SiteEnd, {VerbPhaseEnd, 0, "boot"});
  C.site(SiteFree, {VerbFree, 0, ""});
  C.define(99, Bytes().u64(7)); // of a runtime to come
  C.place(1, SiteLock, {0x401000, 0x401200, 0x400900});
  C.place(2, SiteEvent, {0x401100, 0x401200});
  C.place(3, SiteBegin, {0x401300});
}

static constexpr uint64_t LockM = 0x7000, LockN = 0x7040;

// The first thread's part until it waits for the second, and the second thread.
static void fillFirst(ChunkWriter &C) {
  defineAll(C, smallModel().marksHash());
  C.lockRecord(Init, 1, LockM, SiteInit, 0).lockRecord(Init, 1, LockN, SiteInit, 1);
  C.define(DefineTitle, Bytes().string("suite.case"));
  C.Records.u8(PhaseBegin).varint(1).varint(3);
  C.slotRecord(Acquired, 5, 0, 1)
      .event(2, 2, {0x9000, 1, ~0ull})
      .slotRecord(Failed, 1, 1, 1)
      .slotRecord(Released, 3, 0, SiteUnlock);
  C.Records.u8(PhaseEnd).varint(1).varint(SiteEnd);
  C.thread(1, Fork, 1).slotRecord(Acquired, 300, 1, 1);
}

static void fillSecond(ChunkWriter &C) {
  C.StartTicks = 1050;
  C.place(7, SiteLock, {0x401010, 0x402000}).place(8, SiteEvent, {0x401020});
  C.thread(0, Start, 1)
      .lockRecord(Acquired, 10, LockM, 7)
      .event(1, 8, {0x9000})
      .slotRecord(Released, 200, 0, SiteUnlock);
  C.thread(1, End, 0);
}

static void fillRest(ChunkWriter &C) {
  C.StartTicks = 2000;
  C.Records.u8(Held).u8(0x80).u64(LockN).varint(1);
  C.slotRecord(Released, 1, 0, SiteUnlock).thread(5, Join, 1).slotRecord(Destroy, 2, 0, SiteDestroy);
  C.lockRecord(Destroy, 1, LockM, SiteFree, 1).exit(10);
}

TraceWriter test::sealedTrace() {
  TraceWriter W;
  fillFirst(W.chunk(1, 0));
  fillSecond(W.chunk(2, 0));
  fillRest(W.chunk(1, 1));
  return W;
}

TraceWriter test::endFirstTrace() {
  TraceWriter W;
  fillRest(W.chunk(1, 1));
  fillFirst(W.chunk(1, 0));
  // The second thread in two parts.
  ChunkWriter &Part = W.chunk(2, 0);
  Part.StartTicks = 1050;
  Part.place(7, SiteLock, {0x401010, 0x402000}).thread(0, Start, 1).lockRecord(Acquired, 10, LockM, 7);
  ChunkWriter &Rest = W.chunk(2, 1);
  Rest.StartTicks = 1100;
  Rest.lockRecord(Released, 1, LockM, SiteUnlock).thread(1, End, 0);
  return W;
}

TraceWriter test::killedTrace() {
  TraceWriter W;
  fillFirst(W.chunk(1, 0));
  ChunkWriter &Waits = W.chunk(2, 0);
  Waits.StartTicks = 1050;
  Waits.place(7, SiteLock, {0x401010}).thread(0, Start, 1).lockRecord(Acquired, 10, LockM, 7);
  Waits.WaitingLock = LockN;
  Waits.WaitingSince = 1100;
  Waits.WaitingPlace = 7;
  for (ChunkWriter &C : W.Chunks)
    C.Sealed = false;
  return W;
}

// The run's definitions, as a context of their own.
static TraceWriter withDefinitions(uint32_t Mode) {
  TraceWriter W;
  W.Mode = Mode;
  ChunkWriter Own, &C = W.chunk(9, 0);
  C.Kind = Definitions;
  C.OsId = 0;
  defineAll(C, smallModel().marksHash());
  // All but the context's name, which is no definition of the run.
  Own.define(DefineContext, Bytes().string("main"));
  C.Records.Data.erase(C.Records.Data.find(Own.Records.Data), Own.Records.Data.size());
  return W;
}

TraceWriter test::ringTrace() {
  TraceWriter W = withDefinitions(Ring);
  W.RingChunks = 2;
  ChunkWriter &C = W.chunk(1, 5);
  C.StartTicks = 2000;
  C.DroppedUntil = 1990;
  C.Records.u8(Held).u8(0x80).u64(LockN).varint(1);
  C.lockRecord(Acquired, 5, LockM, 1).event(20, 2, {0x9000}).slotRecord(Released, 1, 0, SiteUnlock);
  C.EndedTicks = 2026;
  ChunkWriter &Again = W.chunk(3, 0);
  Again.Magic = 0x43594352;
  Again.EndedTicks = 2010;
  Again.Sealed = false;
  ChunkWriter &Rest = W.chunk(1, 6);
  Rest.StartTicks = 2026;
  Rest.Records.u8(Held).u8(0x80).u64(LockN).varint(1);
  Rest.slotRecord(Released, 1, 0, SiteUnlock).exit(10);
  return W;
}

TraceWriter test::distinctTrace() {
  TraceWriter W = withDefinitions(Distinct);
  ChunkWriter &C = W.chunk(1, 0);
  C.Records.u8(Snapshot);
  C.lockRecord(Acquired, 5, LockN, 1);
  C.Records.u8(Snapshot).u8(Born).u8(0x80).u64(LockM | uint64_t(3) << 48).varint(SiteInit).varint(1);
  C.Records.u8(Held).u8(0x81).u64(LockN).varint(1);
  C.lockRecord(Acquired, 5, LockM | uint64_t(3) << 48, 1);
  C.Records.u8(Snapshot).u8(Held).u8(0x80).u64(LockM).varint(1);
  C.event(20, 2, {0x9000});
  C.Records.u8(Snapshot);
  C.exit(3);
  return W;
}

static Bytes entry(uint8_t What, const Bytes &Payload) { return Bytes().u8(What).string(Payload.Data); }

std::string test::packEntries() {
  Bytes B;
  B.raw(entry(PackedDoubt, Bytes().string("cannot read /nonexistent/a.out: packed")).Data);
  B.raw(entry(99, Bytes().u64(7)).Data); // of an Underlock to come
  B.raw(entry(PackedFrames, Bytes()
                                .u64(0x401100)
                                .varint(1)
                                .varint(2)
                                .string("remove")
                                .string("a.c")
                                .varint(7)
                                .varint(1)
                                .string("packed_caller")
                                .string("a.c")
                                .varint(9)
                                .varint(0))
            .Data);
  B.raw(entry(PackedFrames, Bytes().u64(0x401000).varint(0).varint(0)).Data);
  B.raw(entry(PackedDatum, Bytes().u64(0x7000).varint(0).string("m")).Data);
  B.raw(entry(PackedLine, Bytes().string("a.c").varint(7).string("\tremove(thing);")).Data);
  return B.Data;
}

TraceWriter test::packedTrace(const std::string &Entries) {
  TraceWriter W = sealedTrace();
  ChunkWriter &C = W.chunk(3, 0);
  C.Kind = Definitions;
  C.OsId = 0;
  size_t Half = Entries.size() / 2;
  C.define(9, Bytes().raw(Entries.substr(0, Half)));
  C.define(9, Bytes().raw(Entries.substr(Half)));
  return W;
}

bool Verdict::warned() const {
  return llvm::any_of(Remarks, [](const Remark &R) { return R.Level == Remark::Kind::Warning; });
}

bool Verdict::says(llvm::StringRef Text) const {
  return llvm::any_of(Remarks, [&](const Remark &R) { return llvm::StringRef(R.Text).contains(Text); });
}

Verdict test::judge(const std::string &Trace) {
  Verdict V;
  llvm::raw_string_ostream Errors(V.Errors);
  V.Status = 2;
  auto File = TraceFile::parse(llvm::MemoryBuffer::getMemBuffer(Trace, "test.trace", false), Errors);
  if (!File)
    return V;
  recordedModels(*File);
  std::optional<Pack> Packed = readPack(*File, Errors);
  if (!Packed)
    return V;
  OpenTrace T(std::move(File), smallModel(), "", Errors, std::move(*Packed));
  auto Analyses = makeAnalyses(T.R);
  std::vector<Observer *> Observers;
  for (const auto &A : Analyses)
    Observers.push_back(A.get());
  bool Good = replay(T.From, T.R, Observers);
  std::vector<Finding> Findings;
  for (const auto &A : Analyses) {
    if (Good)
      A->finish(Findings);
    A->remarks(T.R.Remarks);
  }
  V.Findings = Findings.size();
  V.Remarks = T.R.Remarks;
  V.Records = T.R.Records;
  V.BrokeOff = T.R.BrokeOff;
  if (Good && T.From.instrumented())
    V.Status = V.Findings ? 1 : 0;
  return V;
}
