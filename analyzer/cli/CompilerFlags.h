// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What compiling and linking with Underlock adds to a command line: for `cc`, which adds it, and `flags`, which prints
// it for build systems that want to add it themselves.
#ifndef UNDERLOCK_ANALYZER_CLI_COMPILERFLAGS_H
#define UNDERLOCK_ANALYZER_CLI_COMPILERFLAGS_H

#include "analyzer/cli/Commands.h"
#include <vector>

namespace underlock::cli {

// The models that were asked for, else those of the environment variable UNDERLOCK_MODEL, else `posix`; paths absolute,
// since the analyzer may look for them from elsewhere than the compiler did.
std::vector<std::string> modelsToUse(std::vector<std::string> Asked);

// Appends. False: a model is wrong, and that was said. `Summary`: see `cc`; empty for none.
bool compileFlags(const std::vector<std::string> &Models, const std::string &Summary, bool HasDebugOption,
                  const Installation &Parts, std::vector<std::string> &Out);
// `Tsan`: a program under ThreadSanitizer. A shared library has nothing of it: the program that loads it does.
void linkFlags(const Installation &Parts, bool Tsan, std::vector<std::string> &Out);

// What -fsanitize=… and -fno-sanitize=… make of whether there is ThreadSanitizer.
void readSanitizer(llvm::StringRef Argument, bool &Tsan);

} // namespace underlock::cli

#endif
