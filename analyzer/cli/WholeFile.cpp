// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes beside a file and replaces it, or into it where that cannot be (WholeFile.h).
#include "analyzer/cli/WholeFile.h"
#include "analyzer/cli/Commands.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"

using namespace underlock;
using llvm::StringRef;
namespace fs = llvm::sys::fs;
using Writer = llvm::function_ref<void(llvm::raw_ostream &)>;

static std::error_code writeTo(StringRef Path, fs::CreationDisposition How, fs::perms Mode, Writer Write) {
  int File;
  if (std::error_code Why = fs::openFileForWrite(Path, File, How))
    return Why;
  llvm::raw_fd_ostream Out(File, /*shouldClose=*/true);
  if (Mode != fs::perms_not_known)
    fs::setPermissions(File, Mode); // a file system may know none
  Write(Out);
  Out.close();
  std::error_code Why = Out.error();
  Out.clear_error(); // or the program ends with the stream
  return Why;
}

static std::error_code replace(const std::string &Target, fs::perms Mode, Writer Write) {
  // llvm::sys::fs::TempFile would take a % in the name of a folder for one of its own.
  std::string New = Target + "." + std::to_string(llvm::sys::Process::getProcessId());
  llvm::sys::RemoveFileOnSignal(New);
  std::error_code Why = writeTo(New, fs::CD_CreateNew, Mode, Write);
  if (Why != std::errc::file_exists) { // somebody's
    if (!Why)
      Why = fs::rename(New, Target);
    if (Why)
      fs::remove(New);
  }
  llvm::sys::DontRemoveFileOnSignal(New);
  return Why;
}

// Whether a file can be written, though no other one be put into its place: one that is mounted by itself, or lies in a
// folder that is not this user's.
static bool isFixed(std::error_code Why) {
  return Why == std::errc::permission_denied || Why == std::errc::operation_not_permitted ||
         Why == std::errc::read_only_file_system || Why == std::errc::device_or_resource_busy ||
         Why == std::errc::cross_device_link;
}

// All of it is there before the old one goes, of which it may be made.
static std::error_code writeInPlace(StringRef Target, Writer Write) {
  std::string Text;
  llvm::raw_string_ostream All(Text);
  Write(All);
  All.flush();
  return writeTo(Target, fs::CD_CreateAlways, fs::perms_not_known, [&](llvm::raw_ostream &Out) { Out << Text; });
}

llvm::Error cli::writeWhole(StringRef Path, Writer Write) {
  llvm::SmallString<128> Target(Path);
  fs::file_status Old;
  bool Exists = !fs::status(Path, Old);
  // A link stays one. Those like /dev/stdout lead to a file that is open, if to one that has a name.
  bool IsOpen = Path.starts_with("/dev/std") || Path.starts_with("/dev/fd/") || Path.starts_with("/proc/");
  if (Exists && (IsOpen || Old.type() != fs::file_type::regular_file || fs::real_path(Path, Target)))
    return llvm::errorCodeToError(writeTo(Path, fs::CD_CreateAlways, fs::perms_not_known, Write));
  std::error_code Why = Exists ? fs::access(Target, fs::AccessMode::Write) : std::error_code();
  if (!Why) // nobody replaces what is to stay
    Why = replace(std::string(Target), Exists ? Old.permissions() : fs::perms_not_known, Write);
  if (Exists && isFixed(Why) && !fs::access(Target, fs::AccessMode::Write))
    Why = writeInPlace(Target, Write);
  return llvm::errorCodeToError(Why);
}

bool cli::writeWhole(StringRef Path, StringRef What, Writer Write) {
  llvm::Error Failed = writeWhole(Path, Write);
  if (!Failed)
    return true;
  unusable(Path + ": cannot write " + What + ": " + llvm::toString(std::move(Failed)));
  return false;
}
