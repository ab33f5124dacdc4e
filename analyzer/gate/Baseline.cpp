// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analyzer/gate/Baseline.h"
#include "analyzer/gate/Suppressions.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace underlock;
using namespace underlock::gate;
using llvm::StringRef;

static constexpr StringRef Todo = "TODO";

// Where a reason begins: at a # behind a blank. Names may have one inside.
static size_t reasonAt(StringRef Text) {
  for (size_t At = Text.find('#'); At != StringRef::npos; At = Text.find('#', At + 1))
    if (At == 0 || llvm::isSpace(Text[At - 1]))
      return At;
  return StringRef::npos;
}

bool Baseline::parse(Line &L, unsigned Number, llvm::raw_ostream &Errors) {
  StringRef Text = StringRef(L.Text).rtrim(), Rest = Text.ltrim();
  if (Rest.empty() || Rest.starts_with("#"))
    return true;
  auto Wrong = [&](StringRef At, const llvm::Twine &What) {
    Errors << Path << ':' << Number << ':' << At.begin() - L.Text.data() + 1 << ": error: " << What << '\n';
    return false;
  };
  Known K;
  K.Place = {Path, Number, static_cast<unsigned>(Rest.begin() - L.Text.data() + 1)};
  StringRef Print = Rest.take_until([](char C) { return llvm::isSpace(C); });
  if (!isFingerprint(Print))
    return Wrong(Print, "'" + Print + "' is no fingerprint, which is 16 digits of 0 to 9 and a to f: a line is " +
                            "FINGERPRINT  RULE  WHERE  # REASON");
  Rest = Rest.drop_front(Print.size()).ltrim();
  size_t Reason = reasonAt(Rest);
  if (Reason != StringRef::npos)
    K.Reason = Rest.drop_front(Reason + 1).trim().str();
  StringRef Names = Rest.take_front(Reason).rtrim(), Rule = Names.take_until([](char C) { return llvm::isSpace(C); });
  if (!Rule.contains(':'))
    return Wrong(Rest, (Rule.empty() ? "here a rule is missing" : "'" + Rule + "' is no rule") +
                           ", which is written ANALYSIS:RULE, as in order:inversion");
  K.Fingerprint = Print.str();
  // Two blanks end a field; a rule's name may have single ones in it.
  size_t End = std::min(Names.find("  "), Names.find('\t'));
  K.Rule = (End == StringRef::npos ? Rule : Names.take_front(End)).str();
  K.Where = Names.drop_front(K.Rule.size()).trim().str();
  auto [Old, New] = ByFingerprint.try_emplace(K.Fingerprint, Lines.size());
  if (!New)
    return Wrong(Print,
                 K.Fingerprint + " stands in line " + llvm::Twine(Lines[Old->second].Entry->Place.Line) + " already");
  L.Entry = std::move(K);
  return true;
}

std::optional<Baseline> Baseline::read(StringRef Path, llvm::raw_ostream &Errors) {
  auto Text = llvm::MemoryBuffer::getFile(Path);
  if (!Text) {
    Errors << "underlock: error: " << Path << ": cannot read the baseline: " << Text.getError().message();
    if (Text.getError() == std::errc::no_such_file_or_directory)
      Errors << "; `underlock baseline -o " << Path << "` writes one";
    Errors << '\n';
    return std::nullopt;
  }
  Baseline Out(Path.str());
  bool Good = true;
  StringRef Rest = (*Text)->getBuffer();
  while (!Rest.empty()) {
    StringRef Whole;
    std::tie(Whole, Rest) = Rest.split('\n');
    Line L{Whole.rtrim('\r').str(), std::nullopt, false};
    Good &= Out.parse(L, Out.Lines.size() + 1, Errors);
    Out.Lines.push_back(std::move(L));
  }
  return Good ? std::optional(std::move(Out)) : std::nullopt;
}

void Baseline::apply(llvm::MutableArrayRef<Finding> Findings) {
  for (Finding &F : Findings) {
    auto At = ByFingerprint.find(fingerprint(F));
    if (At != ByFingerprint.end())
      Lines[At->second].Seen = true;
    if (F.Stands == Standing::Suppressed)
      continue;
    F.Stands = At == ByFingerprint.end() ? Standing::New : Standing::Known;
    if (F.Stands == Standing::Known)
      F.Because = Lines[At->second].Entry->Reason;
  }
}

static bool noReason(const Known &K) { return K.Reason.empty() || StringRef(K.Reason).starts_with(Todo); }

size_t Baseline::withoutReason() const {
  return llvm::count_if(Lines, [](const Line &L) { return L.Entry && noReason(*L.Entry); });
}

void Baseline::finish(Outcome &Out) const {
  Out.Baseline = Path;
  const Known *First = nullptr;
  for (const Line &L : Lines) {
    if (!L.Entry)
      continue;
    if (!L.Seen)
      Out.Gone.push_back(*L.Entry);
    if (!First && noReason(*L.Entry))
      First = &*L.Entry;
  }
  if (First)
    Out.Remarks.push_back({Remark::Kind::Warning,
                           llvm::formatv("{0}: {1} of {2} known finding(s) have no reason, the first in line {3}: say "
                                         "behind a # why each may stay",
                                         Path, withoutReason(), ByFingerprint.size(), First->Place.Line)
                               .str()});
}

static std::string written(const Item &I, StringRef Reason) {
  std::string Where = I.where();
  return (I.Fingerprint + "  " + I.Rule + "  " + (Where.empty() ? "-" : Where) + "  # " + Reason).str();
}

Baseline::Change Baseline::update(llvm::ArrayRef<Item> Found, bool KeepGone) {
  Change Out;
  std::vector<Line> Added;
  for (const Item &I : Found) {
    auto At = ByFingerprint.find(I.Fingerprint);
    if (At == ByFingerprint.end()) {
      Added.push_back(
          {written(I, (Todo + ": " + I.Title).str()), Known{I.Fingerprint, I.Rule, I.where(), "", {}}, true});
      continue;
    }
    Lines[At->second].Seen = true;
    ++Out.Stayed;
  }
  for (const Line &L : Lines)
    if (L.Entry && !L.Seen)
      Out.Gone.push_back(*L.Entry);
  if (!KeepGone)
    llvm::erase_if(Lines, [](const Line &L) { return L.Entry && !L.Seen; });
  if (Lines.empty())
    Lines.push_back(
        {"# Known findings of Underlock: FINGERPRINT  RULE  WHERE  # why it may stay", std::nullopt, false});
  Out.Added = Added.size();
  llvm::append_range(Lines, Added);
  ByFingerprint.clear();
  for (size_t I = 0; I < Lines.size(); ++I)
    if (Lines[I].Entry)
      ByFingerprint[Lines[I].Entry->Fingerprint] = I;
  return Out;
}

void Baseline::write(llvm::raw_ostream &Out) const {
  for (const Line &L : Lines)
    Out << L.Text << '\n';
}
