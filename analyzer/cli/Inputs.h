// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a user names as recordings: files, folders, and `-` for standard input.
#ifndef UNDERLOCK_ANALYZER_CLI_INPUTS_H
#define UNDERLOCK_ANALYZER_CLI_INPUTS_H

#include "analyzer/trace/Open.h"
#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

namespace underlock::cli {

// The recordings that these names stand for, in order: a folder is all that are in it, however deep, by their paths.
// How many these are, and what else was in it, is said on standard error. Nothing after an error that has been
// reported: a folder that cannot be read, or has no recording in it.
std::optional<std::vector<std::string>> recordingsOf(const std::vector<std::string> &Named);

// Declares --model: what recordings are judged by. `For` stands before its text.
void addModelOption(CLI::App &Command, std::vector<std::string> &Models, const std::string &For = "");
// … and --binary.
void addTraceOptions(CLI::App &Command, std::vector<std::string> &Models, std::string &Binary,
                     const std::string &For = "");
// … and the recording, where a command takes one.
void addTrace(CLI::App &Command, OpenOptions &Options);

} // namespace underlock::cli

#endif
