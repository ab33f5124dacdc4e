// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Build ids of then and now, compared (SameProgram.h).
#include "analyzer/cli/SameProgram.h"
#include "analyzer/cli/Commands.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/BuildID.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

using namespace underlock;

std::vector<const Image *> cli::imagesOf(const Recording &R, const Finding &F) {
  std::vector<const Image *> Found;
  for (const Step &S : F.Steps) {
    if (S.Place.Stack == None || R.Stacks[S.Place.Stack].empty())
      continue;
    uint64_t Address = R.Stacks[S.Place.Stack].front() - 1;
    for (const Image &I : R.Images)
      if (Address >= I.Start && Address < I.End && !llvm::is_contained(Found, &I))
        Found.push_back(&I);
  }
  return Found;
}

static std::string changed(const Image &I, llvm::StringRef Now) {
  return llvm::formatv("{0} has changed since it was recorded (build id {1}, recorded {2}): record it and judge it "
                       "again, and confirm what is found then",
                       I.Path, Now, I.BuildId)
      .str();
}

bool cli::startable(const std::string &Program, const Recording &R) {
  auto Path = llvm::sys::findProgramByName(Program);
  if (!Path) {
    unusable(Program + ": " + Path.getError().message());
    return false;
  }
  if (R.Platform == UNDERLOCK_PLATFORM_LINUX) // what boots it is not what was recorded
    return true;
  auto Object = llvm::object::ObjectFile::createObjectFile(*Path);
  if (!Object) {
    llvm::consumeError(Object.takeError()); // a script: what it starts is looked at when it was recorded
    return true;
  }
  std::string Here = llvm::toHex(llvm::object::getBuildID(Object->getBinary()), /*LowerCase=*/true);
  for (const Image &I : R.Images)
    if (llvm::sys::path::filename(I.Path) == llvm::sys::path::filename(*Path) && !I.BuildId.empty() &&
        I.BuildId != Here) {
      unusable(changed(I, Here.empty() ? "none" : Here));
      return false;
    }
  return true;
}

bool cli::sameBinaries(const Recording &R, const Finding &F, const Judgement &After, const std::string &Program) {
  for (const Image *Was : imagesOf(R, F)) {
    if (Was->BuildId.empty())
      continue;
    const Image *Other = nullptr;
    bool Same = false;
    for (const report::Judged &J : After.All)
      for (const Image &I : J.R->Images) {
        Same |= I.BuildId == Was->BuildId;
        if (llvm::sys::path::filename(I.Path) == llvm::sys::path::filename(Was->Path))
          Other = &I;
      }
    if (!Same) {
      unusable(Other ? changed(*Was, Other->BuildId)
                     : Program + " did not run " + Was->Path +
                           ", which the finding is in: give the command that was recorded");
      return false;
    }
  }
  return true;
}
