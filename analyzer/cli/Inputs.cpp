// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folders to the recordings in them. A file there is a recording when it begins as one, is called *.trace, or is empty:
// the last two are not passed over because their beginning is lost, but judged, and refused with the reason.
#include "analyzer/cli/Inputs.h"
#include "analyzer/cli/Commands.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace underlock;
namespace fs = llvm::sys::fs;

static bool isRecording(const std::string &Path, uint64_t Size) {
  if (Size == 0 || llvm::sys::path::extension(Path) == ".trace")
    return true;
  auto Head = llvm::MemoryBuffer::getFileSlice(Path, std::min<uint64_t>(Size, 8), 0);
  // What cannot be read may be one, and whoever opens it says why not.
  return !Head || TraceFile::begins((*Head)->getBuffer());
}

// Links to folders are not followed: they may lead back.
static bool searchFolder(const std::string &Folder, std::vector<std::string> &Found, std::vector<std::string> &Others) {
  std::error_code Error;
  for (fs::recursive_directory_iterator I(Folder, Error, /*follow_symlinks=*/false), End; !Error && I != End;
       I.increment(Error)) {
    fs::file_status Status;
    if (fs::status(I->path(), Status) || Status.type() != fs::file_type::regular_file)
      continue;
    (isRecording(I->path(), Status.getSize()) ? Found : Others).push_back(I->path());
  }
  if (Error)
    cli::unusable(Folder + ": " + Error.message());
  llvm::sort(Found);
  llvm::sort(Others);
  return !Error;
}

static void sayWhatWasFound(const std::string &Folder, size_t Found, const std::vector<std::string> &Others) {
  llvm::errs() << "underlock: " << Folder << ": " << Found << " recording(s)";
  if (!Others.empty())
    llvm::errs() << "; not judged, since no recording: " << Others.front();
  if (Others.size() > 1)
    llvm::errs() << " and " << Others.size() - 1 << " more";
  llvm::errs() << '\n';
}

void cli::addModelOption(CLI::App &Command, std::vector<std::string> &Models, const std::string &For) {
  Command
      .add_option("--model", Models,
                  For + "a shipped model or a model file; may be given several times (default: those that the "
                        "recording names)")
      ->type_name("MODEL")
      ->allow_extra_args(false); // or it would take the recordings too
}

void cli::addTraceOptions(CLI::App &Command, std::vector<std::string> &Models, std::string &Binary,
                          const std::string &For) {
  addModelOption(Command, Models, For);
  Command.add_option("--binary", Binary, For + "the recorded program, or a kernel's vmlinux, for names of functions")
      ->type_name("PROGRAM");
}

void cli::addTrace(CLI::App &Command, OpenOptions &Options) {
  Command.add_option("trace", Options.Path, "the recording, or - for standard input")->type_name("TRACE")->required();
  addTraceOptions(Command, Options.Models, Options.Binary);
}

std::optional<std::vector<std::string>> cli::recordingsOf(const std::vector<std::string> &Named) {
  std::vector<std::string> Out;
  for (const std::string &Name : Named) {
    if (Name == "-" || !fs::is_directory(Name)) {
      Out.push_back(Name);
      continue;
    }
    std::vector<std::string> Found, Others;
    if (!searchFolder(Name, Found, Others))
      return std::nullopt;
    sayWhatWasFound(Name, Found.size(), Others);
    if (Found.empty()) {
      unusable(Name + ": no recording in this folder: nothing to judge");
      return std::nullopt;
    }
    Out.insert(Out.end(), Found.begin(), Found.end());
  }
  return Out;
}
