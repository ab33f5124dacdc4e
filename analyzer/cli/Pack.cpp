// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock pack`: makes a trace complete, so that it is judged elsewhere as beside the build.
//
// All that a judge may ask of the machine is asked here once: frames of every stack, symbols of the data that replay
// asks for, the models' files. What is doubtful about it is packed too, and said now.
#include "analyzer/trace/Pack.h"
#include "analyzer/cli/Commands.h"
#include "analyzer/cli/Inputs.h"
#include "analyzer/cli/WholeFile.h"
#include "analyzer/trace/Open.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include <set>

using namespace underlock;

namespace {

struct PackOptions {
  OpenOptions Open;
  std::string Output; // empty: the trace itself
  bool Sources = false;
};

// Passes on what replay asks, and keeps it.
class Asked : public Symbols {
public:
  explicit Asked(LLVMSymbols &Names) : Names(Names) {}
  std::vector<Frame> frames(uint64_t Address) override { return Names.frames(Address); }
  std::string datum(uint64_t Address) override {
    Data.insert(Address);
    return Names.datum(Address);
  }
  std::set<uint64_t> Data;

private:
  LLVMSymbols &Names;
};

class Packer {
public:
  Packer(OpenTrace &T, const PackOptions &O) : T(T), O(O) {}
  bool pack();
  // Whether no address of the recorded program (or kernel), of which there are some, has a name.
  bool namesNothing() const;
  Pack Out;
  unsigned MissingSources = 0;

private:
  uint32_t doubt(uint64_t Address);
  bool packModels();
  void packNames(const std::set<uint64_t> &Data);
  void packSources();

  OpenTrace &T;
  const PackOptions &O;
};

} // namespace

uint32_t Packer::doubt(uint64_t Address) {
  llvm::StringRef Text = T.Names.doubt(Address);
  if (Text.empty())
    return 0;
  auto It = llvm::find(Out.Doubts, Text);
  if (It == Out.Doubts.end())
    It = Out.Doubts.insert(It, Text.str());
  return It - Out.Doubts.begin() + 1;
}

// By names as the judge will have to find them: from no folder in particular.
bool Packer::packModels() {
  Out.Models = O.Open.Models.empty() ? recordedModels(*T.File) : O.Open.Models;
  for (std::string &Name : Out.Models)
    if (llvm::StringRef(Name).contains('/') || llvm::StringRef(Name).ends_with(".yaml")) {
      llvm::SmallString<128> Path(Name);
      llvm::sys::fs::make_absolute(Path);
      Name = std::string(Path);
    }
  Out.ShippedModels = O.Open.ShippedModels;
  for (const std::string &Path : T.Model.Paths) {
    auto Text = llvm::MemoryBuffer::getFile(Path, /*IsText=*/true);
    if (!Text) {
      cli::unusable(Path + ": " + Text.getError().message());
      return false;
    }
    Out.ModelFiles[Path] = (*Text)->getBuffer().str();
  }
  return true;
}

void Packer::packNames(const std::set<uint64_t> &Data) {
  for (const std::vector<uint64_t> &Stack : T.R.Stacks)
    for (uint64_t Address : Stack) {
      auto [It, New] = Out.Code.try_emplace(Address);
      if (!New)
        continue;
      It->second.Frames = T.Names.frames(Address);
      It->second.Doubt = doubt(Address - 1); // where the call is
    }
  for (uint64_t Address : Data) {
    Pack::Names &New = Out.Data[Address];
    New.Datum = T.Names.datum(Address);
    New.Doubt = doubt(Address);
  }
}

bool Packer::namesNothing() const {
  // The first image is the program, the others its libraries. A kernel has none.
  auto OfProgram = [&](uint64_t Address) {
    return T.R.Images.empty() || (Address >= T.R.Images[0].Start && Address < T.R.Images[0].End);
  };
  bool Any = false;
  for (const auto &[Address, Known] : Out.Code) {
    if (!OfProgram(Address))
      continue;
    Any = true;
    if (!Known.Frames.empty())
      return false;
  }
  return Any;
}

// The lines that frames and sites are in.
void Packer::packSources() {
  std::set<std::pair<std::string, uint32_t>> Wanted;
  for (const auto &[Address, Known] : Out.Code)
    for (const Frame &F : Known.Frames)
      if (F.Line)
        Wanted.insert({F.File, F.Line});
  for (const Site &S : T.R.Sites)
    if (S.Line)
      Wanted.insert({S.File, S.Line});
  std::set<std::string> Missing;
  for (const auto &[File, Line] : Wanted) {
    if (std::optional<std::string> Text = T.Names.line(File, Line))
      Out.Lines[{File, Line}] = *Text;
    else
      Missing.insert(File);
  }
  MissingSources = Missing.size();
}

bool Packer::pack() {
  Asked Names(T.Names);
  T.R.Names = &Names;
  if (!packModels() || !replay(T.From, T.R, {}))
    return false;
  packNames(Names.Data);
  if (O.Sources)
    packSources();
  return true;
}

static int pack(const PackOptions &O) {
  std::unique_ptr<OpenTrace> T = openTrace(O.Open, llvm::errs());
  if (!T)
    return cli::Unusable;
  const std::string &Trace = O.Open.Path, &Output = O.Output.empty() ? Trace : O.Output;
  if (!T->Packed.empty())
    return cli::unusable(Trace + ": is packed already; pack the recording as it was, or judge this one");
  if (T->File->truncated())
    return cli::unusable(Trace +
                         ": the file is cut, and nothing can be appended behind a part of a chunk: pack the whole one");
  if (Output == "-")
    return cli::unusable("-: what comes from standard input is packed to a file: -o FILE");
  Packer P(*T, O);
  if (!P.pack())
    return cli::Unusable;
  for (const std::string &Text : P.Out.Doubts)
    llvm::errs() << "underlock: warning: " << Text << '\n';
  auto Named = llvm::count_if(P.Out.Code, [](const auto &E) { return !E.second.Frames.empty(); });
  if (P.namesNothing())
    return cli::unusable(Trace +
                         ": no function of what was recorded has a name here: pass the program, or the kernel's "
                         "vmlinux, with --binary");
  if (P.MissingSources)
    llvm::errs() << "underlock: warning: " << P.MissingSources
                 << " source file(s) are not here, as seen from this folder: their lines are not packed\n";
  std::string Chunks = chunksFor(P.Out, *T->File);
  auto Write = [&](llvm::raw_ostream &Out) { Out << T->File->bytes() << Chunks; };
  if (!cli::writeWhole(Output, "the recording", Write))
    return cli::Unusable;
  llvm::outs() << llvm::formatv("{0}: names of {1} of {2} addresses and of {3} data, {4} model file(s), {5} source "
                                "line(s); {6} KiB more\n",
                                Output, Named, P.Out.Code.size(),
                                llvm::count_if(P.Out.Data, [](const auto &E) { return !E.second.Datum.empty(); }),
                                P.Out.ModelFiles.size(), P.Out.Lines.size(), Chunks.size() >> 10);
  return cli::Clean;
}

static cli::Manual manual() {
  return {
      .Description =
          "A recording names its marked places by itself; functions further up a stack, and the rules to judge by, are "
          "in the binary and in the models. This puts both into the recording: names and inlined frames of every "
          "stack, names of locks that are variables, and the model files that it was recorded with. Afterwards `check` "
          "needs nothing but the recording, and reports on any machine what it would have reported here.\n\n"
          "A judge who gives --model or --binary is judging by those.",
      .Examples =
          {{"Makes a recording complete, where it stands", "underlock pack queue.trace"},
           {"It is judged without the program and without its model",
            "rm queue queue.yaml\nunderlock check queue.trace", cli::Findings,
            R"(queue.c:15: error: a job is dropped without queue.lock [contract:drop-under-queue-lock, observed]
...)"},
           {"With the source lines, and into another file",
            "underlock pack --sources -o complete.trace clean.trace\nunderlock check --sources complete.trace"}},
      .Status = {
          {"0", "it is written"},
          {"2", "the recording is damaged, cut, or packed already; a model cannot be read, or no name was found"}}};
}

void cli::addPack(CLI::App &App, int &Status) {
  auto Options = std::make_shared<PackOptions>();
  Command *Sub = addCommand(App, "pack", "make a recording complete, to be judged elsewhere", manual());
  addTrace(*Sub, Options->Open);
  Sub->add_flag("--sources", Options->Sources, "source lines too, of all places that the recording names");
  Sub->add_option("-o,--output", Options->Output, "write to this file (default: the recording itself)")
      ->type_name("FILE");
  Sub->callback([Options, &Status] {
    Options->Open.ShippedModels = findInstallation().Models;
    Status = pack(*Options);
  });
}
