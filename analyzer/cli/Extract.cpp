// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock extract`: takes a trace out of an image of a guest's memory.
#include "analyzer/trace/Extract.h"
#include "analyzer/cli/Commands.h"
#include "analyzer/cli/WholeFile.h"
#include "analyzer/trace/TraceFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;

static int extract(const std::string &Image, const std::string &Output) {
  auto Memory = llvm::MemoryBuffer::getFile(Image, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!Memory)
    return cli::unusable(Image + ": " + Memory.getError().message());
  llvm::ArrayRef<uint8_t> Bytes = llvm::arrayRefFromStringRef<uint8_t>((*Memory)->getBuffer());
  std::optional<Extent> Found = findTrace(Bytes);
  if (!Found || Found->Chunks == 0)
    return cli::unusable(Image + ": " +
                         (Found ? "the recorder's header is there, and no chunk behind it: nothing was recorded"
                                : "no trace in it: not an image of memory (raw, page by page), or a kernel without the "
                                  "recorder, or one that had not started it yet"));
  llvm::StringRef Trace = (*Memory)->getBuffer().substr(Found->Offset, Found->Size);
  if (!cli::writeWhole(Output, "the recording", [&](llvm::raw_ostream &Out) { Out << Trace; }))
    return cli::Unusable;
  // What was taken out is judged at once: better here than an hour later.
  if (!TraceFile::open(Output, llvm::errs()))
    return cli::Unusable;
  llvm::outs() << llvm::formatv("{0}: {1} chunks, {2} bytes, from byte {3} of {4}\n", Output, Found->Chunks,
                                Found->Size, Found->Offset, Image);
  return cli::Clean;
}

static cli::Manual manual() {
  return {.Description =
              "A kernel records into its own memory. QEMU keeps a guest's memory in a file when it is told to "
              "(-object memory-backend-file,share=on), and the recording is found in that: after the guest has "
              "ended, while it runs, or when it hangs.",
          .Examples = {{"Takes a recording out of a guest, and judges it",
                        "underlock extract guest-memory -o kernel.trace\nunderlock check kernel.trace", cli::Findings,
                        "..."}},
          .Status = {{"0", "it is written"}, {"2", "there is none in the image, or it is damaged"}}};
}

void cli::addExtract(CLI::App &App, int &Status) {
  auto Image = std::make_shared<std::string>(), Output = std::make_shared<std::string>();
  Command *Sub = addCommand(App, "extract", "take a recording out of an image of a guest's memory", manual());
  Sub->add_option("image", *Image, "the guest's memory, as a raw file")->type_name("IMAGE")->required();
  Sub->add_option("-o,--output", *Output, "where to write the recording")->type_name("FILE")->required();
  Sub->callback([Image, Output, &Status] { Status = extract(*Image, *Output); });
}
