// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analyzer/cli/Gate.h"
#include "analyzer/cli/Commands.h"
#include "analyzer/gate/Floors.h"
#include "analyzer/gate/Rules.h"
#include "analyzer/gate/Suppressions.h"
#include "llvm/ADT/StringExtras.h"
#include <cstdlib>
#include <ctime>
#include <set>

using namespace underlock;
using llvm::StringRef;

const cli::Term cli::TodayVariable = {"UNDERLOCK_TODAY",
                                      "the day by which suppressions expire, as 2027-01-31, instead of today (UTC)"};

void cli::addThresholds(CLI::App &Command, JudgeOptions &Options) {
  Command.add_option("--gate", Options.Gate, "findings at or above this certainty fail (default: assumed)")
      ->check(CLI::IsMember(certainties()));
  Command
      .add_option("--fail-on", Options.FailOn,
                  "of these, the findings of this severity and of worse ones (default: note, which is all)")
      ->check(CLI::IsMember(severities()));
}

void cli::addGateOptions(CLI::App &Command, JudgeOptions &Options) {
  addThresholds(Command, Options);
  Command
      .add_option("--baseline", Options.Baseline,
                  "known findings, which do not fail; `underlock baseline` writes the file")
      ->type_name("FILE");
  Command.add_flag("--show-known", Options.ShowKnown, "print known and suppressed findings too");
  Command.add_flag("--require-exercised", Options.RequireExercised, "a contract that was never exercised is status 2");
  Command
      .add_option("--floor", Options.Floors,
                  "less than this was seen is status 2: contracts=N, marks=N, contexts=N, of the first two also N%; "
                  "several with commas")
      ->type_name("WHAT=N")
      ->allow_extra_args(false); // or it would take the recordings too
}

report::Options cli::thresholds(const JudgeOptions &O) {
  report::Options How;
  How.Gate = *certaintyNamed(O.Gate);
  How.FailOn = *severityNamed(O.FailOn);
  How.Show = O.Show.empty() ? How.Gate : *certaintyNamed(O.Show);
  How.FullStacks = O.FullStacks;
  How.Sources = O.Sources;
  How.ShowKnown = O.ShowKnown;
  return How;
}

static std::optional<model::Date> today() {
  if (const char *Set = std::getenv("UNDERLOCK_TODAY")) {
    std::optional<model::Date> Day = model::dateFrom(Set);
    if (!Day)
      cli::unusable(llvm::Twine("UNDERLOCK_TODAY is '") + Set + "', and a day is written 2027-01-31");
    return Day;
  }
  std::time_t Now = std::time(nullptr);
  std::tm Day{};
  gmtime_r(&Now, &Day);
  return model::Date{unsigned(Day.tm_year + 1900), unsigned(Day.tm_mon + 1), unsigned(Day.tm_mday)};
}

static bool readFloors(const std::vector<std::string> &Given, std::vector<model::Floor> &Out) {
  for (StringRef List : Given)
    for (StringRef One : llvm::split(List, ',')) {
      auto [Name, Value] = One.split('=');
      std::string Problem;
      std::optional<model::Floor> Floor = model::floorFrom(Name, Value, Problem);
      if (!Floor) {
        cli::unusable("--floor " + One + ": " + Problem);
        return false;
      }
      Out.push_back(*Floor);
    }
  return true;
}

std::optional<cli::GateInputs> cli::readGate(const JudgeOptions &O) {
  GateInputs In;
  std::optional<model::Date> Day = today();
  if (!Day || !readFloors(O.Floors, In.Floors))
    return std::nullopt;
  In.Today = *Day;
  if (!O.Baseline.empty()) {
    In.Baseline = gate::Baseline::read(O.Baseline, llvm::errs());
    if (!In.Baseline)
      return std::nullopt;
  }
  return In;
}

bool cli::applyGate(GateInputs &In, llvm::MutableArrayRef<report::Judged> All, report::Options &How) {
  std::set<std::vector<std::string>> Checked; // most recordings name the same model: an error in it is said once
  std::vector<model::Floor> Floors;
  for (const report::Judged &J : All) {
    if (Checked.insert(J.R->Model.Paths).second && !gate::checkRules(J.R->Model, llvm::errs()))
      return false;
    Floors = gate::effective(Floors, J.R->Model.Gate.Floors);
  }
  gate::Suppressions Suppressed(In.Today);
  gate::Coverage Seen;
  for (report::Judged &J : All) {
    gate::applySeverities(J.R->Model, J.Findings);
    Suppressed.apply(*J.R, J.Findings);
    if (In.Baseline)
      In.Baseline->apply(J.Findings);
    Seen.add(*J.R, J.Contracts);
  }
  if (In.Baseline)
    In.Baseline->finish(How.Gated);
  Suppressed.finish(How.Gated);
  if (All.empty())
    return true;
  std::string Below = Seen.below(gate::effective(Floors, In.Floors));
  if (report::Judged &First = All.front(); !Below.empty() && !First.ProvesNothing) {
    First.ProvesNothing = true;
    First.Reason = "too little was seen: " + Below;
  }
  return true;
}
