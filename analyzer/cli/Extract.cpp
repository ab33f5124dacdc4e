// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `underlock extract`: takes a trace out of an image of a guest's memory.
#include "analyzer/trace/Extract.h"
#include "analyzer/cli/Commands.h"
#include "analyzer/trace/TraceFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileOutputBuffer.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;

static int extract(const std::string &Image, const std::string &Output) {
  auto Memory = llvm::MemoryBuffer::getFile(Image, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!Memory) {
    llvm::errs() << Image << ": " << Memory.getError().message() << '\n';
    return cli::Unusable;
  }
  llvm::ArrayRef<uint8_t> Bytes = llvm::arrayRefFromStringRef<uint8_t>((*Memory)->getBuffer());
  std::optional<Extent> Found = findTrace(Bytes);
  if (!Found || Found->Chunks == 0) {
    llvm::errs() << Image << ": "
                 << (Found ? "the recorder's header is there, and no chunk behind it: nothing was recorded"
                           : "no trace in it: not an image of memory (raw, page by page), or a kernel without the "
                             "recorder, or one that had not started it yet")
                 << '\n';
    return cli::Unusable;
  }
  auto Out = llvm::FileOutputBuffer::create(Output, Found->Size);
  if (!Out) {
    llvm::errs() << Output << ": " << llvm::toString(Out.takeError()) << '\n';
    return cli::Unusable;
  }
  llvm::copy(Bytes.slice(Found->Offset, Found->Size), (*Out)->getBufferStart());
  if (llvm::Error E = (*Out)->commit()) {
    llvm::errs() << Output << ": " << llvm::toString(std::move(E)) << '\n';
    return cli::Unusable;
  }
  // What was taken out is judged at once: better here than an hour later.
  if (!TraceFile::open(Output, llvm::errs()))
    return cli::Unusable;
  llvm::outs() << llvm::formatv("{0}: {1} chunks, {2} bytes, from byte {3} of {4}\n", Output, Found->Chunks,
                                Found->Size, Found->Offset, Image);
  return cli::Clean;
}

void cli::addExtract(CLI::App &App, int &Status) {
  auto Image = std::make_shared<std::string>(), Output = std::make_shared<std::string>();
  CLI::App *Sub = App.add_subcommand("extract", "take a recording out of an image of a guest's memory");
  Sub->add_option("image", *Image, "The guest's memory, as a raw file")->required();
  Sub->add_option("-o,--output", *Output, "Where to write the recording")->required();
  Sub->callback([Image, Output, &Status] { Status = extract(*Image, *Output); });
}
