// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// STD events to records. A moment is the number of its line; what is made up for it (a thread's beginning and its end)
// stands between two lines.
#include "analyzer/std/Import.h"
#include "llvm/ADT/Twine.h"

using namespace underlock;
using namespace underlock::std_format;
using llvm::StringRef;

static constexpr uint32_t ChunkSize = 16384;
static constexpr Ticks TicksPerLine = 1000; // "seconds" are lines

static bool report(StringRef Name, uint64_t Line, const Mistake &M, llvm::raw_ostream &Errors) {
  Errors << Name << ':' << Line << ':' << M.Column << ": error: " << M.Text << '\n';
  return false;
}

bool std_format::readLocations(StringRef Text, StringRef Name, llvm::StringMap<Location> &Out,
                               llvm::raw_ostream &Errors) {
  return eachLine(Text, [&](StringRef Line, uint64_t Number) {
    std::string Which;
    Location Where;
    if (auto Wrong = parseLocation(Line, Which, Where))
      return report(Name, Number, *Wrong, Errors);
    Out[Which] = std::move(Where);
    return true;
  });
}

// ---- The first time ----

Importer::Thread &Importer::threadNamed(StringRef Name) {
  Thread &T = Threads[Name];
  if (!T.Number)
    T.Number = Threads.size();
  return T;
}

void Importer::count(const Event &E, uint64_t Line) {
  ++Counts.Events;
  LastLine = Line;
  Thread &T = threadNamed(E.Thread);
  T.First = T.First ? T.First : Line;
  T.Last = Line;
  switch (E.What) {
  case Operation::Acquire:
  case Operation::Release:
    Locks.try_emplace(E.Operand, Locks.size());
    break;
  case Operation::Read:
  case Operation::Write:
    ++Counts.Accesses;
    break;
  case Operation::Fork: {
    Thread &Child = threadNamed(E.Operand);
    if (!Child.ForkedAt && !Child.First)
      Child.ForkedAt = Line;
    break;
  }
  case Operation::Join: // the last one is the one that everything of the thread may precede
    threadNamed(E.Operand).JoinedAt = Line;
    break;
  case Operation::Begin:
  case Operation::End:
    ++Counts.Blocks;
    break;
  case Operation::Dummy:
    ++Counts.Dummies;
    break;
  }
}

bool Importer::survey(StringRef Text) {
  bool Good = eachLine(Text, [&](StringRef Line, uint64_t Number) {
    Event E;
    if (auto Wrong = parseLine(Line, E))
      return report(O.Name, Number, *Wrong, Errors);
    count(E, Number);
    return true;
  });
  if (Good && !Counts.Events)
    Good = report(O.Name, 1, {1, "there is no event in it"}, Errors);
  Counts.Threads = Threads.size();
  Counts.Locks = Locks.size();
  return Good;
}

// ---- The second time ----

void Importer::begin(Thread &T, StringRef Name, Ticks Time) {
  T.Writer = std::make_unique<ContextWriter>(*Out, ChunkSize, T.Number, UNDERLOCK_CONTEXT_THREAD, T.Number, Time);
  T.Writer->define(UNDERLOCK_DEFINE_CONTEXT, Encoder().string(Name).data());
  T.Writer->define(UNDERLOCK_DEFINE_UNIT, Encoder().varint(1).word(O.ModelHash).string("std").string(O.Name).data());
  if (T.forked() || T.joined())
    T.Writer->thread(Time, UNDERLOCK_THREAD_START, T.Number);
}

// The number of the site, which is also that of its place in every context: there are no stacks.
uint32_t Importer::siteFor(Thread &T, const Event &E, uint32_t Lock) {
  bool Acquires = E.What == Operation::Acquire;
  std::string Key = (llvm::Twine(Acquires ? "a" : "r") + llvm::Twine(Lock) + "|" + E.Location).str();
  auto [It, New] = Sites.try_emplace(Key, Sites.size() + 1);
  uint32_t Number = It->second;
  if (New) {
    auto Known = O.Locations.find(E.Location);
    Location Where = Known != O.Locations.end() ? Known->second : guessLocation(E.Location);
    Encoder S;
    S.varint(Number).varint(1).byte(Acquires ? UNDERLOCK_VERB_ACQUIRE : UNDERLOCK_VERB_RELEASE);
    S.byte(UNDERLOCK_MODE_EXCLUSIVE).byte(0).varint(Where.Line).varint(Where.Column).string("std-lock");
    S.string(Where.File).string(Where.Function).string("").string(classOf(E.Operand));
    T.Writer->define(UNDERLOCK_DEFINE_SITE, S.data());
  }
  if (Acquires && T.Places.insert(Number).second)
    T.Writer->define(UNDERLOCK_DEFINE_PLACE, Encoder().varint(Number).varint(Number).varint(0).data());
  return Number;
}

void Importer::lock(Thread &T, const Event &E, Ticks Time) {
  uint32_t Lock = Locks.find(E.Operand)->second;
  uint64_t Address = 0x10000 + uint64_t(Lock) * 64; // made up
  uint32_t Site = siteFor(T, E, Lock);
  T.Writer->lock(E.What == Operation::Acquire ? UNDERLOCK_RECORD_ACQUIRED : UNDERLOCK_RECORD_RELEASED, Time, Address,
                 Site);
}

void Importer::fork(Thread &Parent, StringRef Name, uint64_t Line) {
  Thread &Child = threadNamed(Name);
  if (!Child.forked() || Child.ForkedAt != Line) {
    ++Counts.LateForks;
    return;
  }
  Ticks Time = Line * TicksPerLine;
  Parent.Writer->thread(Time, UNDERLOCK_THREAD_FORK, Child.Number);
  if (Child.First)
    return;
  // It does nothing, and still stands between who starts and who awaits it.
  begin(Child, Name, Time + 1);
  Child.Writer->thread(Time + 2, UNDERLOCK_THREAD_END, 0);
  Child.Writer->finish();
  Child.Writer.reset();
}

void Importer::join(Thread &By, StringRef Name, uint64_t Line) {
  Thread &Child = threadNamed(Name);
  bool Ran = Child.First || Child.forked();
  if (Ran && Child.joined() && Child.JoinedAt == Line)
    By.Writer->thread(Line * TicksPerLine, UNDERLOCK_THREAD_JOIN, Child.Number);
  else
    ++Counts.EarlyJoins;
}

// After its last line. Whoever is not awaited may have gone on behind the end of the trace.
void Importer::end(Thread &T, uint64_t Line) {
  Ticks Time = Line * TicksPerLine + 1;
  bool Joined = T.joined(), Last = Line == LastLine;
  if (Joined)
    T.Writer->thread(Time, UNDERLOCK_THREAD_END, 0);
  else if (Last)
    T.Writer->exit(Time);
  T.Writer->finish(/*Open=*/!Joined && !Last);
  T.Writer.reset();
  T.Places = {};
}

void Importer::one(const Event &E, uint64_t Line) {
  Thread &T = threadNamed(E.Thread);
  Ticks Time = Line * TicksPerLine;
  if (T.First == Line)
    begin(T, E.Thread, Time - 1);
  if (E.What == Operation::Acquire || E.What == Operation::Release)
    lock(T, E, Time);
  else if (E.What == Operation::Fork)
    fork(T, E.Operand, Line);
  else if (E.What == Operation::Join)
    join(T, E.Operand, Line);
  if (T.Last == Line)
    end(T, Line);
}

void Importer::write(StringRef Text, llvm::raw_ostream &To) {
  Out = &To;
  underlock_file_header H = newHeader(ChunkSize, O.Name);
  H.ticks_per_second = TicksPerLine;
  writeHeader(H, To);
  eachLine(Text, [&](StringRef Line, uint64_t Number) {
    Event E;
    parseLine(Line, E); // was right the first time
    one(E, Number);
    return true;
  });
}
