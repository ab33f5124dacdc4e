// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock confirm`: runs a program again so that a finding of an earlier run happens, or says that it did not.
//
// The runtime pauses threads at the finding's places until each wants what the next one holds, and lets them go; the
// recording of what becomes of it is judged like any other. It, and nothing else, is the proof.
#include "analyzer/cli/Commands.h"
#include "analyzer/cli/Execution.h"
#include "analyzer/cli/Judge.h"
#include "analyzer/cli/PausePlan.h"
#include "analyzer/cli/SameProgram.h"
#include "analyzer/cli/WholeFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include <chrono>
#include <sys/wait.h>
#include <unistd.h>

using namespace underlock;

namespace {

struct ConfirmOptions {
  std::string Trace, Output, Settings, Binary, Color = "auto";
  std::vector<std::string> Findings, Models, Command;
  unsigned Attempts = 5;
  double Timeout = 0; // 0: the default
  bool FullStacks = false;
};

// What boots a kernel is told by these what to put on its command line, and where to leave the recording.
constexpr llvm::StringLiteral KernelWords = "UNDERLOCK_KERNEL_ARGUMENTS", KernelTrace = "UNDERLOCK_KERNEL_TRACE";

bool isKernel(const Recording &R) { return R.Platform == UNDERLOCK_PLATFORM_LINUX; }

// Shortly, longer and with one thread at a place, and then with one held back before its first lock, so that it is not
// in the way of the others.
// What a boot does comes more slowly, and each one takes its time.
cli::PausePlan::Attempt attemptOf(unsigned Number, const cli::PausePlan &Plan, bool Kernel) {
  unsigned Long = Kernel ? 4000 : 1000;
  if (Number < 2)
    return {Number == 0 && !Kernel ? Long / 5 : Long, Number == 1 && Plan.OneEach, std::nullopt};
  size_t Turn = (Number - 2) % (Plan.Back.size() + 1);
  if (Turn == Plan.Back.size())
    return {2 * Long, false, std::nullopt};
  return {Long, false, Turn};
}

// For this long, threads that were let go together may prove that they do not hang.
constexpr std::chrono::milliseconds Grace{1000};

class Confirmer {
public:
  Confirmer(const ConfirmOptions &O, const cli::Judgement &Before, llvm::raw_fd_ostream &Out)
      : O(O), Before(Before), R(*Before.All.front().R), Out(Out) {
    How.FullStacks = O.FullStacks;
    Input = lseek(STDIN_FILENO, 0, SEEK_CUR);
  }

  // The exit status: findings when it was confirmed, clean when not.
  int confirm(const Finding &F, const cli::PausePlan &Plan);

private:
  enum class Outcome { Confirmed, NotYet, Unusable };

  Outcome attempt(unsigned Number, const Finding &F, const cli::PausePlan &Plan);
  bool runPaused(cli::Execution &Run, const std::string &LogFile, size_t Items);
  Outcome judgeAttempt(const Finding &F, cli::Execution &Run, const std::string &Kept);
  // Where the recording that proves it is kept.
  std::string keptAs(const Finding &F) const {
    return O.Output.empty() ? "confirmed-" + fingerprint(F) + ".trace" : O.Output;
  }
  const Finding *find(const report::Judged &J, const Finding &F) const;
  void say(llvm::StringRef Head, const llvm::Twine &Text) { report::wrapped(Head, Text.str(), Out); }

  const ConfirmOptions &O;
  const cli::Judgement &Before;
  const Recording &R;
  llvm::raw_fd_ostream &Out;
  report::Options How;
  off_t Input; // where standard input was; -1: it cannot be read twice
};

// What happened, found by name. A reader that reads again, and hangs, is a thread that waits for itself; and some
// cycles are seen from their waits alone.
const Finding *Confirmer::find(const report::Judged &J, const Finding &F) const {
  auto Is = [&](llvm::StringRef Analysis, llvm::StringRef Rule) {
    return [=, &F](const Finding &Now) {
      return Now.Sure == Certainty::Observed && Now.Analysis == Analysis && Now.Rule == Rule &&
             Now.Identity == F.Identity;
    };
  };
  const Finding *Found = nullptr;
  auto Look = [&](auto Like) {
    auto It = llvm::find_if(J.Findings, Like);
    Found = Found || It == J.Findings.end() ? Found : &*It;
  };
  Look(Is(F.Analysis, F.Rule));
  if (F.Rule == "recursion")
    Look(Is("self", "self-deadlock"));
  if (F.Rule == "wait-cycle")
    Look(Is("hang", "cycle"));
  return Found;
}

std::string endOf(const cli::Execution &Run) {
  std::string Time = llvm::formatv(" after {0:f1} s", Run.Seconds).str();
  if (Run.HadEnough)
    return "was ended from outside" + Time;
  if (Run.TimedOut)
    return llvm::formatv("did not end within {0} s, and was killed", Run.Timeout).str();
  if (WIFSIGNALED(Run.Status))
    return llvm::formatv("was killed by signal {0}", WTERMSIG(Run.Status)).str() + Time;
  return WEXITSTATUS(Run.Status) ? llvm::formatv("ended with status {0}", WEXITSTATUS(Run.Status)).str() + Time
                                 : "ended by itself" + Time;
}

std::string times(unsigned Count) { return Count == 1 ? "once" : std::to_string(Count) + " times"; }

std::string accountOfKernel() { return "what was paused is in the kernel's log"; }

std::string accountOf(const cli::PauseLog &Log, const cli::Execution &Run, unsigned Threads) {
  if (Log.Met)
    return llvm::formatv("all {0} threads were in place and were let go together{1}", Threads,
                         Run.HadEnough || Run.TimedOut ? "" : ", and went on")
        .str();
  std::vector<std::string> Parts;
  for (size_t I = 0; I < Log.Items.size(); ++I)
    Parts.push_back(Log.Items[I].Arrived
                        ? llvm::formatv("at {0} a thread waited {1}, alone", I + 1, times(Log.Items[I].Arrived)).str()
                        : llvm::formatv("{0} was not reached", I + 1).str());
  return llvm::join(Parts, "; ");
}

Confirmer::Outcome Confirmer::judgeAttempt(const Finding &F, cli::Execution &Run, const std::string &Kept) {
  std::vector<std::string> Traces = Run.traces();
  if (Traces.empty() && isKernel(R)) {
    cli::unusable(O.Command[0] + " left no recording where $" + KernelTrace + " said");
    return Outcome::Unusable;
  }
  if (Traces.empty()) {
    cli::unusable(O.Command[0] + " recorded nothing: it was not built with `underlock cc`, or did not start");
    return Outcome::Unusable;
  }
  cli::JudgeOptions Judge;
  Judge.Models = O.Models;
  Judge.Binary = O.Binary;
  Judge.Together = true;
  std::optional<cli::Judgement> After = cli::judged(Traces, Judge);
  if (!After || !cli::sameBinaries(R, F, *After, O.Command[0]))
    return Outcome::Unusable;
  for (size_t I = 0; I < Traces.size(); ++I)
    if (const Finding *Now = find(After->All[I], F)) {
      if (std::error_code Error = llvm::sys::fs::rename(Traces[I], Kept)) {
        cli::unusable(Kept + ": " + Error.message());
        return Outcome::Unusable;
      }
      Out << '\n';
      report::describe(After->All[I], *Now, How, Out);
      return Outcome::Confirmed;
    }
  for (const report::Judged &J : After->All)
    for (const Finding &Other : J.Findings)
      if (Other.Sure == Certainty::Observed &&
          (Other.Analysis == "order" || Other.Analysis == "hang" || Other.Rule == "self-deadlock"))
        say("  note: it hung otherwise:", Other.Title + ", " + fingerprint(Other));
  return Outcome::NotYet;
}

// Runs the command with its threads paused as the files say. False after an error that was printed.
bool Confirmer::runPaused(cli::Execution &Run, const std::string &LogFile, size_t Items) {
  Run.Command = O.Command;
  Run.Timeout = O.Timeout > 0 ? O.Timeout : isKernel(R) ? 600 : 30;
  Run.OutputToErrors = true;
  std::optional<std::chrono::steady_clock::time_point> MetAt;
  Run.Enough = [&] {
    auto Now = std::chrono::steady_clock::now();
    if (!MetAt && cli::readPauseLog(LogFile, Items).Met)
      MetAt = Now;
    return MetAt && Now - *MetAt > Grace;
  };
  if (Input >= 0)
    lseek(STDIN_FILENO, Input, SEEK_SET);
  Out.flush();
  // Before it too: what was judged meanwhile takes its time.
  if (!cli::Execution::interrupted() && !Run.run())
    return false;
  if (cli::Execution::interrupted())
    cli::unusable("interrupted");
  return !cli::Execution::interrupted();
}

Confirmer::Outcome Confirmer::attempt(unsigned Number, const Finding &F, const cli::PausePlan &Plan) {
  std::string Kept = keptAs(F), Beside = Kept;
  cli::Execution Run;
  Run.Folder = cli::makeRecordingFolder(Beside);
  if (Run.Folder.empty())
    return Outcome::Unusable;
  std::string PlanFile = Run.Folder + ".pauses", LogFile = PlanFile + ".log";
  auto Tidy = llvm::make_scope_exit([&] {
    llvm::sys::fs::remove_directories(Run.Folder);
    llvm::sys::fs::remove(PlanFile);
    llvm::sys::fs::remove(LogFile);
  });
  std::string Words = Plan.text(attemptOf(Number, Plan, isKernel(R)));
  if (!cli::writeWhole(PlanFile, "the plan of pauses", [&](llvm::raw_ostream &File) { File << Words << '\n'; }))
    return Outcome::Unusable;
  Run.Settings = "pause=" + PlanFile + (O.Settings.empty() ? "" : "," + O.Settings);
  if (isKernel(R))
    Run.Environment = {{KernelWords.str(), "underlock_pause=" + Words}, {KernelTrace.str(), Run.Folder + "/trace"}};
  if (!runPaused(Run, LogFile, Plan.Items.size()))
    return Outcome::Unusable;
  cli::PauseLog Log = cli::readPauseLog(LogFile, Plan.Items.size());
  say(llvm::formatv("attempt {0}:", Number + 1).str(),
      (isKernel(R) ? accountOfKernel() : accountOf(Log, Run, Plan.Threads)) + "; the command " + endOf(Run));
  return judgeAttempt(F, Run, Kept);
}

int Confirmer::confirm(const Finding &F, const cli::PausePlan &Plan) {
  std::string Print = fingerprint(F);
  report::headline(Before.All.front(), F, How, Out);
  for (size_t I = 0; I < Plan.Items.size(); ++I)
    say(llvm::formatv("  {0}:", I + 1).str(), Plan.Items[I].Says);
  for (const std::string &Note : Plan.Notes)
    say("  note:", Note);
  for (const Image *I : cli::imagesOf(R, F))
    if (I->BuildId.empty())
      say("  note:", I->Path + " has no build id: whether it is as it was when it was recorded is not checked");
  for (unsigned Number = 0; Number < O.Attempts; ++Number)
    switch (attempt(Number, F, Plan)) {
    case Outcome::Unusable:
      return cli::Unusable;
    case Outcome::NotYet:
      continue;
    case Outcome::Confirmed:
      say("confirmed:", Print + " was " + nameOf(F.Sure) + " and is observed; the recording is " + keptAs(F));
      Out << '\n';
      return cli::Findings;
    }
  say("not confirmed:",
      llvm::formatv("{0} stays {1}: it did not happen in {2} attempt(s). That proves nothing: what the model does not "
                    "mark (a barrier, a queue) may keep these threads apart, or they did not come there in time",
                    Print, nameOf(F.Sure), O.Attempts)
          .str());
  Out << '\n';
  return cli::Clean;
}

// The findings that were asked for; without any, all that can be confirmed. Nothing after an error that was printed.
std::optional<std::vector<const Finding *>> chosen(const ConfirmOptions &O, const report::Judged &J) {
  auto CanBe = [](const Finding &F) { return cli::isOfLocks(F) && F.Sure < Certainty::Observed; };
  std::vector<const Finding *> Out;
  for (const std::string &Asked : O.Findings) {
    std::vector<const Finding *> Fit;
    for (const Finding &F : J.Findings)
      if (llvm::StringRef(fingerprint(F)).starts_with(Asked))
        Fit.push_back(&F);
    if (Fit.size() != 1) {
      cli::unusable(
          O.Trace +
          (Fit.empty() ? ": no finding has the fingerprint " : ": several findings' fingerprints begin with ") + Asked);
      for (const Finding &F : J.Findings)
        if (CanBe(F))
          llvm::errs() << "  " << fingerprint(F) << "  " << F.Title << " (" << nameOf(F.Sure) << ")\n";
      return std::nullopt;
    }
    Out.push_back(Fit.front());
  }
  if (O.Findings.empty())
    for (const Finding &F : J.Findings)
      if (CanBe(F) && F.Sure >= Certainty::Assumed)
        Out.push_back(&F);
  return Out;
}

struct Planned {
  const Finding *What;
  cli::PausePlan Plan;
};

// What cannot be tried is said before anything runs, and is an error where it was asked for.
std::optional<std::vector<Planned>> planAll(const ConfirmOptions &O, const report::Judged &J) {
  auto Findings = chosen(O, J);
  if (!Findings)
    return std::nullopt;
  std::vector<Planned> Out;
  for (const Finding *F : *Findings) {
    std::string WhyNot;
    if (std::optional<cli::PausePlan> Plan = cli::planPauses(*J.R, *F, WhyNot)) {
      Out.push_back({F, std::move(*Plan)});
      continue;
    }
    std::string Text = fingerprint(*F) + " (" + F->Title + ") cannot be confirmed: " + WhyNot;
    if (!O.Findings.empty()) {
      cli::unusable(Text);
      return std::nullopt;
    }
    llvm::errs() << "underlock: warning: " << Text << '\n';
  }
  if (Out.empty() && !Findings->empty()) {
    cli::unusable(O.Trace + ": none of its findings can be confirmed");
    return std::nullopt;
  }
  return Out;
}

int run(const ConfirmOptions &O) {
  cli::JudgeOptions Judge;
  Judge.Models = O.Models;
  Judge.Binary = O.Binary;
  std::optional<cli::Judgement> Before = cli::judged({O.Trace}, Judge);
  if (!Before)
    return cli::Unusable;
  const report::Judged &J = Before->All.front();
  if (J.ProvesNothing)
    return cli::unusable(O.Trace + ": " + J.Reason);
  if (isKernel(*J.R) && !O.Settings.empty())
    return cli::unusable("--settings are those of a program; " + O.Trace + " is of a kernel");
  auto Plans = planAll(O, J);
  if (!Plans || !cli::startable(O.Command[0], *J.R))
    return cli::Unusable;
  if (Plans->size() > 1 && !O.Output.empty())
    return cli::unusable("--output-trace is one file, and there are " + llvm::Twine(Plans->size()) +
                         " findings to confirm: choose one with --finding");
  llvm::raw_fd_ostream &Out = llvm::outs();
  Out.enable_colors(O.Color == "always" || (O.Color == "auto" && Out.has_colors()));
  auto Flush = llvm::make_scope_exit([&] { Out.flush(); });
  Confirmer C(O, *Before, Out);
  size_t Confirmed = 0;
  for (const Planned &P : *Plans) {
    int Status = C.confirm(*P.What, P.Plan);
    if (Status == cli::Unusable)
      return Status;
    Confirmed += Status == cli::Findings;
  }
  if (Plans->empty())
    report::wrapped(
        "underlock:", O.Trace + " has no finding that could be confirmed: no cycle of waits is assumed there", Out);
  else
    Out << "underlock: " << Confirmed << " of " << Plans->size() << " finding(s) confirmed\n";
  return Confirmed ? cli::Findings : cli::Clean;
}

cli::Manual manual() {
  return {
      .Description =
          "Takes lock-order cycles that a recording makes probable, and cycles through references and ends of threads, "
          "and tries to make them happen: runs the program "
          "again, with threads paused at the finding's places until each wants what the next one holds. When that "
          "comes about they are let go, and the program hangs; it is ended from outside, and its recording is judged. "
          "A finding that is observed there is confirmed, and the recording is kept as the proof.\n\n"
          "COMMAND has to run the program that was recorded, built as it was then. Its standard output goes to "
          "standard error. Each attempt pauses otherwise: shortly, longer and one thread at a place, and with one "
          "thread held back before its first lock. A pause is two seconds at most. A cycle through a signal (a "
          "semaphore, a "
          "completion) cannot be confirmed: the recording of a run that ends before it does not tell from whom it "
          "would have come.\n\n"
          "What is not confirmed is not refuted.\n\n"
          "Of a kernel's recording, COMMAND boots that kernel: it puts the words of UNDERLOCK_KERNEL_ARGUMENTS on the "
          "kernel's command line, ends what hangs, and leaves the recording (see underlock extract) where "
          "UNDERLOCK_KERNEL_TRACE says. Tasks are paused where they may sleep: before a mutex, a semaphore, or the "
          "wait "
          "for the last reference to a file of sysfs; for eight seconds at most. The kernel's log says who was.",
      .Examples = {{"Makes an assumed deadlock happen", "underlock confirm bank.trace -- ./bank", cli::Findings,
                    R"(bank.c:...: error: accounts and journal are taken in both orders [order:inversion, assumed]
  1: accounts_then_journal() holds accounts (bank.c:...), and is about to take journal (bank.c:...)
  2: journal_then_accounts() holds journal (bank.c:...), and is about to take accounts (bank.c:...)
attempt 1: all 2 threads were in place and were let go together; the command was ended from outside
           after ... s

bank.c:...: error: deadlock: thread ... (bank) and thread ... (bank) wait for each other over accounts and journal [order:inversion, observed]
...
confirmed: 6406adc2ccaee9f2 was assumed and is observed; the recording is
           confirmed-6406adc2ccaee9f2.trace

underlock: 1 of 1 finding(s) confirmed)"},
                   {"One finding of several, in whatever a script starts, for a minute at most",
                    "underlock confirm --finding 6406adc2 --timeout 60 bank.trace -- sh -c './bank; ./bank'",
                    cli::Findings,
                    R"(...
confirmed: 6406adc2ccaee9f2 was assumed and is observed; the recording is
           confirmed-6406adc2ccaee9f2.trace

underlock: 1 of 1 finding(s) confirmed)"},
                   {"Judges the recording that is the proof", "underlock check confirmed-6406adc2ccaee9f2.trace",
                    cli::Findings, R"(...
underlock: 1 finding(s) at or above the gate (assumed): 1 observed)"}},
      .Status = {{"0", "nothing was confirmed, which proves nothing"},
                 {"1", "a finding was confirmed: it is observed now"},
                 {"2", "bad options, bad input, a finding of another kind, or another program than the recorded one"}},
      .Environment = {{KernelWords.str(), "for COMMAND, of a kernel: words for its command line"},
                      {KernelTrace.str(), "for COMMAND, of a kernel: the file for the recording"}}};
}

} // namespace

void cli::addConfirm(CLI::App &App, int &Status) {
  auto O = std::make_shared<ConfirmOptions>();
  Command *Sub = addCommand(App, "confirm", "run a program again so that an assumed deadlock happens", manual());
  Sub->add_option("--finding", O->Findings,
                  "the finding to confirm, by its fingerprint or the beginning of it; may be "
                  "given several times (default: all cycles of order and recursion that are assumed)")
      ->type_name("FINGERPRINT")
      ->allow_extra_args(false);
  Sub->add_option("--attempts", O->Attempts, "run the command so often at most, for each finding (default: 5)")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  Sub->add_option("--timeout", O->Timeout, "kill the command after this many seconds (default: 30; of a kernel 600)")
      ->type_name("SECONDS")
      ->check(CLI::PositiveNumber);
  Sub->add_option("--output-trace", O->Output,
                  "keep the recording that proves it here (default: confirmed-FINGERPRINT.trace)")
      ->type_name("FILE");
  Sub->add_option("--settings", O->Settings, "settings of the runtime, as of run")->type_name("NAME=VALUE");
  Sub->add_option(
         "--binary", O->Binary,
         "the program that was recorded, e.g. a kernel's vmlinux, where it does not lie where the recording says")
      ->type_name("FILE");
  Sub->add_option("--model", O->Models, "a shipped model or a model file (default: those of the recording)")
      ->type_name("MODEL")
      ->allow_extra_args(false);
  Sub->add_option("--color", O->Color, "colors in the report (default: auto, on a terminal)")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  Sub->add_flag("--full-stacks", O->FullStacks, "print stacks beyond the model's boundaries");
  Sub->add_option("trace", O->Trace, "the recording that has the findings")->type_name("TRACE")->required();
  Sub->add_option("command", O->Command, "the command and its arguments, behind --")->type_name("COMMAND")->required();
  Sub->callback([O, &Status] { Status = run(*O); });
}
