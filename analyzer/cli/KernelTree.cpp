// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "analyzer/cli/KernelTree.h"
#include "analyzer/cli/WholeFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <unistd.h>

using namespace llvm;
using namespace underlock;

static Error failed(const Twine &File, std::error_code Why) {
  return createStringError(Why, File + ": " + Why.message());
}

static Expected<std::string> read(const Twine &File) {
  auto Text = MemoryBuffer::getFile(File, /*IsText=*/true);
  if (!Text)
    return failed(File, Text.getError());
  return (*Text)->getBuffer().str();
}

Error cli::writeIfChanged(const Twine &File, StringRef Text) {
  std::string Name = File.str();
  if (auto Old = MemoryBuffer::getFile(Name); Old && (*Old)->getBuffer() == Text)
    return Error::success();
  if (std::error_code Why = sys::fs::create_directories(sys::path::parent_path(Name)))
    return failed(sys::path::parent_path(Name), Why);
  if (Error E = writeWhole(Name, [&](raw_ostream &Out) { Out << Text; }))
    return failed(Name, errorToErrorCode(std::move(E)));
  return Error::success();
}

Expected<cli::KernelVersion> cli::kernelVersion(StringRef Tree) {
  auto Text = read(Tree + "/Makefile");
  if (!Text)
    return Text.takeError();
  KernelVersion V;
  unsigned Found = 0;
  std::string Sub;
  SmallVector<StringRef, 16> Lines;
  StringRef(*Text).take_front(4096).split(Lines, '\n');
  for (StringRef Line : Lines) {
    auto [Name, Value] = Line.split('=');
    Name = Name.trim(), Value = Value.trim();
    if (Name == "VERSION")
      Found += !Value.getAsInteger(10, V.Major);
    else if (Name == "PATCHLEVEL")
      Found += !Value.getAsInteger(10, V.Minor);
    else if (Name == "SUBLEVEL")
      Sub = Value.str();
  }
  if (Found != 2 || !sys::fs::exists(Tree + "/Kbuild") || !sys::fs::exists(Tree + "/Kconfig"))
    return createStringError(Tree + ": this is not the source tree of a Linux kernel");
  V.Text = (Twine(V.Major) + "." + Twine(V.Minor) + (Sub.empty() ? "" : "." + Sub)).str();
  return V;
}

// Links in `To` to all that `From` has, and none to what it no longer has. Hidden files do not take part in builds.
Error cli::KernelTree::linkAll(StringRef From, StringRef To, ArrayRef<StringRef> But) const {
  if (std::error_code Why = sys::fs::create_directories(To))
    return failed(To, Why);
  StringSet<> Wanted;
  std::error_code Why;
  for (sys::fs::directory_iterator I(From, Why), End; I != End && !Why; I.increment(Why)) {
    StringRef Name = sys::path::filename(I->path());
    if (Name.starts_with(".") || is_contained(But, Name))
      continue;
    Wanted.insert(Name);
    std::string Link = (To + "/" + Name).str();
    char Old[4096];
    ssize_t Length = ::readlink(Link.c_str(), Old, sizeof(Old));
    if (Length > 0 && StringRef(Old, Length) == I->path())
      continue;
    if (std::error_code Gone = sys::fs::remove(Link))
      return failed(Link, Gone);
    if (std::error_code Made = sys::fs::create_link(I->path(), Link))
      return failed(Link, Made);
  }
  if (Why)
    return failed(From, Why);
  for (sys::fs::directory_iterator I(To, Why, false), End; I != End && !Why; I.increment(Why))
    if (I->type() == sys::fs::file_type::symlink_file && !Wanted.contains(sys::path::filename(I->path())))
      sys::fs::remove(I->path());
  return Why ? failed(To, Why) : Error::success();
}

Error cli::KernelTree::copyAll(StringRef From, StringRef To) const {
  std::error_code Why;
  for (sys::fs::recursive_directory_iterator I(From, Why), End; I != End && !Why; I.increment(Why)) {
    if (sys::path::filename(I->path()) == "__pycache__") {
      I.no_push();
      continue;
    }
    if (sys::fs::is_directory(I->path()))
      continue;
    auto Text = read(I->path());
    if (!Text)
      return Text.takeError();
    std::string Name = (To + StringRef(I->path()).substr(From.size())).str();
    if (Error E = writeIfChanged(Name, *Text))
      return E;
    if (auto Mode = sys::fs::getPermissions(I->path()))
      sys::fs::setPermissions(Name, *Mode | sys::fs::owner_write);
  }
  return Why ? failed(From, Why) : Error::success();
}

// What is compiled there is whatever lies there.
static Error removeOthers(StringRef In, StringRef Like) {
  std::error_code Why;
  for (sys::fs::recursive_directory_iterator I(In, Why), End; I != End && !Why; I.increment(Why))
    if (!sys::fs::exists(Twine(Like) + StringRef(I->path()).substr(In.size())) && !sys::fs::is_directory(I->path()))
      sys::fs::remove(I->path());
  return Why ? failed(In, Why) : Error::success();
}

Error cli::KernelTree::writeAround(StringRef Name, StringRef Before, StringRef After) const {
  auto Text = read(Tree + "/" + Name);
  if (!Text)
    return Text.takeError();
  if (!Text->empty() && Text->back() != '\n')
    *Text += '\n';
  return writeIfChanged(Copy + "/" + Name, (Before + *Text + After).str());
}

Error cli::KernelTree::make() const {
  // make starts itself again for the build folder, and hands KCFLAGS on in the environment: once is enough.
  std::string Variables = "# The lines up to the first empty one are Underlock's.\n"
                          "export LLVM ?= " +
                          Tools +
                          "\n"
                          "ifeq ($(findstring -fpass-plugin=,$(KCFLAGS)),)\n"
                          "override KCFLAGS += " +
                          Flags +
                          "\n"
                          "endif\n"
                          "export KCFLAGS\n\n";
  if (Error E = linkAll(Tree, Copy, {"Makefile", "Kbuild", "Kconfig", "tools", "underlock"}))
    return E;
  if (Error E = linkAll(Tree + "/tools", Copy + "/tools", {"testing"}))
    return E;
  if (Error E = linkAll(Tree + "/tools/testing", Copy + "/tools/testing", {"kunit"}))
    return E;
  if (Error E = copyAll(Tree + "/tools/testing/kunit", Copy + "/tools/testing/kunit"))
    return E;
  if (Error E = copyAll(Runtime, Copy + "/underlock"))
    return E;
  if (Error E = removeOthers(Copy + "/underlock", Runtime))
    return E;
  if (Error E = writeAround("Makefile", Variables, ""))
    return E;
  if (Error E = writeAround("Kbuild", "", "\nobj-y			+= underlock/\n"))
    return E;
  return writeAround("Kconfig", "", "\nsource \"underlock/Kconfig\"\n");
}
