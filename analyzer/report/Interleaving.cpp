// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analyzer/report/Interleaving.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"

using namespace underlock;

// A column has to hold a name and leave room for the others; a name that is longer is cut in its middle, where it
// differs least.
static std::string cell(std::string Text, size_t Width) {
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
  bool Bare = !llvm::StringRef(At.Function).contains('('); // C++ names come with their parameters
  return (At.Function + (Bare ? "() " : " ") + llvm::sys::path::filename(At.File) + ":" + llvm::Twine(At.Line)).str();
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
    auto Held = llvm::find_if(F.Steps[I].Held, [&](const Hold &H) { return H.Lock == Wanted; });
    if (Held == F.Steps[I].Held.end())
      Held = llvm::find_if(F.Steps[I].Held,
                           [&](const Hold &H) { return R.Instances[H.Lock].Class == R.Instances[Wanted].Class; });
    SiteId At = Held == F.Steps[I].Held.end() ? None : Held->Place.Site;
    bool Delegated = Held != F.Steps[I].Held.end() && !Held->own();
    Row(++Number, I,
        (Delegated ? R.contextName(Held->By) + " (waits for this) locks " : "locks ") + R.lockName(Wanted));
    Row(0, I, "    " + where(R, At));
  }
  for (size_t I = 0; I < N; ++I) {
    Row(++Number, I, "waits for " + R.lockName(F.Steps[I].Lock));
    Row(0, I, "    " + where(R, F.Steps[I].Place.Site));
  }
  Out << "      deadlock\n";
}
