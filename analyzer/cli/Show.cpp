// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock show`: a recording as lines that a person reads: facts about the whole first, then each record as replay
// understands it.
#include "analyzer/cli/Commands.h"
#include "analyzer/cli/Inputs.h"
#include "analyzer/trace/Open.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;
using llvm::formatv;

namespace {

struct ShowOptions {
  OpenOptions Open;
  uint32_t Context = 0; // as the trace numbers it; 0: all
  uint64_t Limit = UINT64_MAX;
  bool Stacks = false;
};

const char *kindName(underlock_context_kind Kind) {
  switch (Kind) {
  case UNDERLOCK_CONTEXT_THREAD:
    return "thread";
  case UNDERLOCK_CONTEXT_TASK:
    return "task";
  case UNDERLOCK_CONTEXT_CPU_THREAD:
    return "cpu thread";
  case UNDERLOCK_CONTEXT_SOFTIRQ:
    return "softirq on cpu";
  case UNDERLOCK_CONTEXT_HARDIRQ:
    return "hardirq on cpu";
  case UNDERLOCK_CONTEXT_NMI:
    return "nmi on cpu";
  case UNDERLOCK_CONTEXT_DEFINITIONS: // none of a replay's
    break;
  }
  return "context";
}

class Printer : public Observer {
public:
  Printer(const OpenTrace &T, const ShowOptions &O, llvm::raw_ostream &Out)
      : R(T.R), StartTicks(T.File->header().start_ticks), O(O), Out(Out) {}

  void acquired(const Moment &M, const Hold &New) override {
    lockLine(M, New.ByTry ? "acquired (try)" : "acquired", New.Lock, New.Mode, New.Place);
  }
  void released(const Moment &M, const Hold &Old, SiteId At) override {
    lockLine(M, "released", Old.Lock, Old.Mode, {At, None});
  }
  void releasedUnheld(const Moment &M, InstanceId Lock, SiteId At, ContextId Holder) override {
    lockLine(M, Holder == None ? "released, not held" : "released, held elsewhere", Lock, model::Mode::Any, {At, None});
  }
  void failed(const Moment &M, InstanceId Lock, PlaceRef At) override {
    lockLine(M, "not acquired", Lock, R.Sites[At.Site].Mode, At);
  }
  void born(const Moment &M, InstanceId Lock, SiteId At) override {
    lockLine(M, "initialised", Lock, model::Mode::Any, {At, None});
  }
  void died(const Moment &M, InstanceId Lock, SiteId At, ContextId) override {
    lockLine(M, R.Sites[At].Verb == UNDERLOCK_VERB_FREE ? "freed" : "destroyed", Lock, model::Mode::Any, {At, None});
  }
  void awaited(const Moment &M, InstanceId Lock, PlaceRef At) override {
    lockLine(M, "has waited for", Lock, model::Mode::Any, At);
  }
  void signalled(const Moment &M, InstanceId Lock, PlaceRef At) override {
    lockLine(M, "signals", Lock, model::Mode::Any, At);
  }
  void waiting(const Moment &M, InstanceId Lock, PlaceRef At, Ticks) override {
    lockLine(M, "WAITS", Lock, R.Sites[At.Site].Mode, At);
  }
  void event(const Moment &M, PlaceRef At, llvm::ArrayRef<uint64_t> Objects) override {
    if (!begin(M, "event"))
      return;
    Out << R.Sites[At.Site].Mark << '(';
    for (size_t I = 0; I < Objects.size(); ++I)
      Out << (I ? ", " : "") << llvm::format_hex(Objects[I], 1);
    Out << ')';
    end(M, At);
  }
  void phaseBegin(const Moment &M, PlaceRef At, const model::Phase &P) override {
    if (begin(M, "phase begins")) {
      Out << P.Id;
      end(M, At);
    }
  }
  void titled(const Moment &M, const model::Phase &P, llvm::StringRef Title) override {
    if (begin(M, "phase is")) {
      Out << (P.What.empty() ? P.Id : P.What) << ' ' << Title;
      end(M, {});
    }
  }
  void phaseEnd(const Moment &M, SiteId At, const model::Phase &P) override {
    if (begin(M, "phase ends")) {
      Out << P.Id;
      end(M, {At, None});
    }
  }
  void fork(const Moment &M, uint64_t Token) override { threadLine(M, "starts thread", Token); }
  void start(const Moment &M, uint64_t Token) override { threadLine(M, "is thread", Token); }
  void join(const Moment &M, uint64_t Token) override { threadLine(M, "has joined thread", Token); }
  void tsanReport(const Moment &M, const TsanReport &T) override {
    if (!begin(M, "tsan reports"))
      return;
    Out << T.What;
    end(M, !T.Accesses.empty() ? T.Accesses.front().Place : !T.Places.empty() ? T.Places.front().Place : PlaceRef());
  }
  void contextEnd(const Moment &M) override {
    if (begin(M, "ends"))
      end(M, {});
  }

private:
  bool begin(const Moment &M, llvm::StringRef What);
  void end(const Moment &M, PlaceRef At);
  void lockLine(const Moment &M, llvm::StringRef What, InstanceId Lock, model::Mode Mode, PlaceRef At);
  void threadLine(const Moment &M, llvm::StringRef What, uint64_t Token) {
    if (begin(M, What)) {
      Out << Token;
      end(M, {});
    }
  }

  const Recording &R;
  Ticks StartTicks;
  const ShowOptions &O;
  llvm::raw_ostream &Out;
  uint64_t Printed = 0;
};

} // namespace

bool Printer::begin(const Moment &M, llvm::StringRef What) {
  const Context &C = R.Contexts[M.Context];
  if ((O.Context && C.TraceId != O.Context) || Printed >= O.Limit)
    return false;
  ++Printed;
  // A kernel's first records may be older than its header by the skew of two processors.
  double Since = M.Time >= StartTicks ? double(M.Time - StartTicks) : -double(StartTicks - M.Time);
  if (R.TicksPerSecond > 0)
    Out << llvm::format("%14.9f", Since / R.TicksPerSecond);
  else
    Out << llvm::format("%16.0f", Since);
  Out << formatv("  {0,-20}  {1,-14}  ",
                 formatv("{0}:{1}", C.TraceId, C.Name.empty() ? kindName(C.Kind) : C.Name).str(), What);
  return true;
}

void Printer::end(const Moment &M, PlaceRef At) {
  if (At.Site != None) {
    const Site &S = R.Sites[At.Site];
    Out << formatv("  {0}:{1} {2}", S.File, S.Line, asCall(S.Function));
  }
  if (!M.Held.empty())
    Out << "  holding " << M.Held.size();
  uint8_t State = M.State.value_or(0);
  if (State & UNDERLOCK_STATE_IRQS_OFF)
    Out << "  irqs off";
  if (State & UNDERLOCK_STATE_NO_PREEMPT)
    Out << "  no preemption";
  if (State & UNDERLOCK_STATE_SOFTIRQS_OFF)
    Out << "  softirqs off";
  Out << '\n';
  if (!O.Stacks || At.Stack == None)
    return;
  for (const Frame &F : R.frames(At.Stack)) {
    Out << "                    ";
    if (F.Function.empty())
      Out << llvm::format_hex(F.Address, 18) << '\n';
    else
      Out << F.Function << (F.Inlined ? " (inlined)" : "") << " " << F.File << ':' << F.Line << '\n';
  }
}

void Printer::lockLine(const Moment &M, llvm::StringRef What, InstanceId Lock, model::Mode Mode, PlaceRef At) {
  if (!begin(M, What))
    return;
  const LockInstance &I = R.Instances[Lock];
  const LockClass &C = R.Classes[I.Class];
  Out << (C.Name.empty() ? "?" : C.Name) << " at " << llvm::format_hex(R.addressOf(Lock), 1);
  if (Mode == model::Mode::Shared)
    Out << " shared";
  end(M, At);
}

static void printFile(const TraceFile &F, llvm::raw_ostream &Out) {
  const underlock_file_header &H = F.header();
  uint64_t Open = 0, Used = 0;
  for (const Chunk &C : F.chunks()) {
    Open += C.isOpen();
    Used += C.Records.size();
  }
  Out << "program   " << F.program() << "\n";
  if (H.platform == UNDERLOCK_PLATFORM_LINUX)
    Out << "platform  Linux kernel";
  else
    Out << "platform  POSIX, process " << H.process;
  Out << formatv(", machine {0}, format version {1}\n", H.machine, H.version);
  Out << formatv("chunks    {0} of {1} bytes: {2} sealed, {3} open, {4} free; {5} bytes of records{6}\n",
                 F.chunks().size() + F.freeChunks(), H.chunk_size, F.chunks().size() - Open, Open, F.freeChunks(), Used,
                 F.truncated() ? "; the file is cut" : "");
}

static void printFacts(const Recording &R, llvm::raw_ostream &Out) {
  Out << formatv("records   {0}, {1} lost\n", R.Records, R.Lost);
  Out << formatv("tables    {0} sites, {1} stacks, {2} lock classes, {3} locks\n", R.Sites.size(), R.Stacks.size(),
                 R.Classes.size(), R.Instances.size());
  Out << "ended     ";
  if (!R.CleanExit && !R.Executed.empty())
    Out << "by executing " << R.Executed << '\n';
  else
    Out << (R.CleanExit ? "in order" : "not in order, or not yet") << '\n';
  for (const Context &C : R.Contexts)
    Out << formatv("context   {0}: {1} {2}{3}{4}\n", C.TraceId, kindName(C.Kind), C.OsId, C.Name.empty() ? "" : ", ",
                   C.Name);
  for (const Image &I : R.Images)
    Out << formatv("image     {0:x} to {1:x}, linked {2:x} lower: {3} {4}\n", I.Start, I.End, I.Bias, I.Path,
                   I.BuildId);
  for (const Remark &Said : R.Remarks)
    Out << (Said.Level == Remark::Kind::Warning ? "warning   " : "note      ") << Said.Text << '\n';
  Out << '\n';
}

// Read twice: what is known only at the end, the rate of the clock above all, is needed for the first line.
static int show(const ShowOptions &Options) {
  std::unique_ptr<OpenTrace> Whole = openTrace(Options.Open, llvm::errs());
  if (!Whole)
    return cli::Unusable;
  llvm::raw_ostream &Out = llvm::outs();
  bool Good = replay(Whole->From, Whole->R, {});
  printFile(*Whole->File, Out);
  printFacts(Whole->R, Out);

  // What can be read of a damaged trace is shown; what is wrong with it has been said.
  std::unique_ptr<OpenTrace> Lines = openTrace(Options.Open, llvm::nulls());
  if (Lines) {
    Lines->R.TicksPerSecond = Whole->R.TicksPerSecond;
    Printer P(*Lines, Options, Out);
    Observer *To[] = {&P};
    replay(Lines->From, Lines->R, To);
    // Names of functions were only asked for now, and so are the binaries that are missing.
    for (const Remark &Said : Lines->R.Remarks)
      if (llvm::none_of(Whole->R.Remarks, [&](const Remark &Old) { return Old.Text == Said.Text; }))
        Out << "\nwarning   " << Said.Text << '\n';
  }
  if (Good && !Whole->From.instrumented())
    return cli::unusable(Whole->R.Name + ": no instrumented code ran in this recording");
  return Good ? cli::Clean : cli::Unusable;
}

static cli::Manual manual() {
  return {.Description =
              "Prints what is known of the recording as a whole, then one line for each record, in the order of "
              "time: seconds since the start, who, what, which lock or event, and where. This is where the "
              "names are to be read that a model's contracts refer to.",
          .Examples = {{"Prints a recording", "underlock show queue.trace", cli::Clean, R"(program   ./queue
...
ended     in order
...)"},
                       {"The first three records, with the stacks they came by",
                        "underlock show --limit 3 --stacks queue.trace"},
                       {"One thread", "underlock show --context 1 queue.trace"}},
          .Status = {{"0", "it is printed"}, {"2", "the recording is damaged, or has no instrumentation in it"}}};
}

void cli::addShow(CLI::App &App, int &Status) {
  auto Options = std::make_shared<ShowOptions>();
  Command *Sub = addCommand(App, "show", "print a recording, record by record", manual());
  addTrace(*Sub, Options->Open);
  Sub->add_option("--context", Options->Context, "only this context, by its number")->type_name("NUMBER");
  Sub->add_option("--limit", Options->Limit, "no more than this many records")->type_name("NUMBER");
  Sub->add_flag("--stacks", Options->Stacks, "stacks too");
  Sub->callback([Options, &Status] {
    Options->Open.ShippedModels = findInstallation().Models;
    Status = show(*Options);
  });
}
