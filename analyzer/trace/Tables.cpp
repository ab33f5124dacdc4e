// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// DEFINE payloads into the Recording's tables.
#include "analyzer/trace/Tables.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/xxhash.h"

using namespace underlock;
using llvm::formatv;

// ---- Units and their models ----

bool Tables::unit(Reader &From) {
  uint64_t Number = From.varint();
  UnitEntry New;
  New.Hash = From.word();
  New.Model = From.string().str();
  New.Source = From.string().str();
  if (From.problem() != Reader::Problem::None)
    return false;
  if (Number > HighestNumber)
    return fail(formatv("unit {0}, which is beyond what a run can number: damaged", Number));
  for (const auto &[OtherNumber, Other] : UnitByNumber) {
    if (Other.Hash != New.Hash)
      return fail(formatv("{0} was built with the model {1} (marks {2:x-16}) and {3} with {4} (marks {5:x-16}): one "
                          "recording takes one model. Rebuild them with the same",
                          Other.Source, Other.Model, Other.Hash, New.Source, New.Model, New.Hash));
    break; // all that are in agree with each other
  }
  if (New.Hash != ModelHash)
    return fail(
        formatv("{0} was built with the model {1} (marks {2:x-16}), and this is judged by the model {3} (marks "
                "{4:x-16}): pass the one it was built with (--model {1}), or, if that has changed since, rebuild "
                "and record again",
                New.Source, New.Model, New.Hash, R.Model.Name, ModelHash));
  auto [It, IsNew] = UnitByNumber.try_emplace(static_cast<uint32_t>(Number), New);
  if (!IsNew && (It->second.Model != New.Model || It->second.Source != New.Source))
    return fail(formatv("unit {0} is {1} and {2} at once: damaged", Number, It->second.Source, New.Source));
  return true;
}

// ---- Sites ----

bool Tables::readSite(Reader &From, Site &S) {
  S.Verb = From.byte();
  uint8_t Mode = From.byte();
  From.byte(); // flags: none yet
  uint64_t Line = From.varint(), Column = From.varint();
  S.Mark = From.string().str();
  S.File = From.string().str();
  S.Function = From.string().str();
  S.Expression = From.string().str();
  S.ClassName = From.string().str();
  if (From.problem() != Reader::Problem::None)
    return false;
  bool KnownVerb = (S.Verb >= UNDERLOCK_VERB_ACQUIRE && S.Verb <= UNDERLOCK_VERB_NAME) ||
                   (S.Verb >= UNDERLOCK_VERB_FREE && S.Verb <= UNDERLOCK_VERB_SIGNAL);
  if (!KnownVerb || Mode > UNDERLOCK_MODE_ANY || Line > UINT32_MAX || Column > UINT32_MAX)
    return fail(formatv("a site of verb {0} and mode {1} at {2}:{3}:{4}: damaged", S.Verb, Mode, S.File, Line, Column));
  S.Line = static_cast<uint32_t>(Line);
  S.Column = static_cast<uint32_t>(Column);
  S.Mode = Mode == UNDERLOCK_MODE_EXCLUSIVE ? model::Mode::Exclusive
           : Mode == UNDERLOCK_MODE_SHARED  ? model::Mode::Shared
                                            : model::Mode::Any;
  return true;
}

bool Tables::matchToModel(Site &S) {
  switch (S.Verb) {
  case UNDERLOCK_VERB_EVENT:
    S.Event = R.Model.findEvent(S.Mark);
    break;
  case UNDERLOCK_VERB_PHASE_BEGIN:
  case UNDERLOCK_VERB_PHASE_END:
    S.Phase = R.Model.findPhase(S.Mark);
    break;
  default:
    S.Lock = R.Model.findLock(S.Mark);
    break;
  }
  // A lock that is handed on, or dies with the variable that it is, or with its memory: no mark of the model.
  if (S.Mark.empty() &&
      (S.Verb == UNDERLOCK_VERB_NAME || S.Verb == UNDERLOCK_VERB_DESTROY || S.Verb == UNDERLOCK_VERB_FREE))
    return true;
  if (S.Event || S.Phase || S.Lock)
    return true;
  return fail(
      formatv("{0}:{1} is marked as {2}, which the model {3} does not have: pass the model that the program was "
              "built with",
              S.File, S.Line, S.Mark, R.Model.Name));
}

static bool sameSite(const Site &A, const Site &B) {
  return std::tie(A.Verb, A.Mode, A.Line, A.Column, A.Mark, A.File, A.Function, A.Expression, A.ClassName) ==
         std::tie(B.Verb, B.Mode, B.Line, B.Column, B.Mark, B.File, B.Function, B.Expression, B.ClassName);
}

bool Tables::site(Reader &From) {
  uint64_t Number = From.varint(), Unit = From.varint();
  Site S;
  if (!readSite(From, S))
    return false;
  if (Number > HighestNumber || Unit > HighestNumber)
    return fail(formatv("site {0} of unit {1}, which is beyond what a run can number: damaged", Number, Unit));
  auto It = SiteByNumber.find(static_cast<uint32_t>(Number));
  // Seen before: when definitions were read ahead, or when two contexts came to the site at the same moment.
  if (It != SiteByNumber.end())
    return sameSite(R.Sites[It->second.Id], S) && It->second.Unit == Unit
               ? true
               : fail(formatv("site {0} is defined twice, differently: damaged", Number));
  if (!matchToModel(S))
    return false;
  SiteByNumber[static_cast<uint32_t>(Number)] = {static_cast<SiteId>(R.Sites.size()), static_cast<uint32_t>(Unit)};
  R.Sites.push_back(std::move(S));
  return true;
}

// ---- Stacks, images, clocks ----

StackId Tables::intern(llvm::ArrayRef<uint64_t> Frames) {
  // DenseMap keeps the two highest keys for itself.
  uint64_t Hash =
      llvm::xxh3_64bits(llvm::ArrayRef(reinterpret_cast<const uint8_t *>(Frames.data()), Frames.size() * 8));
  auto &Same = StacksByHash[Hash >> 1];
  for (StackId S : Same)
    if (llvm::ArrayRef(R.Stacks[S]) == Frames)
      return S;
  StackId New = R.Stacks.size();
  R.Stacks.emplace_back(Frames.begin(), Frames.end());
  Same.push_back(New);
  return New;
}

// Runtimes give the note's bytes; a tool that edits traces may give them in hexadecimal, as a person writes them.
static std::string hexBuildId(llvm::StringRef Id) {
  if (Id.size() >= 16 && Id.size() % 2 == 0 && llvm::all_of(Id, llvm::isHexDigit))
    return Id.lower();
  return llvm::toHex(Id, /*LowerCase=*/true);
}

bool Tables::image(Reader &From) {
  Image I;
  I.Start = From.word();
  I.End = From.word();
  I.Bias = From.word();
  I.Path = From.string().str();
  I.BuildId = hexBuildId(From.string());
  if (From.problem() != Reader::Problem::None)
    return false;
  if (I.Start > I.End)
    return fail(formatv("{0} is mapped from {1:x} to {2:x}: damaged", I.Path, I.Start, I.End));
  if (llvm::none_of(R.Images, [&](const Image &O) { return O.Start == I.Start && O.End == I.End && O.Path == I.Path; }))
    R.Images.push_back(std::move(I));
  return true;
}

uint32_t Tables::title(Reader &From) {
  llvm::StringRef Text = From.string();
  auto [It, New] = TitleByText.try_emplace(Text, R.Titles.size());
  if (New)
    R.Titles.push_back(Text.str());
  return It->second;
}

bool Tables::clock(Reader &From) {
  Reading New;
  New.Ticks = From.word();
  New.Nanoseconds = From.word();
  if (From.problem() != Reader::Problem::None)
    return false;
  if (!AnyClock || New.Ticks < FirstClock.Ticks)
    FirstClock = New;
  if (!AnyClock || New.Ticks > LastClock.Ticks)
    LastClock = New;
  AnyClock = true;
  // What the header says was known to the runtime; two readings are the next best.
  if (R.TicksPerSecond == 0 && LastClock.Nanoseconds > FirstClock.Nanoseconds)
    ReadRate = true;
  if (ReadRate && LastClock.Nanoseconds > FirstClock.Nanoseconds)
    R.TicksPerSecond = static_cast<double>(LastClock.Ticks - FirstClock.Ticks) * 1e9 /
                       static_cast<double>(LastClock.Nanoseconds - FirstClock.Nanoseconds);
  return true;
}

// ---- ThreadSanitizer ----

bool Tables::readLength(Reader &From, uint64_t Limit, uint64_t &Out) {
  Out = From.varint();
  return Out <= Limit || fail("a report of ThreadSanitizer with " + llvm::Twine(Out) + " parts where " +
                              llvm::Twine(Limit) + " are the most: damaged");
}

bool Tables::readStack(Reader &From, StackId &Out) {
  uint64_t Count;
  if (!readLength(From, 32, Count))
    return false;
  llvm::SmallVector<uint64_t, 32> Frames;
  for (uint64_t I = 0; I < Count && From.problem() == Reader::Problem::None; ++I)
    Frames.push_back(I == 0 ? From.word() : Frames.back() + static_cast<uint64_t>(From.svarint()));
  Out = Frames.empty() ? None : intern(Frames);
  return true;
}

bool Tables::tsan(Reader &From, Ticks &Time, TsanReport &Out) {
  constexpr uint64_t MostParts = 16;
  uint64_t Count;
  Time = From.word();
  Out.What = From.string().str();
  if (Out.What.empty())
    return true;
  if (!readLength(From, MostParts, Count))
    return false;
  Out.Accesses.resize(Count);
  for (TsanReport::Access &A : Out.Accesses) {
    A.Thread = From.varint();
    A.Address = From.word();
    From.varint(); // its size
    A.Writes = From.byte() & 1;
    if (!readLength(From, MostParts + 1, Count))
      return false;
    A.HeldKnown = Count > 0;
    for (uint64_t I = 1; I < Count; ++I) {
      uint64_t Lock = std::min<uint64_t>(From.varint(), None); // no report has that many
      A.Held.emplace_back(Lock, From.byte() ? model::Mode::Shared : model::Mode::Exclusive);
    }
    if (!readStack(From, A.Place.Stack))
      return false;
  }
  if (!readLength(From, MostParts, Count))
    return false;
  Out.Locks.resize(Count);
  for (TsanReport::Lock &L : Out.Locks) {
    L.Address = From.word();
    if (L.Address > HighestKey)
      return fail(NoLockThere);
    if (!readStack(From, L.Stack))
      return false;
  }
  for (const TsanReport::Access &A : Out.Accesses)
    for (const auto &[Lock, Mode] : A.Held)
      if (Lock >= Out.Locks.size())
        return fail("an access under lock " + llvm::Twine(Lock) + " of a report that has " +
                    llvm::Twine(Out.Locks.size()) + ": damaged");
  if (!readLength(From, MostParts, Count))
    return false;
  Out.Places.resize(Count);
  for (TsanReport::Where &P : Out.Places) {
    P.Thread = From.varint();
    if (!readStack(From, P.Place.Stack))
      return false;
  }
  Out.Memory = From.string().str();
  From.word();   // where the memory begins
  From.varint(); // … and its size
  return readStack(From, Out.MemoryStack);
}
