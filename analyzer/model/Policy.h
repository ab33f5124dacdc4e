// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of a model that a gate reads: how severe each rule is, findings that are let pass and until when, and how
// much has to be seen. No mark depends on it, so it changes without a rebuild.
#ifndef UNDERLOCK_ANALYZER_MODEL_POLICY_H
#define UNDERLOCK_ANALYZER_MODEL_POLICY_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/SMLoc.h"
#include <compare>
#include <optional>
#include <string>
#include <vector>

namespace underlock::model {

class FieldReader;
class Messages;

// Where an entry stands: for messages ("linux.yaml:12:5").
struct Place {
  std::string File;
  unsigned Line = 0;
  unsigned Column = 0;
};
std::string text(const Place &P); // as above

enum class Severity { Error, Warning, Note };

// A day, written 2027-01-31.
struct Date {
  unsigned Year = 0, Month = 0, Day = 0;
  auto operator<=>(const Date &) const = default;
};
std::optional<Date> dateFrom(llvm::StringRef Text); // nothing where there is no such day
std::string text(const Date &D);

// Overrides what the analysis, or the contract, says.
struct RuleSeverity {
  std::string Rule; // ANALYSIS:RULE
  Severity Level = Severity::Error;
  Place Where;
};

// All that is given has to match; one of the three is.
struct Suppression {
  std::string Finding;         // a fingerprint, or ANALYSIS:RULE, which may be a glob
  std::string Class, Function; // globs over the lock classes, and the functions on the paths, of a finding
  std::string Why;
  std::optional<Date> Until; // the last day on which it is good
  Place Where;
};

// A glob of which `[]` means that: it is in the names of locks (`table[]`) and of operators.
// An error where it is no pattern.
llvm::Expected<bool> globMatches(llvm::StringRef Glob, llvm::StringRef Text);

// What has to have been seen at least.
struct Floor {
  enum class Kind { Contracts, Marks, Contexts } Of = Kind::Contracts;
  unsigned Number = 0;
  bool Percent = false;
};
// "100%" or "4"; nothing, and what is wrong with it in `Problem`, where it is neither.
std::optional<Floor> floorFrom(llvm::StringRef Name, llvm::StringRef Value, std::string &Problem);

struct Policy {
  std::vector<RuleSeverity> Severities; // the later one of a rule counts
  std::vector<Suppression> Suppressions;
  std::vector<Floor> Floors; // the later one of a kind counts
};

// Reads the sections `severities`, `suppressions` and `floors` of one model file, behind what is there.
void readPolicy(FieldReader &Model, llvm::function_ref<Place(llvm::SMLoc)> PlaceOf, Messages &Into, Policy &To);

} // namespace underlock::model

#endif
