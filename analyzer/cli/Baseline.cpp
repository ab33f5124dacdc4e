// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock baseline`: writes down what is found now, so that a gate fails on what is new.
#include "analyzer/cli/Commands.h"
#include "analyzer/cli/Gate.h"
#include "analyzer/cli/Inputs.h"
#include "analyzer/cli/Items.h"
#include "analyzer/cli/WholeFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;

namespace {

struct Options {
  std::string File;
  std::vector<std::string> Inputs;
  bool KeepGone = false;
  cli::JudgeOptions Judge;
};

} // namespace

static int update(const Options &O) {
  gate::Baseline Known(O.File);
  if (llvm::sys::fs::exists(O.File)) {
    auto Read = gate::Baseline::read(O.File, llvm::errs());
    if (!Read)
      return cli::Unusable;
    Known = std::move(*Read);
  }
  std::optional<std::vector<gate::Item>> Found = cli::itemsOf(O.Inputs, O.Judge);
  if (!Found)
    return cli::Unusable;
  // What a model suppresses needs no line; a line that is there stays as long as its finding does, however mild.
  std::vector<gate::Item> Wanted;
  for (gate::Item &I : gate::distinct(std::move(*Found))) {
    bool WasKnown = I.Stands == Standing::Known; // by the report's own baseline, which may be this one
    I.Stands = WasKnown ? Standing::None : I.Stands;
    if (cli::fails(I, O.Judge) || Known.contains(I.Fingerprint))
      Wanted.push_back(std::move(I));
  }
  gate::Baseline::Change Change = Known.update(Wanted, O.KeepGone);
  if (!cli::writeWhole(O.File, "the baseline", [&](llvm::raw_ostream &Out) { Known.write(Out); }))
    return cli::Unusable;
  for (const gate::Known &K : Change.Gone)
    llvm::outs() << (O.KeepGone ? "kept, not found: " : "dropped, not found: ") << K.Fingerprint << "  " << K.Rule
                 << "  " << K.Where << "  # " << K.Reason << '\n';
  llvm::outs() << llvm::formatv("{0}: {1} finding(s) added, {2} stayed, {3} {4}; {5} without a reason\n", O.File,
                                Change.Added, Change.Stayed, Change.Gone.size(),
                                O.KeepGone ? "not found and kept" : "dropped", Known.withoutReason());
  return cli::Clean;
}

static cli::Manual manual() {
  return {
      .Description =
          "Writes the findings that fail now into a file, which `check` and `run` take with --baseline: from then on, "
          "only what is not in it fails. A line is\n\n"
          "FINGERPRINT  RULE  WHERE  # REASON\n\n"
          "and only the fingerprint decides. It is made of names, so lines may move and files be renamed. A new line "
          "says TODO and what was found; `check` warns until there is a reason why the finding may stay. Lines that "
          "begin with # are comments.\n\n"
          "A file that exists is brought up to date: lines of findings that are still there stay as they are, those of "
          "others are dropped and printed. Findings that not every run shows stay with --keep-gone.",
      .Examples =
          {{"Writes down what is known", "underlock baseline -o known.txt queue.trace\ncat known.txt", cli::Clean,
            R"(# Known findings of Underlock: FINGERPRINT  RULE  WHERE  # why it may stay
...  contract:drop-under-queue-lock  drop_job, shut_down, main  # TODO: a job is dropped without queue.lock)"},
           {"Judges with it", "underlock check --baseline known.txt queue.trace", cli::Clean,
            R"(...
warning: known.txt: 1 of 1 known finding(s) have no reason, the first in line 2: say behind a # why each may stay
...
underlock: clean: no finding at or above the gate (assumed)
underlock: 1 finding(s) known by known.txt do not fail)"},
           {"Brings it up to date, from a report in which the finding is mended",
            "underlock check --format json -o report.json clean.trace\n"
            "underlock baseline -o known.txt report.json",
            cli::Clean,
            R"(dropped, not found: ...  contract:drop-under-queue-lock  drop_job, shut_down, main  # TODO: a job is dropped without queue.lock
known.txt: 0 finding(s) added, 0 stayed, 1 dropped; 0 without a reason)"}},
      .Status = {{"0", "the file is written"},
                 {"2", "bad options, bad input, or a recording that proves nothing: the file is as it was"}},
      .Environment = {cli::TodayVariable}};
}

void cli::addBaseline(CLI::App &App, int &Status) {
  auto O = std::make_shared<Options>();
  Command *Command = addCommand(App, "baseline", "write down known findings, which then do not fail", manual());
  Command->add_option("-o,--output", O->File, "the baseline, new or to be brought up to date")
      ->type_name("FILE")
      ->required();
  Command->add_flag("--keep-gone", O->KeepGone, "keep lines of findings that are not there now");
  addThresholds(*Command, O->Judge);
  addTraceOptions(*Command, O->Judge.Models, O->Judge.Binary, "for recordings: ");
  Command->add_option("inputs", O->Inputs, "recordings, or reports of `check --format json`")
      ->type_name("TRACE-OR-REPORT")
      ->required();
  Command->callback([O, &Status] { Status = update(*O); });
}
