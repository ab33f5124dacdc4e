// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A kernel's source tree with Underlock in it, beside the one that it is made of, which stays as it is.
//
// Kbuild builds what lies in its source tree, so there has to be one with the runtime in it. It is made of links to all
// that the user's tree has; real are four things: the top-level Makefile, Kbuild and Kconfig, each the user's with some
// lines more, and tools/testing/kunit, whose kunit.py goes by where it really lies. It is brought up to date, and only
// what changed is written, so that make sees what changed.
#ifndef UNDERLOCK_ANALYZER_CLI_KERNELTREE_H
#define UNDERLOCK_ANALYZER_CLI_KERNELTREE_H

#include "llvm/Support/Error.h"
#include <string>

namespace underlock::cli {

struct KernelVersion {
  unsigned Major = 0, Minor = 0;
  std::string Text; // "6.12.117"
};

// From the tree's Makefile. An error: this is no kernel's tree.
llvm::Expected<KernelVersion> kernelVersion(llvm::StringRef Tree);

// Leaves a file alone that says this already: make goes by the time it was written.
llvm::Error writeIfChanged(const llvm::Twine &File, llvm::StringRef Text);

// What the copy needs to know beside the tree. All paths are absolute.
struct KernelTree {
  std::string Tree;    // the user's
  std::string Copy;    // to be made, or brought up to date
  std::string Runtime; // the folder of the runtime's sources for kernels
  std::string Flags;   // for each compilation of the kernel's C
  std::string Tools;   // the make variable LLVM: "-19"

  llvm::Error make() const;

private:
  llvm::Error linkAll(llvm::StringRef From, llvm::StringRef To, llvm::ArrayRef<llvm::StringRef> But) const;
  llvm::Error copyAll(llvm::StringRef From, llvm::StringRef To) const;
  llvm::Error writeAround(llvm::StringRef Name, llvm::StringRef Before, llvm::StringRef After) const;
};

} // namespace underlock::cli

#endif
