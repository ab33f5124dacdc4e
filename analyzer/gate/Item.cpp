// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analyzer/gate/Item.h"
#include "analyzer/analyses/Words.h"
#include "analyzer/gate/Rules.h"
#include "analyzer/gate/Suppressions.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Regex.h"

using namespace underlock;
using gate::Item;
using llvm::StringRef;
namespace json = llvm::json;

std::string Item::where() const { return llvm::join(Identity, ", "); }

Item gate::itemOf(const Recording &R, const Finding &F) {
  Item I;
  I.Fingerprint = fingerprint(F);
  I.Rule = ruleOf(F);
  I.Title = F.Title;
  I.Sure = F.Sure;
  I.Level = F.Level;
  I.Stands = F.Stands;
  I.Identity = F.Identity;
  if (SiteId S = F.Steps.front().Place.Site; S != None) {
    I.File = R.Sites[S].File;
    I.Function = R.Sites[S].Function;
    I.Line = R.Sites[S].Line;
  }
  return I;
}

StringRef gate::unfit(const Item &I) {
  auto Bad = [](StringRef Text) { return llvm::any_of(Text, [](unsigned char C) { return C < ' ' || C == 0x7f; }); };
  return Bad(I.Rule)                      ? "rule"
         : Bad(I.Title)                   ? "title"
         : llvm::any_of(I.Identity, Bad)  ? "identity"
         : Bad(I.File) || Bad(I.Function) ? "steps"
                                          : "";
}

namespace {

template <typename T> bool readWord(const json::Value *V, json::Path P, std::optional<T> (*Named)(StringRef), T &Out) {
  std::optional<StringRef> Word = V ? V->getAsString() : std::nullopt;
  std::optional<T> Meaning = Word ? Named(*Word) : std::nullopt;
  if (!Meaning)
    P.report("this is none of the words that are written here");
  else
    Out = *Meaning;
  return Meaning.has_value();
}

struct Place {
  std::string File, Function;
  uint64_t Line = 0;
};

struct WrittenStep {
  std::optional<Place> Site;
};

// What is read of one recording in a report.
struct Written {
  std::string Trace, Reason;
  bool ProvesNothing = false;
  std::vector<Item> Findings;
};

bool fromJSON(const json::Value &V, Place &Out, json::Path P) {
  json::ObjectMapper O(V, P);
  return O && O.map("file", Out.File) && O.map("function", Out.Function) && O.map("line", Out.Line);
}

bool fromJSON(const json::Value &V, WrittenStep &Out, json::Path P) {
  json::ObjectMapper O(V, P);
  return O && O.mapOptional("site", Out.Site);
}

bool readWords(const json::Object &From, Item &Out, json::Path P) {
  const json::Value *Stands = From.get("stands"); // older reports have none
  return readWord(From.get("certainty"), P.field("certainty"), certaintyNamed, Out.Sure) &&
         readWord(From.get("severity"), P.field("severity"), severityNamed, Out.Level) &&
         (!Stands || readWord(Stands, P.field("stands"), standingNamed, Out.Stands));
}

} // namespace

namespace underlock::gate {
static bool fromJSON(const json::Value &V, Item &Out, json::Path P) {
  json::ObjectMapper O(V, P);
  std::string Analysis, Rule;
  std::vector<WrittenStep> Steps;
  if (!O || !O.map("fingerprint", Out.Fingerprint) || !O.map("analysis", Analysis) || !O.map("rule", Rule) ||
      !O.map("title", Out.Title) || !O.map("identity", Out.Identity) || !O.map("steps", Steps) ||
      !readWords(*V.getAsObject(), Out, P))
    return false;
  if (!isFingerprint(Out.Fingerprint)) {
    P.field("fingerprint").report("a fingerprint is 16 hexadecimal digits");
    return false;
  }
  Out.Rule = Analysis + ":" + Rule;
  if (!Steps.empty() && Steps.front().Site) {
    Out.File = Steps.front().Site->File;
    Out.Function = Steps.front().Site->Function;
    Out.Line = Steps.front().Site->Line;
  }
  if (StringRef Part = unfit(Out); !Part.empty()) {
    P.field(Part).report("there is a line break or another control character in it");
    return false;
  }
  return true;
}
} // namespace underlock::gate

namespace {
bool fromJSON(const json::Value &V, Written &Out, json::Path P) {
  json::ObjectMapper O(V, P);
  return O && O.map("trace", Out.Trace) && O.map("proves nothing", Out.ProvesNothing) &&
         O.mapOptional("reason", Out.Reason) && O.map("findings", Out.Findings);
}

} // namespace

// LLVM's parser calls itself for what is nested: a hostile file must not end in a crash.
static bool tooDeep(StringRef Text) {
  constexpr size_t Limit = 64;
  size_t Depth = 0;
  bool Quoted = false;
  for (size_t I = 0; I < Text.size(); ++I) {
    char C = Text[I];
    if (Quoted && C == '\\')
      ++I;
    else if (C == '"')
      Quoted = !Quoted;
    else if (!Quoted && (C == '[' || C == '{') && ++Depth > Limit)
      return true;
    else if (!Quoted && (C == ']' || C == '}') && Depth > 0)
      --Depth;
  }
  return false;
}

std::optional<std::vector<Item>> gate::readReport(StringRef Path, StringRef Text, llvm::raw_ostream &Errors) {
  if (tooDeep(Text)) {
    Errors << Path << ": error: nested too deeply for a report\n";
    return std::nullopt;
  }
  llvm::Expected<json::Value> Root = json::parse(Text);
  if (!Root) {
    // "[LINE:COLUMN, byte=N]: what is wrong"
    std::string Said = llvm::toString(Root.takeError());
    llvm::SmallVector<StringRef, 4> Parts;
    if (llvm::Regex("^\\[([0-9]+):([0-9]+), byte=[0-9]+\\]: (.*)$").match(Said, &Parts))
      Said = (Parts[1] + ":" + Parts[2] + ": error: " + Parts[3]).str();
    Errors << Path << ':' << Said << ", and a report is JSON\n";
    return std::nullopt;
  }
  json::Path::Root Report("report");
  json::ObjectMapper O(*Root, Report);
  int64_t Format = 0;
  std::vector<Written> Recordings;
  if (!O || !O.map("format", Format) || (Format == 1 && !O.map("recordings", Recordings))) {
    Errors << Path << ": error: this is not a report as `underlock check --format json` writes it: "
           << llvm::toString(Report.getError()) << '\n';
    return std::nullopt;
  }
  if (Format != 1) {
    Errors << Path << ": error: this report is of format " << Format << ", and this Underlock reads format 1\n";
    return std::nullopt;
  }
  std::vector<Item> Out;
  for (const Written &W : Recordings) {
    if (W.ProvesNothing) {
      Errors << Path << ": error: the recording " << W.Trace << " in this report proves nothing: " << W.Reason << '\n';
      return std::nullopt;
    }
    Out.insert(Out.end(), W.Findings.begin(), W.Findings.end());
  }
  if (Recordings.empty()) {
    Errors << Path << ": error: there is no recording in this report\n";
    return std::nullopt;
  }
  return Out;
}

std::vector<Item> gate::distinct(std::vector<Item> Items) {
  std::vector<Item> Out;
  llvm::StringMap<size_t> Index;
  for (Item &I : Items) {
    auto [It, New] = Index.try_emplace(I.Fingerprint, Out.size());
    if (New) {
      Out.push_back(std::move(I));
      continue;
    }
    Item &Old = Out[It->second];
    Old.Sure = std::max(Old.Sure, I.Sure);
    Old.Level = std::min(Old.Level, I.Level);
    if (counts(I.Stands))
      Old.Stands = I.Stands;
  }
  return Out;
}
