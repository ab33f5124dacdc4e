// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock diff`: what is new, gone, or has moved between two reports or recordings.
#include "analyzer/cli/Commands.h"
#include "analyzer/cli/Gate.h"
#include "analyzer/cli/Inputs.h"
#include "analyzer/cli/Items.h"
#include "analyzer/gate/Compare.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;

namespace {

struct Options {
  std::string Old, New;
  cli::JudgeOptions Judge;
};

} // namespace

static std::string place(const gate::Item &I) {
  return I.File.empty() ? "" : llvm::formatv("{0}:{1}", I.File, I.Line).str();
}

static void line(llvm::StringRef What, const gate::Item &I, const llvm::Twine &More = "") {
  std::string Place = place(I);
  llvm::outs() << What << ": " << Place << (Place.empty() ? "" : ": ") << nameOf(I.Level) << ": " << I.Title << " ["
               << I.Rule << ", " << nameOf(I.Sure) << "]" << More << "\n  " << I.Fingerprint << "  " << I.where()
               << '\n';
}

static int diff(const Options &O) {
  std::optional<std::vector<gate::Item>> Old = cli::itemsOf({O.Old}, O.Judge), New;
  if (Old)
    New = cli::itemsOf({O.New}, O.Judge);
  if (!Old || !New)
    return cli::Unusable;
  gate::Difference D = gate::compare(*Old, *New);
  auto Fails = [&](const gate::Item &I) { return cli::fails(I, O.Judge); };
  size_t Failing = 0;
  for (const gate::Item &I : D.New) {
    Failing += Fails(I);
    line("new", I, Fails(I) ? "" : ", does not fail");
  }
  for (const auto &[Was, Is] : D.MoreCertain) {
    bool Rose = Fails(Is) && !Fails(Was);
    Failing += Rose;
    line("more certain", Is, ", was " + nameOf(Was.Sure) + (Rose ? "" : ", does not fail anew"));
  }
  for (const auto &[Was, Is] : D.Moved)
    line("moved", Is, ", was at " + place(Was) + (Was.Function == Is.Function ? "" : " in " + Was.Function));
  for (const gate::Item &I : D.Gone)
    line("gone", I);
  llvm::outs() << llvm::formatv("underlock: {0} new, {1} more certain, {2} moved, {3} gone, {4} the same: ",
                                D.New.size(), D.MoreCertain.size(), D.Moved.size(), D.Gone.size(), D.Same);
  std::string Gate = O.Judge.Gate + (O.Judge.FailOn == "note" ? "" : ", --fail-on " + O.Judge.FailOn);
  if (Failing)
    llvm::outs() << Failing << " of the new at or above the gate (" << Gate << ")\n";
  else
    llvm::outs() << "nothing new at or above the gate (" << Gate << ")\n";
  return Failing ? cli::Findings : cli::Clean;
}

static cli::Manual manual() {
  return {
      .Description =
          "Compares the findings of two reports, or of two recordings, by their fingerprints, and prints "
          "each that is new, more certain than it was, moved (in another file, line or function), or gone. Findings "
          "that a baseline knows or a model suppresses are compared too, and do not fail.\n\n"
          "A recording that proves nothing is an error, on either side: nothing would be gone in truth.",
      .Examples =
          {{"Compares a report with an older one, of the time before a job was dropped without its lock",
            "underlock check --format json -o old.json clean.trace\n"
            "underlock check --format json -o new.json queue.trace || true\n"
            "underlock diff old.json new.json",
            cli::Findings,
            R"(new: queue.c:15: error: a job is dropped without queue.lock [contract:drop-under-queue-lock, observed]
  ...  drop_job, shut_down, main
underlock: 1 new, 0 more certain, 0 moved, 0 gone, 0 the same: 1 of the new at or above the gate (assumed))"},
           {"The other way round, a recording on one side", "underlock diff queue.trace old.json", cli::Clean,
            R"(gone: queue.c:15: error: a job is dropped without queue.lock [contract:drop-under-queue-lock, observed]
  ...  drop_job, shut_down, main
underlock: 0 new, 0 more certain, 0 moved, 1 gone, 0 the same: nothing new at or above the gate (assumed))"}},
      .Status = {{"0", "nothing new at or above the gate"},
                 {"1", "something is"},
                 {"2", "bad options, bad input, or a recording that proves nothing"}},
      .Environment = {cli::TodayVariable}};
}

void cli::addDiff(CLI::App &App, int &Status) {
  auto O = std::make_shared<Options>();
  Command *Command = addCommand(App, "diff", "compare the findings of two reports or recordings", manual());
  addThresholds(*Command, O->Judge);
  addTraceOptions(*Command, O->Judge.Models, O->Judge.Binary, "for recordings: ");
  Command->add_option("old", O->Old, "a report of `check --format json`, or a recording")->type_name("OLD")->required();
  Command->add_option("new", O->New, "the same, later")->type_name("NEW")->required();
  Command->callback([O, &Status] { Status = diff(*O); });
}
