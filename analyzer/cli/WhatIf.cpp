// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock what-if`: judges a recording as if the program had taken its locks otherwise.
#include "analyzer/cli/Commands.h"
#include "analyzer/cli/Inputs.h"
#include "analyzer/report/Report.h"
#include "analyzer/trace/Open.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>

using namespace underlock;

namespace {

struct WhatIfOptions {
  OpenOptions Open;
  std::vector<std::string> Take, Drop, Recursive, Around, Files;
  std::string Format = "text", Gate = "assumed", Color = "auto";
  bool FullStacks = false;
};

// Edits in the order in which they were given: an --around belongs to the --take or --drop before it.
class EditReader {
public:
  EditReader(const WhatIfOptions &O, std::vector<Edit> &Out) : O(O), Out(Out) {}

  bool read(const CLI::App &Command) {
    for (const CLI::Option *Option : Command.parse_order()) {
      std::string Name = Option->get_name();
      size_t Index = Seen[Name]++;
      if (!(Name == "--take"             ? begin(Edit::Kind::Take, O.Take[Index])
            : Name == "--drop"           ? begin(Edit::Kind::Drop, O.Drop[Index])
            : Name == "--make-recursive" ? begin(Edit::Kind::Recursive, O.Recursive[Index])
            : Name == "--around"         ? around(O.Around[Index])
            : Name == "--edits"          ? readEdits(O.Files[Index], Out, llvm::errs())
                                         : true))
        return false;
    }
    if (!finish())
      return false;
    if (Out.empty())
      cli::unusable("nothing is edited: give --take, --drop, --make-recursive or --edits");
    return !Out.empty();
  }

private:
  bool begin(Edit::Kind What, const std::string &Lock) {
    if (!finish())
      return false;
    Current.What = What;
    Current.Lock = Lock;
    Begun = true;
    Places = 0;
    return true;
  }
  bool around(const std::string &Text) {
    if (!Begun || Current.What == Edit::Kind::Recursive) {
      cli::unusable("--around " + Text + " stands behind no --take and no --drop");
      return false;
    }
    std::optional<Around> Where = parseAround(Text);
    if (!Where) {
      cli::unusable("--around " + Text + ": it takes FUNCTION, FUNCTION:CALLEE or FUNCTION:LINE");
      return false;
    }
    Edit E = Current;
    E.Where = *Where;
    Out.push_back(E);
    ++Places;
    return true;
  }
  // The edit that was begun has all its places.
  bool finish() {
    if (Begun && Places == 0) {
      if (Current.What == Edit::Kind::Take) {
        cli::unusable("--take " + Current.Lock + " needs an --around: where would it be taken?");
        return false;
      }
      Out.push_back(Current);
    }
    Begun = false;
    return true;
  }

  const WhatIfOptions &O;
  std::vector<Edit> &Out;
  std::map<std::string, size_t> Seen;
  Edit Current;
  bool Begun = false;
  size_t Places = 0;
};

// A recording that cannot answer, whatever is asked.
bool usable(const OpenTrace &T) {
  if (T.R.Mode == UNDERLOCK_RECORDING_DISTINCT)
    cli::unusable(T.R.Name +
                  " is a distinct recording, whose moments do not follow on each other: record everything, or a "
                  "ring, for what-if");
  return T.R.Mode != UNDERLOCK_RECORDING_DISTINCT;
}

int answer(const WhatIfOptions &O, const std::vector<Edit> &Edits) {
  std::unique_ptr<OpenTrace> AsIs = openTrace(O.Open, llvm::errs());
  std::unique_ptr<OpenTrace> Edited = AsIs && usable(*AsIs) ? openTrace(O.Open, llvm::errs()) : nullptr;
  if (!Edited)
    return cli::Unusable;
  report::Options How;
  How.Gate = How.Show = *certaintyNamed(O.Gate);
  How.FullStacks = O.FullStacks;
  Prediction P;
  if (!predict({AsIs->R, AsIs->From}, {Edited->R, Edited->From}, Edits, How.Gate, P, llvm::errs()))
    return cli::Unusable;

  for (const Remark &M : AsIs->R.Remarks)
    if (M.Level == Remark::Kind::Warning && !llvm::StringRef(M.Text).starts_with("contract "))
      llvm::errs() << "underlock: warning: " << M.Text << '\n';
  if (!AsIs->From.instrumented() || AsIs->R.BrokeOff) {
    P.Unknown.push_back(AsIs->R.BrokeOff ? "the recording broke off" : "no instrumented code ran in this recording");
  }
  report::Judged Before, After;
  Before.R = &AsIs->R;
  After.R = &Edited->R;
  llvm::raw_fd_ostream &Out = llvm::outs();
  Out.enable_colors(O.Color == "always" || (O.Color == "auto" && Out.has_colors()));
  if (O.Format == "json")
    report::json(report::Supposed{Before, After, Edits, P}, How, Out);
  else
    report::text(report::Supposed{Before, After, Edits, P}, How, Out);
  Out.flush();
  if (!P.Unknown.empty())
    return cli::Unusable;
  bool Any = llvm::any_of(P.Changes, [](const Change &C) { return C.What != Change::Fate::Goes; });
  return Any ? cli::Findings : cli::Clean;
}

cli::Manual manual() {
  return {
      .Description =
          "Replays a recording as if the program had taken its locks otherwise, and says which findings would go, "
          "which stay, and which arrive: a thread that waits for itself, locks taken in both orders, an event "
          "outside its lock.\n\n"
          "--take LOCK --around F takes LOCK where F begins and releases it where F ends. --drop LOCK --around F "
          "leaves out what takes LOCK inside of F, with its release; without --around, everywhere. "
          "--make-recursive LOCK lets the holder of LOCK take it again. Several are made together; several "
          "--around behind one --take or --drop are several places. F is FUNCTION, FUNCTION:CALLEE for its calls of "
          "another function, or FUNCTION:LINE for what it calls there, through whichever pointer. A function that "
          "was inlined counts.\n\n"
          "The edits change what is held and not what is done: the threads go the ways that were recorded. Where "
          "nothing was recorded inside of F, or the program would go another way, the answer is unknown and says "
          "why. What ThreadSanitizer reported beside the recording stays, and is unknown where its threads would hold "
          "other locks.",
      .Examples = {{"Asks whether a lock in shut_down() would mend it",
                    "underlock what-if --take queue.lock --around shut_down queue.trace", cli::Clean,
                    R"(what if: shut_down() takes queue.lock (1 time(s))

goes:    queue.c:15: error: a job is dropped without queue.lock [contract:drop-under-queue-lock, observed]
underlock: 1 finding(s) would go, 0 stay, 0 arrive (gate: assumed))"},
                   {"And in drop_job(), which is also called with the lock held",
                    "underlock what-if --take queue.lock --around drop_job queue.trace", cli::Findings,
                    R"(what if: drop_job() takes queue.lock (2 time(s))

goes:    queue.c:15: error: a job is dropped without queue.lock [contract:drop-under-queue-lock, observed]
arrives: queue.c:... (what if): error: queue would wait for queue.lock, which it holds itself [self:self-deadlock, predicted]
      #0  drop_job  queue.c:...
      #1  main  queue.c:...
...
  note: queue held queue.lock, taken at queue.c:... in main
  note: the first acquisition of queue.lock, which would not be released before:
      #0  main  queue.c:...
...
underlock: 1 finding(s) would go, 0 stay, 1 arrive (gate: assumed))"},
                   {"Makes several edits at once, from a file that can be kept: here drop_job() has the lock and its "
                    "callers not",
                    "cat fix.yaml\nunderlock what-if --edits fix.yaml queue.trace", cli::Clean,
                    R"(what if: main() does not take queue.lock (1 acquisition(s))
         drop_job() takes queue.lock (2 time(s))

goes:    queue.c:15: error: a job is dropped without queue.lock [contract:drop-under-queue-lock, observed]
underlock: 1 finding(s) would go, 0 stay, 0 arrive (gate: assumed))"},
                   {"Says when a recording has no answer",
                    "underlock what-if --take queue.lock --around add_jobs queue.trace", cli::Unusable,
                    R"(...
unknown: nothing was recorded inside add_jobs()...
underlock: unknown; of what was recorded, 0 finding(s) would go, 1 stay, 0 arrive (gate: assumed))"}},
      .Status = {{"0", "no finding at or above the gate would be left"},
                 {"1", "findings would stay or arrive"},
                 {"2", "bad options, bad input, or the answer is unknown"}}};
}

} // namespace

void cli::addWhatIf(CLI::App &App, int &Status) {
  auto O = std::make_shared<WhatIfOptions>();
  Command *Sub = addCommand(App, "what-if", "judge a recording as if locks had been taken otherwise", manual());
  auto Several = [&](const char *Name, std::vector<std::string> &To, const char *Type, const char *Text) {
    Sub->add_option(Name, To, Text)->type_name(Type)->allow_extra_args(false);
  };
  Several("--take", O->Take, "LOCK", "take this lock where the next --around says");
  Several("--drop", O->Drop, "LOCK", "do not take this lock, or not where the next --around says");
  Several("--make-recursive", O->Recursive, "LOCK", "let the holder of this lock take it again");
  Several("--around", O->Around, "F", "where: FUNCTION, FUNCTION:CALLEE or FUNCTION:LINE");
  Several("--edits", O->Files, "FILE", "read edits from this file (YAML)");
  addTrace(*Sub, O->Open);
  Sub->add_option("--format", O->Format, "the report's format (default: text)")->check(CLI::IsMember({"text", "json"}));
  Sub->add_option("--gate", O->Gate, "look at findings at or above this certainty (default: assumed)")
      ->check(CLI::IsMember(certainties()));
  Sub->add_option("--color", O->Color, "colors in the report (default: auto, on a terminal)")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  Sub->add_flag("--full-stacks", O->FullStacks, "print stacks beyond the model's boundaries");
  Sub->callback([O, Sub, &Status] {
    O->Open.ShippedModels = findInstallation().Models;
    std::vector<Edit> Edits;
    Status = EditReader(*O, Edits).read(*Sub) ? answer(*O, Edits) : Unusable;
  });
}
