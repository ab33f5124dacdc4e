// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analyzer/model/Policy.h"
#include "analyzer/model/YamlTree.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/GlobPattern.h"
#include <chrono>

using namespace llvm;

namespace underlock::model {

std::string text(const Place &P) { return formatv("{0}:{1}:{2}", P.File, P.Line, P.Column); }

std::string text(const Date &D) {
  std::string Out;
  raw_string_ostream(Out) << format("%04u-%02u-%02u", D.Year, D.Month, D.Day);
  return Out;
}

Expected<bool> globMatches(StringRef Glob, StringRef Text) {
  std::string Escaped;
  for (size_t I = 0; I < Glob.size(); ++I)
    Escaped += Glob.substr(I, 2) == "[]" ? "\\[" : Glob.substr(I, 1).str();
  Expected<GlobPattern> Pattern = GlobPattern::create(Escaped); // refers to its text
  if (!Pattern)
    return Pattern.takeError();
  return Pattern->match(Text);
}

std::optional<Date> dateFrom(StringRef Text) {
  Date D;
  if (Text.size() != 10 || Text[4] != '-' || Text[7] != '-' || Text.substr(0, 4).getAsInteger(10, D.Year) ||
      Text.substr(5, 2).getAsInteger(10, D.Month) || Text.substr(8, 2).getAsInteger(10, D.Day))
    return std::nullopt;
  std::chrono::year_month_day Day{std::chrono::year(D.Year), std::chrono::month(D.Month), std::chrono::day(D.Day)};
  return Day.ok() ? std::optional(D) : std::nullopt;
}

std::optional<Floor> floorFrom(StringRef Name, StringRef Value, std::string &Problem) {
  static constexpr std::pair<StringRef, Floor::Kind> Kinds[] = {
      {"contracts", Floor::Kind::Contracts}, {"marks", Floor::Kind::Marks}, {"contexts", Floor::Kind::Contexts}};
  Floor F;
  bool Known = false;
  for (const auto &[Kind, Of] : Kinds)
    if (Kind == Name) {
      F.Of = Of;
      Known = true;
    }
  StringRef Number = Value;
  F.Percent = Number.consume_back("%");
  if (!Known)
    Problem = ("unknown floor '" + Name + "'" + suggestion(Name, {"contracts", "marks", "contexts"})).str();
  else if (Number.getAsInteger(10, F.Number))
    Problem = ("a floor is a number, or a percentage, and '" + Value + "' is neither").str();
  else if (F.Percent && F.Of == Floor::Kind::Contexts)
    Problem = "a floor of contexts is a number: nobody knows how many there could be";
  else if (F.Percent && F.Number > 100)
    Problem = ("a floor of " + Value + " is more than all").str();
  else
    return F;
  return std::nullopt;
}

static void readSeverities(const Value &V, function_ref<Place(SMLoc)> PlaceOf, Messages &Into, Policy &To) {
  static constexpr std::pair<StringRef, Severity> Levels[] = {
      {"error", Severity::Error}, {"warning", Severity::Warning}, {"note", Severity::Note}};
  FieldReader F(V, "severities", Into); // says what is no map
  for (const auto &[Key, Content] : V.Fields) {
    RuleSeverity S;
    S.Rule = Key.Text;
    auto Level = find_if(Levels, [Text = StringRef(Content.Text)](const auto &L) { return L.first == Text; });
    if (Level == std::end(Levels)) {
      Into.error(Content.Where,
                 "unknown severity '" + Content.Text + "'" + suggestion(Content.Text, {"error", "warning", "note"}));
      continue;
    }
    S.Level = Level->second;
    S.Where = PlaceOf(Key.Where);
    To.Severities.push_back(std::move(S));
  }
}

// A pattern that cannot be one is found here, with its place, and not when a finding is compared.
static std::string readGlob(FieldReader &F, StringRef Key, Messages &Into) {
  std::string Text = F.text(Key);
  if (auto Glob = globMatches(Text, ""); !Glob)
    Into.error(F.optional(Key)->Where, "'" + Text + "' is no pattern: " + toString(Glob.takeError()));
  return Text;
}

static void readSuppression(const Value &V, function_ref<Place(SMLoc)> PlaceOf, Messages &Into, Policy &To) {
  FieldReader F(V, "a suppression", Into);
  Suppression S;
  S.Where = PlaceOf(V.Where);
  S.Finding = readGlob(F, "finding", Into);
  S.Class = readGlob(F, "class", Into);
  S.Function = readGlob(F, "function", Into);
  S.Why = F.requiredText("why");
  if (const Value *Until = F.optional("until")) {
    S.Until = dateFrom(Until->Text);
    if (!S.Until)
      Into.error(Until->Where, "'" + Until->Text + "' is no day: they are written 2027-01-31");
  }
  if (S.Finding.empty() && S.Class.empty() && S.Function.empty() && V.Is == Value::Kind::Map)
    Into.error(V.Where, "a suppression says which findings it means: by 'finding', 'class' or 'function'");
  F.finish();
  To.Suppressions.push_back(std::move(S));
}

static void readFloors(const Value &V, Messages &Into, Policy &To) {
  FieldReader F(V, "floors", Into);
  for (const auto &[Key, Content] : V.Fields) {
    std::string Problem;
    if (std::optional<Floor> Read = floorFrom(Key.Text, Content.Text, Problem))
      To.Floors.push_back(*Read);
    else
      Into.error(StringRef(Problem).starts_with("unknown") ? Key.Where : Content.Where, Problem);
  }
}

void readPolicy(FieldReader &Model, function_ref<Place(SMLoc)> PlaceOf, Messages &Into, Policy &To) {
  if (const Value *V = Model.optional("severities"))
    readSeverities(*V, PlaceOf, Into, To);
  for (const Value *V : Model.list("suppressions"))
    readSuppression(*V, PlaceOf, Into, To);
  if (const Value *V = Model.optional("floors"))
    readFloors(*V, Into, To);
}

} // namespace underlock::model
