// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the plugin reads of a model, as one number: all that makes a rebuild necessary, and nothing else.
#include "analyzer/model/Model.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

using namespace llvm;

namespace underlock::model {

static void write(raw_ostream &S, const Point &P) { S << unsigned(P.At) << '\0' << P.Function << '\0' << P.In << '\0'; }

uint64_t Model::marksHash() const {
  std::string Buffer;
  raw_string_ostream S(Buffer);
  for (const std::string &T : LockTypes)
    S << "t" << T << '\0';
  for (const SeeThrough &T : SeeThroughs)
    S << "s" << T.Function << '\0' << T.Argument;
  for (const Free &F : Frees)
    S << "f" << F.Function << '\0' << F.Memory << '.' << unsigned(F.Known) << '.' << F.SizeArgument;
  for (const TaskEnd &E : TaskEnds) {
    S << "d";
    write(S, E.At);
  }
  for (const Ignore &I : Ignores)
    S << "i" << I.File << '\0' << I.Function << '\0';
  for (const Lock &L : Locks) {
    S << (L.isLock() ? "l" : "w") << L.Id << '\0';
    for (const LockMark &M : L.Marks) {
      S << "m" << M.Function << '\0' << unsigned(M.What) << '.' << M.Lock << '.' << unsigned(M.LockMode) << '.'
        << unsigned(M.If) << (M.Indirect ? "*" : "") << (M.During ? "+" + M.Field : "");
      // Zero alone is what a success without a list has always been.
      if (M.Returns != std::vector<int64_t>{0})
        for (int64_t Value : M.Returns)
          S << '=' << Value;
    }
  }
  for (const Event &E : Events) {
    S << "e" << E.Id << '\0';
    write(S, E.At);
    for (unsigned O : E.Objects)
      S << O << ',';
    if (E.If != Success::Always) {
      S << "?" << unsigned(E.If);
      for (int64_t Value : E.Returns)
        S << '=' << Value;
    }
  }
  for (const Phase &P : Phases) {
    S << "p" << P.Id << '\0' << P.FromStart;
    write(S, P.Begin);
    write(S, P.End);
    for (const auto &[Begin, End] : P.Also) {
      write(S, Begin);
      write(S, End);
    }
    for (const TitlePart &T : P.Title)
      S << "t" << T.Argument << T.Field << '\0';
  }
  return xxh3_64bits(S.str());
}

} // namespace underlock::model
