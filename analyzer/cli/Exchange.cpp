// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock import` and `underlock export`: traces in the format of other analyzers.
#include "analyzer/cli/Commands.h"
#include "analyzer/cli/Inputs.h"
#include "analyzer/cli/WholeFile.h"
#include "analyzer/std/Export.h"
#include "analyzer/std/Import.h"
#include "analyzer/trace/Open.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;

namespace {
struct ExchangeOptions {
  std::string Format = "std", Input, Output, Locations;
  std::vector<std::string> Models;
};
} // namespace

// ---- import ----

static void sayImported(const ExchangeOptions &O, const std_format::Imported &I) {
  llvm::outs() << llvm::formatv("{0}: {1} events of {2} threads and {3} locks\n", O.Output, I.Events, I.Threads,
                                I.Locks);
  auto Note = [](uint64_t Count, const char *What) {
    if (Count)
      llvm::errs() << "underlock: note: " << Count << ' ' << What << '\n';
  };
  Note(I.Accesses, "read(s) and write(s): not judged for now");
  Note(I.Blocks, "begin(s) and end(s) of atomic blocks: not judged");
  Note(I.Dummies, "dummy event(s): not judged");
  Note(I.LateForks, "fork(s) of a thread that had run already, or was started before: they order nothing");
  Note(I.EarlyJoins, "join(s) of a thread that runs on behind, or never ran: they order nothing");
}

static int import(const ExchangeOptions &O) {
  auto Text = llvm::MemoryBuffer::getFileOrSTDIN(O.Input, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!Text)
    return cli::unusable(O.Input + ": " + Text.getError().message());
  if (TraceFile::begins((*Text)->getBuffer()))
    return cli::unusable(O.Input + ": is a recording of Underlock already: judge it, or export it");
  std::optional<model::Model> M = model::load({"std"}, cli::findInstallation().Models, llvm::errs());
  if (!M)
    return cli::Unusable;
  std_format::ImportOptions Options;
  Options.Name = O.Input == "-" ? "<stdin>" : llvm::StringRef(O.Input);
  Options.ModelHash = M->marksHash();
  if (!O.Locations.empty()) {
    auto Table = llvm::MemoryBuffer::getFile(O.Locations);
    if (!Table)
      return cli::unusable(O.Locations + ": " + Table.getError().message());
    if (!std_format::readLocations((*Table)->getBuffer(), O.Locations, Options.Locations, llvm::errs()))
      return cli::Unusable;
  }
  // Every mistake is found before the file is begun.
  std_format::Importer I(Options, llvm::errs());
  if (!I.survey((*Text)->getBuffer()))
    return cli::Unusable;
  auto Write = [&](llvm::raw_ostream &Out) { I.write((*Text)->getBuffer(), Out); };
  if (!cli::writeWhole(O.Output, "the recording", Write))
    return cli::Unusable;
  sayImported(O, I.counts());
  return cli::Clean;
}

// ---- export ----

static int exportTo(const ExchangeOptions &O) {
  OpenOptions Open;
  Open.Path = O.Input;
  Open.Models = O.Models;
  Open.ShippedModels = cli::findInstallation().Models;
  // Read twice: a child is known only when it runs, and named where it is started.
  std::unique_ptr<OpenTrace> Before = openTrace(Open, llvm::errs());
  if (!Before)
    return cli::Unusable;
  std_format::Children Started(Before->R);
  Observer *First[] = {&Started};
  if (!replay(Before->From, Before->R, First))
    return cli::Unusable;
  if (Before->File->isDistinct())
    return cli::unusable(
        O.Input + ": is a distinct recording: one of each kind is in it, and no order that a trace in STD could have");
  if (!Before->From.instrumented())
    return cli::unusable(O.Input + ": no instrumented code ran in this recording: there is nothing to export");
  std::unique_ptr<OpenTrace> T = openTrace(Open, llvm::nulls());
  if (!T)
    return cli::unusable(O.Input + ": could be read once, and not again");
  std::vector<std::string> Losses;
  bool Good = true;
  auto Write = [&](llvm::raw_ostream &Out) {
    std_format::Exporter E(T->R, Started, Out);
    Observer *To[] = {&E};
    Good = replay(T->From, T->R, To);
    Losses = E.losses();
    if (!O.Locations.empty())
      Good &= cli::writeWhole(O.Locations, "the locations", [&](llvm::raw_ostream &Table) { E.locations(Table); });
  };
  if (O.Output.empty()) {
    Write(llvm::outs());
    llvm::outs().flush();
  } else if (!cli::writeWhole(O.Output, "the trace", Write)) {
    return cli::Unusable;
  }
  for (const Remark &R : T->R.Remarks)
    if (R.Level == Remark::Kind::Warning)
      llvm::errs() << "underlock: warning: " << R.Text << '\n';
  for (const std::string &Text : Losses)
    llvm::errs() << "underlock: note: not in STD: " << Text << '\n';
  return Good ? cli::Clean : cli::Unusable;
}

// ---- Both ----

static CLI::Option *addFormat(cli::Command *To, ExchangeOptions &O) {
  return To->add_option("--format", O.Format, "std: RAPID's STD, one event a line (default: std)")
      ->check(CLI::IsMember({"std"}));
}

static cli::Manual importManual() {
  return {
      .Description =
          "Makes a recording of a trace in RAPID's STD format, THREAD|OPERATION(OPERAND)|LOCATION on each line, with "
          "the operations acq, rel, r, w, fork, join, begin, end and dummy. It is judged by the shipped model std: "
          "the order of locks, and releases of locks that are not held. Reads and writes are counted and not judged "
          "for now. Every lock is a class of its own, or, where it is called CLASS#NUMBER as export calls them, one "
          "of that class; %XX in it stands for a byte. The time of an event is the number of its line.\n\n"
          "A location that a table (--locations) does not have is a file and a line when it looks like one.",
      .Examples = {{"Judges a trace of another tool",
                    "underlock import bank.std -o bank.trace\nunderlock check bank.trace", cli::Findings,
                    R"(location:3: error: A and B are taken in both orders [order:inversion, assumed]
...)"},
                   {"A line that is none is said with its place", "underlock import broken.std -o broken.trace",
                    cli::Unusable,
                    "broken.std:2:4: error: no operation is called 'lock'; there are acq, rel, r, w, fork, join, "
                    "begin, end, dummy"}},
      .Status = {{"0", "it is written"}, {"2", "a line is not of the format, or a file cannot be read or written"}}};
}

static cli::Manual exportManual() {
  return {
      .Description =
          "Writes a recording in RAPID's STD format, for other analyzers and to compare with them: who took and "
          "released which lock in which order, who started and awaited whom. A lock is called CLASS#NUMBER, and "
          "imported again the trace gives the same findings about lock order, with the same fingerprints.\n\n"
          "What the format has no words for is left out, and said: shared acquisitions, semaphores, events and "
          "their contracts, phases, births of locks, what was waited for at the end.",
      .Examples = {{"Writes it, with a table of what its locations are",
                    "underlock export queue.trace -o queue.std --locations queue.locations"},
                   {"Makes a recording of it again, and judges that",
                    "underlock import queue.std --locations queue.locations -o again.trace\n"
                    "underlock check again.trace"}},
      .Status = {{"0", "it is written"}, {"2", "the recording is damaged, distinct, or has no instrumentation in it"}}};
}

void cli::addExchange(CLI::App &App, int &Status) {
  auto In = std::make_shared<ExchangeOptions>(), Out = std::make_shared<ExchangeOptions>();
  Command *Import = addCommand(App, "import", "make a recording of another tool's trace", importManual());
  Import->add_option("trace", In->Input, "the trace, or - for standard input")->type_name("FILE")->required();
  addFormat(Import, *In);
  Import->add_option("-o,--output", In->Output, "where to write the recording")->type_name("FILE")->required();
  Import
      ->add_option("--locations", In->Locations, "what locations are: LOCATION|FILE:LINE:COLUMN|FUNCTION on each line")
      ->type_name("FILE");
  Import->callback([In, &Status] { Status = import(*In); });

  Command *Export = addCommand(App, "export", "write a recording for other tools", exportManual());
  Export->add_option("trace", Out->Input, "the recording, or - for standard input")->type_name("TRACE")->required();
  addFormat(Export, *Out);
  Export->add_option("-o,--output", Out->Output, "where to write it (default: standard output)")->type_name("FILE");
  Export->add_option("--locations", Out->Locations, "write what its locations are to this file")->type_name("FILE");
  addModelOption(*Export, Out->Models);
  Export->callback([Out, &Status] { Status = exportTo(*Out); });
}
