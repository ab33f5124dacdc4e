// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Addresses to names; see LLVMSymbols.h.
#include "analyzer/symbols/LLVMSymbols.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/DebugInfo/DIContext.h"
#include "llvm/Object/BuildID.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace underlock;
using llvm::StringRef;

static llvm::symbolize::LLVMSymbolizer::Options symbolizerOptions() {
  llvm::symbolize::LLVMSymbolizer::Options O;
  // As the compiler was given it: what sites say, and what stays the same in another checkout.
  O.PathStyle = llvm::DILineInfoSpecifier::FileLineInfoKind::RelativeFilePath;
  return O;
}

LLVMSymbols::LLVMSymbols(Recording &R, StringRef Binary)
    : R(R), Binary(Binary.str()), Symbolizer(symbolizerOptions()) {}

// ---- Which binary ----

std::string LLVMSymbols::fileOf(size_t Index) const {
  const Image &I = R.Images[Index];
  if (Binary.empty())
    return I.Path;
  StringRef Name = llvm::sys::path::filename(Binary);
  for (size_t Other = 0; Other < R.Images.size(); ++Other)
    if (llvm::sys::path::filename(R.Images[Other].Path) == Name)
      return Other == Index ? Binary : I.Path;
  return Index == 0 ? Binary : I.Path;
}

LLVMSymbols::Examined LLVMSymbols::examine(const std::string &File, StringRef BuildId) {
  if (StringRef(File).starts_with("linux-vdso")) // the kernel's, in no file
    return {};
  if (!llvm::sys::fs::exists(File))
    return {false, "cannot read " + File +
                       ", which the recording names: functions in it have no names here. Pass its copy with --binary"};
  auto Object = llvm::object::ObjectFile::createObjectFile(File);
  if (!Object)
    return {false, "cannot read " + File + " as a binary: " + llvm::toString(Object.takeError()) +
                       ". Functions in it have no names here"};
  std::string Here = llvm::toHex(llvm::object::getBuildID(Object->getBinary()), /*LowerCase=*/true);
  if (!BuildId.empty() && !Here.empty() && BuildId != Here)
    return {true, File + " is not the binary that was recorded (build id " + Here + ", recorded " + BuildId.str() +
                      "): names of functions and lines in it may be wrong"};
  return {true, ""};
}

// Each doubt is said once, and what concerns a binary is known once it is asked for the first time.
LLVMSymbols::Location LLVMSymbols::locateIn(const std::string &File, StringRef BuildId, uint64_t LinkAddress) {
  auto [It, New] = Binaries.try_emplace(File);
  Examined &E = It->second;
  if (New) {
    E = examine(File, BuildId);
    if (!E.Doubt.empty())
      R.Remarks.push_back({Remark::Kind::Warning, E.Doubt});
  }
  return {E.Usable ? File : "", LinkAddress, E.Doubt};
}

LLVMSymbols::Location LLVMSymbols::locate(uint64_t Address) {
  for (size_t Index = 0; Index < R.Images.size(); ++Index) {
    const Image &I = R.Images[Index];
    if (Address >= I.Start && Address < I.End)
      return locateIn(fileOf(Index), I.BuildId, Address - I.Bias);
  }
  if (R.Images.empty() && !Binary.empty())
    return locateIn(Binary, "", Address);
  return {};
}

// ---- Names ----

// What the symbolizer says when it does not know.
static std::string known(const std::string &Name) {
  return Name == llvm::DILineInfo::BadString || Name == llvm::DILineInfo::Addr2LineBadString ? "" : Name;
}

std::vector<Frame> LLVMSymbols::frames(uint64_t ReturnAddress) {
  auto [It, New] = FrameCache.try_emplace(ReturnAddress);
  std::vector<Frame> &Out = It->second;
  if (!New)
    return Out;
  // The call is before the address that it returns to, which may be another line's, or another function's.
  Location L = locate(ReturnAddress - 1);
  if (L.File.empty())
    return Out;
  auto Info = Symbolizer.symbolizeInlinedCode(L.File, {L.LinkAddress, llvm::object::SectionedAddress::UndefSection});
  if (!Info) {
    llvm::consumeError(Info.takeError()); // isUsable() has read the file; what is left is an address without a symbol
    return Out;
  }
  for (uint32_t I = 0; I < Info->getNumberOfFrames(); ++I) {
    const llvm::DILineInfo &Line = Info->getFrame(I);
    Frame F;
    F.Address = ReturnAddress;
    F.Function = known(Line.FunctionName);
    F.File = known(Line.FileName);
    F.Line = Line.Line;
    F.Column = Line.Column;
    F.Inlined = I + 1 < Info->getNumberOfFrames();
    Out.push_back(std::move(F));
  }
  if (Out.size() == 1 && Out[0].Function.empty())
    Out.clear();
  return Out;
}

std::string LLVMSymbols::datum(uint64_t Address) {
  auto [It, New] = DatumCache.try_emplace(Address);
  if (!New)
    return It->second;
  Location L = locate(Address);
  if (L.File.empty())
    return "";
  auto Global = Symbolizer.symbolizeData(L.File, {L.LinkAddress, llvm::object::SectionedAddress::UndefSection});
  if (!Global) {
    llvm::consumeError(Global.takeError());
    return "";
  }
  return It->second = known(Global->Name);
}

std::optional<std::string> LLVMSymbols::line(const std::string &File, uint32_t Line) {
  auto [It, New] = Sources.try_emplace(File);
  std::vector<std::string> &Lines = It->second;
  if (New)
    if (auto Text = llvm::MemoryBuffer::getFile(File, /*IsText=*/true))
      for (StringRef This : llvm::split((*Text)->getBuffer(), '\n'))
        Lines.push_back(This.rtrim('\r').str());
  if (Line == 0 || Line > Lines.size())
    return std::nullopt;
  return Lines[Line - 1];
}
