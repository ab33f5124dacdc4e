// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The columns of a deadlock.
#include "analyzer/report/Interleaving.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"

using namespace underlock;

std::string report::cell(std::string Text, size_t Width) {
  if (Text.size() > Width) {
    size_t Head = (Width - 1) / 2, Tail = Width - 1 - Head;
    Text = Text.substr(0, Head) + "~" + Text.substr(Text.size() - Tail);
  }
  return Text + std::string(Width - Text.size(), ' ');
}

static std::string where(const Recording &R, SiteId S) {
  if (S == None)
    return "";
  const Site &At = R.Sites[S];
  return (asCall(At.Function) + " " + llvm::sys::path::filename(At.File) + ":" + llvm::Twine(At.Line)).str();
}

// A context that stands for any caller may be on both sides: then it takes two of its kind.
static std::string who(const Recording &R, const Finding &F, size_t Column) {
  ContextId C = F.Steps[Column].Context;
  std::string Name = R.contextName(C);
  if (llvm::count_if(F.Steps, [&](const Step &S) { return S.Context == C; }) == 1)
    return Name;
  bool First = llvm::none_of(llvm::ArrayRef(F.Steps).take_front(Column), [&](const Step &S) { return S.Context == C; });
  return (First ? "one caller (here: " : "another caller (here: ") + Name + ")";
}

const Hold *report::heldInCycle(const Recording &R, const Finding &F, size_t Index) {
  InstanceId Wanted = F.Steps[(Index + F.Steps.size() - 1) % F.Steps.size()].Lock;
  const std::vector<Hold> &Held = F.Steps[Index].Held;
  auto Found = llvm::find_if(Held, [&](const Hold &H) { return H.Lock == Wanted; });
  if (Found == Held.end() && Wanted != None)
    Found = llvm::find_if(Held, [&](const Hold &H) { return R.Instances[H.Lock].Class == R.Instances[Wanted].Class; });
  return Found == Held.end() ? nullptr : &*Found;
}

void report::interleaving(const Recording &R, const Finding &F, llvm::raw_ostream &Out) {
  size_t N = F.Steps.size();
  size_t Width = std::max<size_t>(20, 92 / std::min<size_t>(N, 4));
  auto Row = [&](unsigned Number, size_t Column, const std::string &Text) {
    std::string Line = (Number ? cell("  " + std::to_string(Number), 6) : std::string(6, ' '));
    for (size_t I = 0; I < Column; ++I)
      Line += std::string(Width, ' ');
    Line += cell(Text, Width - 1);
    Out << llvm::StringRef(Line).rtrim() << '\n';
  };

  Out << (F.Sure == Certainty::Observed ? "  how it deadlocked:\n" : "  how it deadlocks:\n");
  std::string Head(6, ' ');
  for (size_t I = 0; I < N; ++I)
    Head += cell(std::string(1, char('A' + I)) + ": " + who(R, F, I), Width - 1) + " ";
  Out << llvm::StringRef(Head).rtrim() << '\n';
  unsigned Number = 0;
  for (size_t I = 0; I < N; ++I) {
    InstanceId Wanted = F.Steps[(I + N - 1) % N].Lock;
    const Hold *Held = heldInCycle(R, F, I);
    SiteId At = Held ? Held->Place.Site : None;
    bool Delegated = Held && !Held->own();
    const model::Lock *Kind = R.classOf(Wanted).Lock;
    bool IsLock = !Kind || Kind->isLock();
    if (!Held && !IsLock) {
      Row(++Number, I,
          Kind->Kind == model::LockKind::Thread ? "has yet to end" : "has yet to signal " + R.lockName(Wanted));
      continue;
    }
    Row(++Number, I,
        (Delegated ? R.contextName(Held->By) + " (waits for this) " : std::string()) + (IsLock ? "locks " : "holds ") +
            R.lockName(Wanted));
    Row(0, I, "    " + where(R, At));
  }
  for (size_t I = 0; I < N; ++I) {
    Row(++Number, I, "waits for " + R.lockName(F.Steps[I].Lock));
    Row(0, I, "    " + where(R, F.Steps[I].Place.Site));
  }
  Out << "      deadlock\n";
}
