// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Findings and doubts of all recordings, each once, the gravest first.
#include "analyzer/report/Results.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include <tuple>

using namespace underlock;
using namespace underlock::report;

// Severities count downwards: an error is the first.
bool report::fails(const Finding &F, const Options &O) {
  return F.Sure >= O.Gate && F.Level <= O.FailOn && counts(F.Stands);
}

static uint64_t timesOf(const Finding &F) { return F.Steps.empty() ? 1 : std::max<uint64_t>(1, F.Steps.front().Count); }

// What comes first in a list that may be cut.
static auto importance(const Result &R) {
  const Finding &F = *R.Found;
  return std::tuple(!R.Fails, F.Stands == Standing::Suppressed, F.Stands == Standing::Known, F.Level,
                    -static_cast<int>(F.Sure));
}

static bool before(const Result &A, const Result &B) {
  auto Names = [](const Result &R) {
    return std::tie(R.Found->Analysis, R.Found->Rule, R.Found->Identity, R.Fingerprint, R.In, R.Found);
  };
  auto Of = importance(A), Than = importance(B);
  return Of != Than ? Of < Than : Names(A) < Names(B);
}

std::vector<Result> report::results(llvm::ArrayRef<Judged> All, const Options &O) {
  std::vector<Result> Out;
  for (const Judged &J : All)
    for (const Finding &F : J.Findings)
      if (F.Sure >= O.Show)
        Out.push_back({&J, &F, fingerprint(F), timesOf(F), 1, fails(F, O)});
  llvm::sort(Out, before);

  llvm::StringMap<size_t> Known; // fingerprint -> index
  std::vector<Result> Once;
  for (Result &R : Out) {
    auto [It, New] = Known.try_emplace(R.Fingerprint, Once.size());
    if (New) {
      Once.push_back(std::move(R));
      continue;
    }
    Result &First = Once[It->second];
    First.Times += R.Times;
    First.Recordings += R.In != First.In;
  }
  return Once;
}

std::string report::path(llvm::StringRef File, const Options &O) {
  llvm::SmallString<128> Clean(File);
  llvm::sys::path::remove_dots(Clean, /*remove_dot_dot=*/true);
  llvm::StringRef Name = Clean.empty() ? File : llvm::StringRef(Clean);
  llvm::StringRef Root = llvm::StringRef(O.SourceRoot).rtrim('/');
  if (!Root.empty() && Name.starts_with(Root) && Name.drop_front(Root.size()).starts_with("/"))
    Name = Name.drop_front(Root.size()).ltrim('/');
  return Name.str();
}

Where report::whereIs(const Result &R, const Options &O) {
  const Recording &Of = *R.In->R;
  if (!R.Found->Steps.empty()) {
    PlaceRef P = R.Found->Steps.front().Place;
    if (P.Site != None && !Of.Sites[P.Site].File.empty()) {
      const Site &S = Of.Sites[P.Site];
      return {path(S.File, O), S.Line, S.Column, S.Function};
    }
    if (P.Stack != None)
      for (const Frame &F : Of.frames(P.Stack))
        if (!F.File.empty())
          return {path(F.File, O), F.Line, F.Column, F.Function};
  }
  std::string Program = Of.Program.empty() ? Of.Name : Of.Program;
  return {Program.empty() ? "unknown" : path(Program, O), 0, 0, ""};
}

std::vector<Doubt> report::doubts(llvm::ArrayRef<Judged> All, const Options &O) {
  std::vector<Doubt> Out;
  llvm::StringSet<> Said;
  auto Add = [&](Doubt::Kind Level, const std::string &Recording, const std::string &Text) {
    if (Said.insert(std::to_string(static_cast<int>(Level)) + Text).second)
      Out.push_back({Level, Recording, Text});
  };
  for (const Judged &J : All)
    if (J.ProvesNothing)
      Out.push_back({Doubt::Kind::NoVerdict, J.R->Name, J.Reason});
  if (Out.empty() && O.Status == 2)
    Add(Doubt::Kind::NoVerdict, "", "the command ended with status 2: its standard error says why");
  for (const std::string &Expired : O.Gated.Expired)
    Add(Doubt::Kind::Warning, "", Expired);
  for (auto [From, To] : {std::pair(Remark::Kind::Warning, Doubt::Kind::Warning),
                          std::pair(Remark::Kind::Note, Doubt::Kind::Note)}) {
    for (const Remark &M : O.Gated.Remarks)
      if (M.Level == From)
        Add(To, "", M.Text);
    for (const Judged &J : All)
      for (const Remark &M : J.R->Remarks)
        if (M.Level == From)
          Add(To, J.R->Name, M.Text);
  }
  for (const gate::Known &K : O.Gated.Gone)
    Add(Doubt::Kind::Note, "", llvm::formatv("gone: {0} {1} {2}, known by {3}:{4}", K.Fingerprint, K.Rule, K.Where,
                                             K.Place.File, K.Place.Line));
  return Out;
}

std::vector<ContractTotal> report::contracts(llvm::ArrayRef<Judged> All) {
  std::vector<ContractTotal> Out;
  llvm::StringMap<size_t> ById;
  for (const Judged &J : All)
    for (const ContractStatistics &C : J.Contracts) {
      auto [It, New] = ById.try_emplace(C.Contract->Id, Out.size());
      if (New)
        Out.push_back({C.Contract});
      ContractTotal &Total = Out[It->second];
      Total.Exercised += C.Exercised;
      Total.Exempt += C.Exempt;
      Total.Violated += C.Violated;
    }
  return Out;
}

std::string report::headline(llvm::ArrayRef<Result> Results, llvm::ArrayRef<Doubt> Doubts, const Options &O) {
  size_t Failing = llvm::count_if(Results, [](const Result &R) { return R.Fails; });
  std::string Gate = " (gate: " + nameOf(O.Gate).str() + ")";
  if (!Doubts.empty() && Doubts.front().Level == Doubt::Kind::NoVerdict)
    return "no verdict" + (Failing ? llvm::formatv(", and {0} finding(s) fail{1}", Failing, Gate).str() : "");
  if (Failing)
    return llvm::formatv("{0} finding(s) fail{1}", Failing, Gate).str();
  if (O.Status)
    return "fails: " + (O.Gated.Expired.empty() ? std::string("see the command's output") : O.Gated.Expired.front());
  return "clean: no finding fails" + Gate;
}
