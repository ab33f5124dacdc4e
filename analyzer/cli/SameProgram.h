// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether a program that runs again is the one that was recorded, by the build ids of its binaries. What is not so is
// said on standard error.
#ifndef UNDERLOCK_ANALYZER_CLI_SAMEPROGRAM_H
#define UNDERLOCK_ANALYZER_CLI_SAMEPROGRAM_H

#include "analyzer/analyses/Finding.h"
#include "analyzer/cli/Judge.h"

namespace underlock::cli {

// The binaries that the finding's places are in.
std::vector<const Image *> imagesOf(const Recording &R, const Finding &F);

// Before it runs: the program as a file, where the command is one and no kernel was recorded.
bool startable(const std::string &Program, const Recording &R);

// After it has run: the finding's binaries are among those of the new recordings.
bool sameBinaries(const Recording &R, const Finding &F, const Judgement &After, const std::string &Program);

} // namespace underlock::cli

#endif
