// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a finding to where its threads are paused, and to what the runtime says of it (PausePlan.h).
#include "analyzer/cli/PausePlan.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include <fstream>
#include <map>
#include <set>
#include <sstream>

using namespace underlock;
using cli::PausePlan;

// LINE.HASH, as runtime/core/pause.h says.
static std::string siteWord(const Site &S) {
  uint64_t Sum = 0xcbf29ce484222325;
  auto Byte = [&](uint8_t B) { Sum = (Sum ^ B) * 0x100000001b3; };
  for (unsigned Shift = 0; Shift < 32; Shift += 8)
    Byte(S.Column >> Shift & 0xff);
  for (const std::string *Text : {&S.Function, &S.File}) {
    llvm::for_each(*Text, Byte);
    Byte(0);
  }
  return llvm::formatv("{0}.{1:x-16}", S.Line, Sum).str();
}

static std::string where(const Site &S) {
  return llvm::formatv("{0}:{1}", llvm::sys::path::filename(S.File), S.Line).str();
}

// Of what a step holds, the lock that the step before it wants. Over classes alone it is another object's.
static const Hold *holdOf(const Recording &R, const Step &S, InstanceId Wanted) {
  auto Find = [&](auto Is) {
    auto H = llvm::find_if(S.Held, Is);
    return H == S.Held.end() ? nullptr : &*H;
  };
  if (const Hold *Same = Find([&](const Hold &H) { return H.Lock == Wanted; }))
    return Same;
  return Find([&](const Hold &H) { return R.Instances[H.Lock].Class == R.Instances[Wanted].Class; });
}

namespace {

class Planner {
public:
  Planner(const Recording &R, const Finding &F, std::string &WhyNot) : R(R), F(F), WhyNot(WhyNot) {}

  std::optional<PausePlan> plan() {
    if (!suits())
      return std::nullopt;
    P.Threads = Again ? 2 : F.Steps.size();
    // What an ending ends is an item before it.
    for (bool Endings : {false, true})
      for (size_t I = 0; I < F.Steps.size(); ++I)
        if (endsWhatIsWanted(I) == Endings && !(Endings ? ending(I) : step(I)))
          return std::nullopt;
    if (P.Items.empty()) {
      WhyNot = "each of its locks is taken when a wait on a condition variable ends, where no thread can be paused";
      return std::nullopt;
    }
    for (InstanceId Lock : Between)
      writers(Lock);
    // All threads would be held back where all come by the same place.
    if (P.Items.size() == 1)
      P.Back.clear();
    // One thread at an item, where there is an item for each.
    P.OneEach = P.Items.size() >= P.Threads;
    return std::move(P);
  }

private:
  bool suits() {
    Again = F.Analysis == "self" && F.Rule == "recursion";
    bool Signal = llvm::any_of(F.Steps, [&](const Step &S) {
      const model::Lock *Kind = S.Lock == None ? nullptr : R.classOf(S.Lock).Lock;
      return Kind && Kind->Kind == model::LockKind::Completion;
    });
    if (F.Analysis == "self" && !Again)
      WhyNot = "it is of one thread, which needs no other one for it: it happens, or it does not";
    else if (!cli::isOfLocks(F))
      WhyNot =
          "it is no cycle of waits: confirm makes threads wait for each other's locks (order:inversion), references "
          "and ends (order:wait-cycle), and readers for a writer (self:recursion)";
    else if (Signal)
      WhyNot = "it waits for a signal, and the recording of a run that ends before it comes does not tell from whom it "
               "would have come";
    else if (F.Sure == Certainty::Observed)
      WhyNot = "it is observed already, and its recording is the proof";
    else if (R.Platform == UNDERLOCK_PLATFORM_LINUX)
      suitsKernel();
    return WhyNot.empty();
  }

  // A kernel's runtime records no end of a thread, so none is paused for.
  bool sleeps(InstanceId I) const { return R.maySleep(I) && R.classOf(I).Lock->Kind != model::LockKind::Thread; }

  // A task of a kernel is paused only where it may sleep, by what it asks for and what it has.
  void suitsKernel() {
    for (const Step &S : F.Steps) {
      auto Kind = R.Contexts[S.Context].Kind;
      if (Kind != UNDERLOCK_CONTEXT_TASK)
        WhyNot = R.contextName(S.Context) + " is no task that could be paused";
      else if (!sleeps(S.Lock))
        WhyNot = "who takes " + R.lockName(S.Lock) + " may not sleep, and so cannot be paused";
      for (const Hold &H : S.Held)
        if (H.own() && !sleeps(H.Lock))
          WhyNot = "who holds " + R.lockName(H.Lock) + " may not sleep, and so cannot be paused";
    }
  }

  const Step &before(size_t Index) const { return F.Steps[(Index + F.Steps.size() - 1) % F.Steps.size()]; }

  // Does the step before this one wait for the end of this one's thread?
  bool endsWhatIsWanted(size_t Index) const { return R.Instances[before(Index).Lock].EndOf != None; }

  // Where a thread of the cycle can be paused; nothing, and it is said, where it cannot.
  const Site *siteOf(const Step &S) {
    if (S.Place.Site == None) {
      WhyNot = "the recording does not say where its locks are taken";
      return nullptr;
    }
    return &R.Sites[S.Place.Site];
  }

  std::string wants(const Step &S, const Site &At) const {
    const model::Lock *Kind = R.classOf(S.Lock).Lock;
    bool Reference = Kind && Kind->Kind == model::LockKind::Reference;
    std::string What = Reference && !Kind->What.empty() ? Kind->What : R.lockName(S.Lock);
    return llvm::formatv(At.Verb != UNDERLOCK_VERB_AWAIT      ? "is about to take {0} ({1})"
                         : Reference && !Kind->isHeldDuring() ? "is about to wait for the last {0} ({1})"
                                                              : "is about to wait for {0} ({1})",
                         What, where(At))
        .str();
  }

  bool step(size_t Index) {
    const Step &S = F.Steps[Index];
    const Site *At = siteOf(S);
    const Hold *Held = At ? holdOf(R, S, before(Index).Lock) : nullptr;
    if (!At || !Held || Held->Place.Site == None) {
      WhyNot = "the recording does not say where its locks are taken";
      return false;
    }
    if (!Held->own()) {
      WhyNot = "a lock of it is held by a thread that waits for the work of another one (delegation)";
      return false;
    }
    // Over instances only: a reader that waits for a reader needs a writer between them.
    if (S.Mode == model::Mode::Shared && holderIsReader(Index))
      Between.insert(S.Lock);
    const Site &From = R.Sites[Held->Place.Site];
    if (At->Verb == UNDERLOCK_VERB_WAIT) {
      P.Notes.push_back(At->Function + "() takes " + R.lockName(S.Lock) + " at " + where(*At) +
                        " when a wait ends; it is not paused there");
      return true;
    }
    const model::Lock *Kind = R.classOf(S.Lock).Lock;
    bool Drains = Kind && Kind->Kind == model::LockKind::Reference;
    ItemOf[Index] = add((Drains ? "d:" : "w:") + siteWord(*At) + ":" + siteWord(From),
                        llvm::formatv("{0}() holds {1} ({2}), and {3}", At->Function, R.lockName(Held->Lock),
                                      where(From), wants(S, *At))
                            .str());
    if (From.Verb == UNDERLOCK_VERB_ACQUIRE)
      P.Back.push_back("b:" + siteWord(From));
    return true;
  }

  // A thread whose end is waited for, and what it wants before.
  bool ending(size_t Index) {
    const Step &S = F.Steps[Index];
    const Site *At = siteOf(S);
    auto Waiter = ItemOf.find((Index + F.Steps.size() - 1) % F.Steps.size());
    if (!At || Waiter == ItemOf.end()) {
      WhyNot = "the recording does not say where its locks are taken";
      return false;
    }
    ItemOf[Index] = add("e:" + siteWord(*At) + ":" + std::to_string(Waiter->second + 1),
                        llvm::formatv("{0}() {1}, before its thread ends", At->Function, wants(S, *At)).str());
    return true;
  }

  bool holderIsReader(size_t Index) const {
    const Step &Next = F.Steps[(Index + 1) % F.Steps.size()];
    const Hold *Held = holdOf(R, Next, F.Steps[Index].Lock);
    return Held && Held->Mode == model::Mode::Shared;
  }

  void writers(InstanceId Lock) {
    size_t Found = 0, Added = 0;
    for (const Site &S : R.Sites) {
      if (S.Verb != UNDERLOCK_VERB_ACQUIRE || S.Mode == model::Mode::Shared || S.ClassName != R.className(Lock))
        continue;
      ++Found;
      if (P.Items.size() == MaxItems)
        continue;
      ++Added;
      add("r:" + siteWord(S),
          llvm::formatv("{0}() is about to take {1} as a writer ({2})", S.Function, R.lockName(Lock), where(S)).str());
    }
    if (Found == 0)
      P.Notes.push_back("it takes a writer that waits for " + R.lockName(Lock) +
                        " between two readers, and the recording does not say where one does");
    else if (Added < Found)
      P.Notes.push_back(
          llvm::formatv("of {0} places where a writer takes {1}, {2} are in the plan", Found, R.lockName(Lock), Added)
              .str());
  }

  // Which item it is, from 0. The same place for several steps is one.
  size_t add(std::string Word, std::string Says) {
    auto Known = llvm::find_if(P.Items, [&](const PausePlan::Item &I) { return I.Word == Word; });
    if (Known == P.Items.end()) {
      P.Items.push_back({std::move(Word), std::move(Says)});
      return P.Items.size() - 1;
    }
    if (!llvm::StringRef(Known->Says).contains(Says))
      Known->Says += "; or " + Says;
    return Known - P.Items.begin();
  }

  const Recording &R;
  const Finding &F;
  std::string &WhyNot;
  PausePlan P;
  // Those of a kernel have to find room on its command line.
  const size_t MaxItems = R.Platform == UNDERLOCK_PLATFORM_LINUX ? 24 : PausePlan::MaxItems;
  bool Again = false;              // a reader that reads again
  std::map<size_t, size_t> ItemOf; // of a step
  std::set<InstanceId> Between;    // a writer has to wait for these between two readers
};

} // namespace

bool cli::isOfLocks(const Finding &F) {
  return F.Analysis == "order" ? F.Rule == "inversion" || F.Rule == "wait-cycle"
                               : F.Analysis == "self" && F.Rule == "recursion";
}

std::optional<PausePlan> cli::planPauses(const Recording &R, const Finding &F, std::string &WhyNot) {
  return Planner(R, F, WhyNot).plan();
}

std::string PausePlan::text(const Attempt &A) const {
  std::string Out = llvm::formatv("{0},{1},{2}", A.Milliseconds, Threads, A.OneEach ? 1 : 0).str();
  for (const Item &I : Items)
    Out += "," + I.Word;
  return A.Back ? Out + "," + Back[*A.Back] : Out;
}

cli::PauseLog cli::readPauseLog(const std::string &Path, size_t Items) {
  PauseLog Out;
  Out.Items.resize(Items);
  std::ifstream File(Path);
  for (std::string Line; std::getline(File, Line);) {
    std::istringstream Words(Line);
    long Process, Thread;
    size_t Item;
    std::string What;
    if (!(Words >> Process >> Thread >> Item >> What) || Item == 0 || Item > Items)
      continue;
    PauseLog::Counts &C = Out.Items[Item - 1];
    C.Arrived += What == "arrived";
    C.Alone += What == "alone";
    C.Met += What == "met";
    Out.Met |= What == "met";
  }
  return Out;
}
