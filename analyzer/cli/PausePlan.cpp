// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analyzer/cli/PausePlan.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include <fstream>
#include <set>
#include <sstream>

using namespace underlock;
using cli::PausePlan;

static std::string fields(const Site &S) {
  return llvm::formatv("{0}\t{1}\t{2}\t{3}", S.Line, S.Column, S.Function, S.File).str();
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
    for (size_t I = 0; I < F.Steps.size(); ++I)
      if (!step(I))
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
    return std::move(P);
  }

private:
  bool suits() {
    Again = F.Analysis == "self" && F.Rule == "recursion";
    if (R.Platform != UNDERLOCK_PLATFORM_POSIX)
      WhyNot = "it is of a kernel, and threads are paused in programs only";
    else if (F.Analysis == "self" && !Again)
      WhyNot = "it is of one thread, which needs no other one for it: it happens, or it does not";
    else if (F.Analysis != "order" && !Again)
      WhyNot = "it is no lock-order cycle: confirm makes threads wait for each other's locks (order:inversion), and "
               "readers for a writer (self:recursion)";
    else if (F.Sure == Certainty::Observed)
      WhyNot = "it is observed already, and its recording is the proof";
    return WhyNot.empty();
  }

  bool step(size_t Index) {
    const Step &S = F.Steps[Index];
    const Hold *Held = holdOf(R, S, F.Steps[(Index + F.Steps.size() - 1) % F.Steps.size()].Lock);
    if (S.Place.Site == None || !Held || Held->Place.Site == None) {
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
    const Site &At = R.Sites[S.Place.Site], &From = R.Sites[Held->Place.Site];
    if (At.Verb == UNDERLOCK_VERB_WAIT) {
      P.Notes.push_back(At.Function + "() takes " + R.lockName(S.Lock) + " at " + where(At) +
                        " when a wait ends; it is not paused there");
      return true;
    }
    add("wanting\t" + fields(At) + "\t" + fields(From),
        llvm::formatv("{0}() holds {1} ({2}), and is about to take {3} ({4})", At.Function, R.lockName(Held->Lock),
                      where(From), R.lockName(S.Lock), where(At))
            .str());
    if (From.Verb == UNDERLOCK_VERB_ACQUIRE)
      P.Back.push_back("back\t" + fields(From));
    return true;
  }

  bool holderIsReader(size_t Index) const {
    const Step &Next = F.Steps[(Index + 1) % F.Steps.size()];
    const Hold *Held = holdOf(R, Next, F.Steps[Index].Lock);
    return Held && Held->Mode == model::Mode::Shared;
  }

  void writers(InstanceId Lock) {
    bool Any = false;
    for (const Site &S : R.Sites) {
      if (S.Verb != UNDERLOCK_VERB_ACQUIRE || S.Mode == model::Mode::Shared || S.ClassName != R.className(Lock))
        continue;
      add("writing\t" + fields(S),
          llvm::formatv("{0}() is about to take {1} as a writer ({2})", S.Function, R.lockName(Lock), where(S)).str());
      Any = true;
    }
    if (!Any)
      P.Notes.push_back("it takes a writer that waits for " + R.lockName(Lock) +
                        " between two readers, and the recording does not say where one does");
  }

  // The same place for several steps is one item.
  void add(std::string Line, std::string Says) {
    auto Known = llvm::find_if(P.Items, [&](const PausePlan::Item &I) { return I.Line == Line; });
    if (Known == P.Items.end())
      P.Items.push_back({std::move(Line), std::move(Says)});
    else if (!llvm::StringRef(Known->Says).contains(Says))
      Known->Says += "; or " + Says;
  }

  const Recording &R;
  const Finding &F;
  std::string &WhyNot;
  PausePlan P;
  bool Again = false;           // a reader that reads again
  std::set<InstanceId> Between; // a writer has to wait for these between two readers
};

} // namespace

std::optional<PausePlan> cli::planPauses(const Recording &R, const Finding &F, std::string &WhyNot) {
  return Planner(R, F, WhyNot).plan();
}

std::string PausePlan::text(unsigned Milliseconds, std::optional<size_t> WithBack) const {
  std::string Out = llvm::formatv("milliseconds\t{0}\nthreads\t{1}\n", Milliseconds, Threads).str();
  for (const Item &I : Items)
    Out += I.Line + "\n";
  return WithBack ? Out + Back[*WithBack] + "\n" : Out;
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
