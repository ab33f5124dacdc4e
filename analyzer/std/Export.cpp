// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Events of a replay to lines of STD.
#include "analyzer/std/Export.h"
#include "analyzer/std/Format.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;
using namespace underlock::std_format;

static std::string nameOf(uint32_t TraceId) { return "T" + std::to_string(TraceId); }

// RAPID reads locations as whole numbers; 0 is none.
void Exporter::line(ContextId C, llvm::StringRef What, InstanceId Lock, SiteId At) {
  Out << nameOf(R.Contexts[C].TraceId) << '|' << What << '(' << encodeName(R.className(Lock)) << '#' << Lock << ")|"
      << (At == None ? 0 : At + 1) << '\n';
}

// Readers, counting semaphores and the pseudo-locks of one processor exclude nobody, or not each other.
bool Exporter::sayable(const Hold &H) {
  const model::Lock *Kind = R.classOf(H.Lock).Lock;
  if (Kind && (Kind->Kind == model::LockKind::Semaphore || Kind->Kind == model::LockKind::Pseudo)) {
    ++OtherKinds;
    return false;
  }
  SharedHolds += H.Mode == model::Mode::Shared;
  return H.Mode != model::Mode::Shared;
}

// Who still held it, by what was said so far, has released it without a record.
void Exporter::take(ContextId C, InstanceId Lock, SiteId At) {
  Holder &H = Holders[Lock];
  for (; H.Context != C && H.Depth; --H.Depth, ++MadeUp)
    line(H.Context, "rel", Lock, None);
  line(C, "acq", Lock, At);
  H.Context = C;
  ++H.Depth;
}

// What it holds since before the recording, or a ring's horizon.
void Exporter::catchUp(const Moment &M) {
  for (const Hold &H : M.Held) {
    Delegated += !H.own();
    if (!H.own() || H.Mode == model::Mode::Shared)
      continue;
    auto It = Holders.find(H.Lock);
    if ((It == Holders.end() || !It->second.Depth) && sayable(H)) {
      ++MadeUp;
      take(M.Context, H.Lock, H.Place.Site);
    }
  }
}

void Exporter::acquired(const Moment &M, const Hold &New) {
  catchUp(M);
  if (!sayable(New))
    return;
  Tries += New.ByTry;
  take(M.Context, New.Lock, New.Place.Site);
}

void Exporter::released(const Moment &M, const Hold &Old, SiteId At) {
  catchUp(M);
  auto It = Holders.find(Old.Lock);
  if (Old.Mode == model::Mode::Shared || It == Holders.end() || !It->second.Depth || It->second.Context != M.Context)
    return;
  --It->second.Depth;
  line(M.Context, "rel", Old.Lock, At);
}

void Exporter::releasedUnheld(const Moment &M, InstanceId Lock, SiteId At, ContextId Holder) {
  catchUp(M);
  line(M.Context, "rel", Lock, At);
  if (auto It = Holders.find(Lock); It != Holders.end() && It->second.Depth)
    --It->second.Depth;
}

void Exporter::thread(const Moment &M, llvm::StringRef What, uint64_t Token) {
  auto Child = Started.ByToken.find(Token);
  uint32_t Own = R.Contexts[M.Context].TraceId;
  if (Child == Started.ByToken.end() || Child->second == Own) {
    ++NeverRan;
    return;
  }
  Out << nameOf(Own) << '|' << What << '(' << nameOf(Child->second) << ")|0\n";
}

void Exporter::locations(llvm::raw_ostream &To) const {
  for (SiteId S = 0; S < R.Sites.size(); ++S) {
    const Site &At = R.Sites[S];
    To << S + 1 << '|' << encodeName(At.File) << ':' << At.Line << ':' << At.Column << '|'
       << (At.Function.empty() ? "?" : encodeName(At.Function)) << '\n';
  }
}

std::vector<std::string> Exporter::losses() const {
  std::vector<std::string> Out;
  auto Say = [&](uint64_t Count, const char *What) {
    if (Count)
      Out.push_back(llvm::formatv("{0} {1}", Count, What).str());
  };
  Say(SharedHolds, "shared acquisition(s), and their releases: left out");
  Say(OtherKinds, "acquisition(s) of semaphores and pseudo-locks: left out");
  Say(Tries, "acquisition(s) by a try: there, but they read as ones that wait, and may show a cycle that is none");
  Say(Failed, "attempt(s) that did not get the lock: left out");
  Say(Waits, "context(s) that waited for a lock when the recording ended: left out, and a hang with them");
  Say(Events, "event(s) of the model, and with them what contracts are judged by: left out");
  Say(Phases, "phase(s): left out");
  Say(Births, "birth(s) of locks: left out; what is only possible here for want of them may be assumed there");
  Say(Delegated, "moment(s) of work for somebody who holds a lock: without that lock there");
  Say(NeverRan, "start(s) and join(s) of threads that never ran: left out");
  Say(MadeUp, "acquisition(s) and release(s) that were not recorded: made up");
  Say(llvm::count_if(
          R.Contexts,
          [](const Context &C) { return C.Kind != UNDERLOCK_CONTEXT_THREAD && C.Kind != UNDERLOCK_CONTEXT_TASK; }),
      "context(s) that are interrupts, or bound to a processor: threads like others there");
  if (R.Model.Who == model::Threads::Any)
    Out.push_back("that a task stands for any caller: each thread there is only who it is");
  return Out;
}
