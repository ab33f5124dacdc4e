// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two ways side by side.
#include "analyzer/report/Divergence.h"
#include "analyzer/report/Interleaving.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

using namespace underlock;

static constexpr size_t Indent = 6, Width = 46;

// The frames beyond the join, up to the model's boundary.
static std::vector<std::string> beyond(const Recording &R, PlaceRef P, const Divergence &D, bool With) {
  std::vector<Frame> Frames = R.frames(P.Stack), Taken;
  std::vector<std::string> Story = R.story(P), Out;
  size_t TakesIt = Frames.size(); // the innermost frame that the acquisition went through as well
  if (With && D.TakenBy == None) {
    Taken = R.frames(D.Taken.Stack);
    while (TakesIt > D.Common && Frames.size() - TakesIt < Taken.size() &&
           sameFunction(Frames[TakesIt - 1], Taken[Taken.size() - 1 - (Frames.size() - TakesIt)]))
      --TakesIt;
  }
  for (size_t I = D.Common; I < Frames.size(); ++I) {
    const Frame &F = Frames[I];
    std::string Text = F.Function.empty() ? llvm::formatv("{0:x}", F.Address).str() : F.Function;
    if (F.Line)
      Text += ("  " + llvm::sys::path::filename(F.File) + ":" + llvm::Twine(F.Line)).str();
    if (With && I == TakesIt)
      Text += "  (takes it)";
    Out.push_back(std::move(Text));
    if (!Story.empty() && F.Function == Story.back() && I >= TakesIt)
      break;
    if (!With && !Story.empty() && F.Function == Story.back())
      break;
  }
  return Out;
}

static std::string times(uint64_t N) { return N == 1 ? "once" : std::to_string(N) + " times"; }

void report::divergence(const Recording &R, const Finding &F, const Divergence &D, llvm::raw_ostream &Out) {
  std::vector<std::string> Left = beyond(R, D.Without, D, false), Right = beyond(R, D.With, D, true);
  auto Row = [&](const std::string &L, const std::string &Other) {
    Out.indent(Indent) << llvm::StringRef(cell(L, Width) + "  " + cell(Other, Width)).rtrim() << '\n';
  };
  Out << "  " << D.Function << "() is entered with and without " << D.Lock << ":\n";
  Row("without it (" + times(F.Steps.front().Count) + "), from", "with it (" + times(D.WithCount) + "), from");
  for (size_t I = 0; I < std::max(Left.size(), Right.size()); ++I)
    Row(I < Left.size() ? Left[I] : "", I < Right.size() ? Right[I] : "");
  if (!D.Callbacks.empty())
    Out << "  below it both call " << llvm::join(D.Callbacks, "(), then ") << "()\n";
  if (D.OtherWays)
    Out << "  " << D.OtherWays << " other way(s) to it keep the rule\n";
  Out << "  so no lock and unlock inside of it can be right: the right one would wait for itself, and\n"
         "  without them the left one stays bare; the callers have to agree\n";
}
