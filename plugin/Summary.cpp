// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The summary of one translation unit as JSON:
//   {"source": …, "model": …, "hash": …, "marks": {"acquire": 3, …}, "placed": [{"verb", "mark", "function", "callee",
//    "file", "line", "column", "class", "expression"} …], "classes": […], "skipped": [{"function", "callee", "line",
//    "reason"} …], "matched": […], "unmatched": […]}
#include "Summary.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <map>
#include <set>
#include <tuple>
#include <unistd.h>

using namespace llvm;

namespace underlock::plugin {
namespace {

StringRef verbName(underlock_verb Verb) {
  switch (Verb) {
  case UNDERLOCK_VERB_ACQUIRE:
    return "acquire";
  case UNDERLOCK_VERB_TRY:
    return "try";
  case UNDERLOCK_VERB_RELEASE:
    return "release";
  case UNDERLOCK_VERB_INIT:
    return "init";
  case UNDERLOCK_VERB_DESTROY:
    return "destroy";
  case UNDERLOCK_VERB_EVENT:
    return "event";
  case UNDERLOCK_VERB_PHASE_BEGIN:
    return "phase-begin";
  case UNDERLOCK_VERB_PHASE_END:
    return "phase-end";
  case UNDERLOCK_VERB_NAME:
    return "name";
  case UNDERLOCK_VERB_FREE:
    return "free";
  case UNDERLOCK_VERB_WAIT:
    return "wait";
  case UNDERLOCK_VERB_AWAIT:
    return "await";
  case UNDERLOCK_VERB_SIGNAL:
    return "signal";
  }
  return "";
}

} // namespace

std::string Summary::line() const {
  std::map<StringRef, unsigned> Counts;
  std::set<std::string> Classes;
  std::vector<PlacedMark> Sorted = Placed;
  llvm::sort(Sorted, [](const PlacedMark &A, const PlacedMark &B) {
    auto Key = [](const PlacedMark &P) {
      return std::tie(P.File, P.Line, P.Column, P.Function, P.Verb, P.Callee, P.Mark, P.ClassName);
    };
    return Key(A) < Key(B);
  });
  for (const PlacedMark &P : Sorted) {
    ++Counts[verbName(P.Verb)];
    if (!P.ClassName.empty())
      Classes.insert(P.ClassName);
  }
  std::vector<Skipped> Left = Skips;
  llvm::sort(Left, [](const Skipped &A, const Skipped &B) {
    return std::tie(A.Function, A.Line, A.Callee, A.Reason) < std::tie(B.Function, B.Line, B.Callee, B.Reason);
  });

  std::string Out;
  raw_string_ostream Stream(Out);
  json::OStream J(Stream);
  J.object([&] {
    J.attribute("source", json::fixUTF8(Source));
    J.attribute("model", json::fixUTF8(Model));
    J.attribute("hash", utohexstr(ModelHash, /*LowerCase=*/true));
    J.attributeObject("marks", [&] {
      for (const auto &[Verb, Count] : Counts)
        J.attribute(Verb, Count);
    });
    J.attributeArray("placed", [&] {
      for (const PlacedMark &P : Sorted)
        J.object([&] {
          J.attribute("verb", verbName(P.Verb));
          J.attribute("mark", json::fixUTF8(P.Mark));
          J.attribute("function", json::fixUTF8(P.Function));
          J.attribute("callee", json::fixUTF8(P.Callee));
          J.attribute("file", json::fixUTF8(P.File));
          J.attribute("line", P.Line);
          J.attribute("column", P.Column);
          J.attribute("class", json::fixUTF8(P.ClassName));
          J.attribute("expression", json::fixUTF8(P.Expression));
        });
    });
    J.attributeArray("classes", [&] {
      for (const std::string &C : Classes)
        J.value(json::fixUTF8(C));
    });
    J.attributeArray("skipped", [&] {
      for (const Skipped &S : Left)
        J.object([&] {
          J.attribute("function", json::fixUTF8(S.Function));
          J.attribute("callee", json::fixUTF8(S.Callee));
          J.attribute("line", S.Line);
          J.attribute("reason", S.Reason);
        });
    });
    J.attributeArray("matched", [&] {
      for (const std::string &Name : Matched)
        J.value(json::fixUTF8(Name));
    });
    J.attributeArray("unmatched", [&] {
      for (const std::string &Name : Unmatched)
        J.value(json::fixUTF8(Name));
    });
  });
  Stream << '\n';
  return Stream.str();
}

Error Summary::append(StringRef Path) const {
  std::string Line = line();
  int Descriptor;
  if (std::error_code E = sys::fs::openFileForWrite(Path, Descriptor, sys::fs::CD_OpenAlways, sys::fs::OF_Append))
    return createFileError(Path, E);
  ssize_t Written = ::write(Descriptor, Line.data(), Line.size());
  std::error_code E = Written == ssize_t(Line.size()) ? std::error_code()
                                                      : std::error_code(errno ? errno : EIO, std::generic_category());
  ::close(Descriptor);
  return E ? createFileError(Path, E) : Error::success();
}

} // namespace underlock::plugin
