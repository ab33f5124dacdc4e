// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From values to their words and back (Words.h).
#include "analyzer/analyses/Words.h"
#include "llvm/ADT/STLExtras.h"

using namespace underlock;
using llvm::StringLiteral;
using llvm::StringRef;

// Each in the order of its enumerators.
static constexpr StringLiteral CertaintyWords[] = {"possible", "assumed", "predicted", "observed"};
static constexpr StringLiteral StandingWords[] = {"none", "new", "known", "suppressed"};
static constexpr StringLiteral SeverityWords[] = {"error", "warning", "note"};
static constexpr StringLiteral ModeWords[] = {"exclusive", "shared", "any"};
static_assert(std::size(CertaintyWords) == Certainties);
static_assert(std::size(StandingWords) == Standings);
static_assert(std::size(SeverityWords) == static_cast<size_t>(model::Severity::Note) + 1);
static_assert(std::size(ModeWords) == static_cast<size_t>(model::Mode::Any) + 1);

StringRef underlock::nameOf(Certainty C) { return CertaintyWords[static_cast<unsigned>(C)]; }
StringRef underlock::nameOf(Standing S) { return StandingWords[static_cast<unsigned>(S)]; }
StringRef underlock::nameOf(model::Severity S) { return SeverityWords[static_cast<unsigned>(S)]; }
StringRef underlock::nameOf(model::Mode M) { return ModeWords[static_cast<unsigned>(M)]; }

template <typename T> static std::optional<T> named(llvm::ArrayRef<StringLiteral> Words, StringRef Name) {
  const StringLiteral *It = llvm::find(Words, Name);
  return It == Words.end() ? std::nullopt : std::optional(static_cast<T>(It - Words.begin()));
}

std::optional<Certainty> underlock::certaintyNamed(StringRef Name) { return named<Certainty>(CertaintyWords, Name); }
std::optional<Standing> underlock::standingNamed(StringRef Name) { return named<Standing>(StandingWords, Name); }
std::optional<model::Severity> underlock::severityNamed(StringRef Name) {
  return named<model::Severity>(SeverityWords, Name);
}

std::vector<std::string> underlock::certainties() { return {std::begin(CertaintyWords), std::end(CertaintyWords)}; }
std::vector<std::string> underlock::severities() { return {std::begin(SeverityWords), std::end(SeverityWords)}; }
