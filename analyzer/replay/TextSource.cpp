// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recordings from text; the syntax is in the header.
#include "analyzer/replay/TextSource.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace underlock;
using llvm::StringRef;

// Made-up addresses: locks and functions live where no real ones do.
static constexpr uint64_t LockBase = 0x10000, FunctionBase = 0x400000, AddressStep = 16;

// `walk:12`: the function, and the line of its call.
static std::pair<StringRef, uint32_t> splitLine(StringRef Name) {
  auto [Function, Digits] = Name.rsplit(':');
  uint32_t Line;
  if (Function.empty() || Digits.getAsInteger(10, Line))
    return {Name, 0};
  return {Function, Line};
}

TextSource::TextSource(StringRef Text, Recording &R, llvm::raw_ostream &Errors) : Rest(Text), R(R), Errors(Errors) {
  R.Names = this;
  R.TicksPerSecond = 1000;
}

bool TextSource::fail(const llvm::Twine &Message) {
  Errors << "line " << LineNumber << ": " << Message << '\n';
  return false;
}

ContextId TextSource::context(StringRef Name) {
  auto [It, New] = Contexts.try_emplace(Name, R.Contexts.size());
  if (New) {
    Context C;
    C.TraceId = R.Contexts.size() + 1;
    C.OsId = C.TraceId;
    C.Name = Name.str();
    if (R.Model.Who == model::Threads::Any)
      C.Kind = UNDERLOCK_CONTEXT_TASK;
    R.Contexts.push_back(C);
  }
  return It->second;
}

bool TextSource::declareContext(llvm::ArrayRef<StringRef> Words) {
  if (Words.size() != 4)
    return fail("expected `context NAME KIND OS-ID`");
  auto Kind = llvm::StringSwitch<int>(Words[2])
                  .Case("thread", UNDERLOCK_CONTEXT_THREAD)
                  .Case("task", UNDERLOCK_CONTEXT_TASK)
                  .Case("cpu-thread", UNDERLOCK_CONTEXT_CPU_THREAD)
                  .Case("softirq", UNDERLOCK_CONTEXT_SOFTIRQ)
                  .Case("hardirq", UNDERLOCK_CONTEXT_HARDIRQ)
                  .Default(0);
  uint64_t OsId;
  if (!Kind || Words[3].getAsInteger(0, OsId))
    return fail("unknown context kind or number");
  Context &C = R.Contexts[context(Words[1])];
  C.Kind = static_cast<underlock_context_kind>(Kind);
  C.OsId = OsId;
  return true;
}

const TextSource::LockName *TextSource::lock(StringRef Spec) {
  auto [NameAndClass, Kind] = Spec.split('/');
  auto [Name, Class] = NameAndClass.split(':');
  auto [It, New] = Locks.try_emplace(Name);
  if (New) {
    It->second.Address = LockBase + AddressStep * Locks.size();
    It->second.Class = (Class.empty() ? Name : Class).str();
    It->second.Kind = !Kind.empty() ? R.Model.findLock(Kind) : R.Model.Locks.empty() ? nullptr : &R.Model.Locks.front();
    if (!It->second.Kind) {
      fail("the model has no lock `" + Kind + "`");
      return nullptr;
    }
    return &It->second;
  }
  const model::Lock *Other = Kind.empty() ? It->second.Kind : R.Model.findLock(Kind);
  if (!Other) {
    fail("the model has no lock `" + Kind + "`");
    return nullptr;
  }
  if (Other == It->second.Kind)
    return &It->second;
  Elsewise = {It->second.Address, (Class.empty() ? Name : Class).str(), Other};
  return &Elsewise;
}

SiteId TextSource::site(uint8_t Verb, model::Mode Mode, StringRef Mark, StringRef Function, StringRef Class) {
  auto Key = std::make_tuple(Verb, static_cast<int>(Mode), Mark.str(), Function.str(), Class.str(), LineNumber);
  auto [It, New] = SiteByKey.try_emplace(Key, R.Sites.size());
  if (New) {
    Site S;
    S.Verb = Verb;
    S.Mode = Mode;
    S.Line = LineNumber;
    S.Column = 1;
    S.Mark = Mark.str();
    S.File = "text.c";
    S.Function = Function.str();
    S.Expression = Class.empty() ? "" : "&" + Class.str();
    S.ClassName = Class.str();
    S.Lock = R.Model.findLock(Mark);
    S.Event = Verb == UNDERLOCK_VERB_EVENT ? R.Model.findEvent(Mark) : nullptr;
    S.Phase = R.Model.findPhase(Mark);
    R.Sites.push_back(S);
  }
  return It->second;
}

StackId TextSource::stack(StringRef Text, StringRef Context) {
  llvm::SmallVector<StringRef, 8> Names;
  Text.split(Names, '<');
  if (Text.trim().empty())
    Names.assign({Context});
  std::vector<uint64_t> Addresses;
  for (StringRef Name : Names) {
    auto [It, New] = Functions.try_emplace(Name.trim(), FunctionBase + AddressStep * FunctionNames.size());
    if (New)
      FunctionNames.push_back(Name.trim().str());
    Addresses.push_back(It->second);
  }
  for (StackId S = 0; S < R.Stacks.size(); ++S)
    if (R.Stacks[S] == Addresses)
      return S;
  R.Stacks.push_back(Addresses);
  return R.Stacks.size() - 1;
}

std::vector<Frame> TextSource::frames(uint64_t ReturnAddress) {
  uint64_t Index = (ReturnAddress - FunctionBase) / AddressStep;
  if (Index >= FunctionNames.size())
    return {};
  Frame F;
  F.Address = ReturnAddress;
  if (StringRef(FunctionNames[Index]).starts_with("?"))
    return {};
  auto [Function, Line] = splitLine(FunctionNames[Index]);
  F.Function = Function.str();
  F.Line = Line;
  F.File = "text.c";
  return {F};
}

namespace {
struct VerbWord {
  StringRef Word;
  underlock_record_kind Kind;
  uint8_t Verb;
  enum { OfLock, OfEvent, OfPhase, OfThread, OfTsan } Operand;
};
} // namespace

static const VerbWord VerbWords[] = {
    {"acquire", UNDERLOCK_RECORD_ACQUIRED, UNDERLOCK_VERB_ACQUIRE, VerbWord::OfLock},
    {"fail", UNDERLOCK_RECORD_FAILED, UNDERLOCK_VERB_TRY, VerbWord::OfLock},
    {"refused", UNDERLOCK_RECORD_FAILED, UNDERLOCK_VERB_ACQUIRE, VerbWord::OfLock},
    {"release", UNDERLOCK_RECORD_RELEASED, UNDERLOCK_VERB_RELEASE, VerbWord::OfLock},
    {"wait", UNDERLOCK_RECORD_NONE, UNDERLOCK_VERB_ACQUIRE, VerbWord::OfLock},
    {"awaits", UNDERLOCK_RECORD_ACQUIRED, UNDERLOCK_VERB_AWAIT, VerbWord::OfLock},
    {"signals", UNDERLOCK_RECORD_ACQUIRED, UNDERLOCK_VERB_SIGNAL, VerbWord::OfLock},
    {"init", UNDERLOCK_RECORD_INIT, UNDERLOCK_VERB_INIT, VerbWord::OfLock},
    {"destroy", UNDERLOCK_RECORD_DESTROY, UNDERLOCK_VERB_DESTROY, VerbWord::OfLock},
    {"free", UNDERLOCK_RECORD_DESTROY, UNDERLOCK_VERB_FREE, VerbWord::OfLock},
    {"event", UNDERLOCK_RECORD_EVENT, UNDERLOCK_VERB_EVENT, VerbWord::OfEvent},
    {"begin", UNDERLOCK_RECORD_PHASE_BEGIN, UNDERLOCK_VERB_PHASE_BEGIN, VerbWord::OfPhase},
    {"end", UNDERLOCK_RECORD_PHASE_END, UNDERLOCK_VERB_PHASE_END, VerbWord::OfPhase},
    {"fork", UNDERLOCK_RECORD_THREAD, UNDERLOCK_THREAD_FORK, VerbWord::OfThread},
    {"join", UNDERLOCK_RECORD_THREAD, UNDERLOCK_THREAD_JOIN, VerbWord::OfThread},
    {"exits", UNDERLOCK_RECORD_THREAD, UNDERLOCK_THREAD_END, VerbWord::OfThread},
    {"race", UNDERLOCK_RECORD_DEFINE, 0, VerbWord::OfTsan},
    {"misuse", UNDERLOCK_RECORD_DEFINE, 0, VerbWord::OfTsan},
};

// What the machine's state was, as trailing words of a record.
static uint8_t takeState(llvm::SmallVectorImpl<StringRef> &Words) {
  uint8_t State = 0;
  while (!Words.empty()) {
    uint8_t Bit = llvm::StringSwitch<uint8_t>(Words.back())
                      .Case("irqs-off", UNDERLOCK_STATE_IRQS_OFF)
                      .Case("no-preempt", UNDERLOCK_STATE_NO_PREEMPT)
                      .Case("softirqs-off", UNDERLOCK_STATE_SOFTIRQS_OFF)
                      .Default(0);
    if (!Bit)
      break;
    State |= Bit;
    Words.pop_back();
  }
  return State;
}

// What a report names by thread ids and addresses, replay finds again.
bool TextSource::tsanReport(llvm::ArrayRef<StringRef> Words, Record &Out) {
  static constexpr uint64_t Unknown = UINT64_C(0xffffffff81000000); // code without a name, as in a kernel
  bool Race = Words[1] == "race";
  TsanReport T;
  T.What = Race ? "data-race" : Words[2].str();
  auto AddLock = [&](size_t Word) {
    const LockName *L = Words.size() > Word ? lock(Words[Word]) : nullptr;
    if (L)
      T.Locks.emplace_back().Address = L->Address;
    return Words.size() <= Word || L;
  };
  if (!AddLock(3))
    return false;
  uint64_t Thread = R.Contexts[Out.Context].OsId;
  if (Race) {
    T.Accesses.resize(2);
    T.Accesses[0].Thread = Thread;
    T.Accesses[0].Writes = true;
    T.Accesses[0].Place.Stack = Out.Stack;
    TsanReport::Access &Other = T.Accesses[1];
    if (Words[2] != "-") {
      Other.Thread = R.Contexts[context(Words[2])].OsId;
      Other.Place.Stack = stack("", Words[2]);
    } else {
      Other.Place.Stack = R.Stacks.size();
      R.Stacks.push_back({Unknown});
    }
    Other.HeldKnown = !T.Locks.empty();
    for (size_t L = 0; L < T.Locks.size(); ++L)
      Other.Held.push_back({L, model::Mode::Exclusive});
  } else {
    T.Places.push_back({Thread, None, {None, Out.Stack}});
  }
  R.Tsan = true;
  Out.What = UNDERLOCK_DEFINE_TSAN;
  Out.Value = R.TsanReports.size();
  R.TsanReports.push_back(std::move(T));
  return true;
}

bool TextSource::parseVerb(llvm::ArrayRef<StringRef> Words, StringRef Stack, Record &Out, bool &HasRecord) {
  const VerbWord *V = nullptr;
  for (const VerbWord &Candidate : VerbWords)
    if (Words.size() > 1 && Candidate.Word == Words[1])
      V = &Candidate;
  if (!V)
    return fail("expected CONTEXT and one of acquire, fail, refused, release, wait, awaits, signals, init, destroy, "
                "free, event, begin, end, fork, join, exits, race, misuse");
  StringRef Operand = Words.size() > 2 ? Words[2] : "";
  if (Operand.empty() && V->Verb != UNDERLOCK_THREAD_END)
    return fail("`" + V->Word + "` needs an operand");

  Out.Kind = V->Kind;
  Out.Context = context(Words[0]);
  Out.Stack = stack(Stack, Words[0]);
  StringRef Function = splitLine(FunctionNames[(R.Stacks[Out.Stack].front() - FunctionBase) / AddressStep]).first;
  HasRecord = true;

  if (V->Operand == VerbWord::OfTsan)
    return tsanReport(Words, Out);
  if (V->Operand == VerbWord::OfThread) {
    Out.What = V->Verb;
    if (V->Verb != UNDERLOCK_THREAD_END)
      Out.Value = Tokens.try_emplace(Operand, Tokens.size() + 1).first->second;
    return true;
  }
  if (V->Operand == VerbWord::OfLock) {
    const LockName *L = lock(Operand);
    if (!L)
      return false;
    bool Shared = llvm::is_contained(Words.drop_front(3), "shared");
    uint8_t Verb = llvm::is_contained(Words.drop_front(3), "try") ? uint8_t(UNDERLOCK_VERB_TRY) : V->Verb;
    model::Mode Mode = Shared                                 ? model::Mode::Shared
                       : V->Kind == UNDERLOCK_RECORD_RELEASED ? model::Mode::Any
                                                              : model::Mode::Exclusive;
    Out.Lock = L->Address;
    if (!L->Kind->isLock() && V->Kind == UNDERLOCK_RECORD_NONE) {
      Verb = UNDERLOCK_VERB_AWAIT;
      if (auto It = Tokens.find(Operand.split('/').first); It != Tokens.end())
        Out.Lock = It->second;
    }
    Out.Site = site(Verb, Mode, L->Kind->Id, Function, L->Class);
    if (V->Kind == UNDERLOCK_RECORD_NONE) {
      StillWaiting.push_back({Out.Context, Out.Lock, {Out.Site, Out.Stack}, Out.Time});
      HasRecord = false;
    }
    return true;
  }
  Out.Site = site(V->Verb, model::Mode::Exclusive, Operand, Function, "");
  if (V->Operand == VerbWord::OfEvent ? !R.Sites[Out.Site].Event : !R.Sites[Out.Site].Phase)
    return fail("the model has no " + V->Word + " `" + Operand + "`");
  if (V->Kind == UNDERLOCK_RECORD_PHASE_BEGIN) {
    Out.Value = None;
    if (Words.size() > 3) {
      Out.Value = R.Titles.size();
      R.Titles.push_back(Words[3].str());
    }
    return true;
  }
  for (StringRef Object : Words.drop_front(3)) {
    uint64_t Number;
    if (Object.getAsInteger(0, Number))
      return fail("`" + Object + "` is not a number");
    Out.Objects.push_back(Number);
  }
  return true;
}

bool TextSource::parseLine(StringRef Line, Record &Out, bool &HasRecord) {
  auto [Text, Stack] = Line.split('#').first.split('@');
  llvm::SmallVector<StringRef, 8> Words;
  llvm::SplitString(Text, Words);
  HasRecord = false;
  if (Words.empty())
    return true;
  Out = Record();
  Out.Time = LineNumber;
  Out.State = takeState(Words);
  if (Words.empty())
    return fail("expected a record before the machine's state");
  if (Words[0] == "context")
    return declareContext(Words);
  if (Words.size() == 1 && Words[0] == "tsan") {
    R.Tsan = true;
    return true;
  }
  if (Words.size() == 1 && Words[0] == "exit") {
    Out.Kind = UNDERLOCK_RECORD_EXIT;
    Out.Context = context("exit");
    HasRecord = true;
    return true;
  }
  if (!parseVerb(Words, Stack, Out, HasRecord))
    return false;
  // The first line of a forked context is preceded by its start.
  if (auto It = Tokens.find(Words[0]); It != Tokens.end() && !Started.lookup(Words[0])) {
    Started[Words[0]] = true;
    if (HasRecord)
      Queue.push_back(Out);
    Record Start;
    Start.Kind = UNDERLOCK_RECORD_THREAD;
    Start.Time = Out.Time;
    Start.Context = Out.Context;
    Start.What = UNDERLOCK_THREAD_START;
    Start.Value = It->second;
    Out = Start;
    HasRecord = true;
  }
  return true;
}

Source::Status TextSource::next(Record &Out) {
  if (!Queue.empty()) {
    Out = Queue.back();
    Queue.pop_back();
    return Status::Record;
  }
  while (!Rest.empty()) {
    StringRef Line;
    std::tie(Line, Rest) = Rest.split('\n');
    ++LineNumber;
    bool HasRecord;
    if (!parseLine(Line, Out, HasRecord))
      return Status::Failed;
    if (HasRecord)
      return Status::Record;
  }
  return Status::End;
}
