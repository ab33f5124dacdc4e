// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What `underlock pack` puts into a trace, so that it is judged elsewhere as beside the build: the names of all
// addresses, the models, and source lines. The bytes are described in trace.h (DEFINE PACK).
#ifndef UNDERLOCK_ANALYZER_TRACE_PACK_H
#define UNDERLOCK_ANALYZER_TRACE_PACK_H

#include "analyzer/replay/Recording.h"
#include "analyzer/trace/TraceFile.h"
#include <map>
#include <optional>

namespace underlock {

struct Pack {
  // What is known of a return address, or of a datum's address.
  struct Names {
    uint32_t Doubt = 0; // of Doubts, from 1: to be said when it is asked for; 0: none
    std::vector<Frame> Frames;
    std::string Datum;
  };
  std::vector<std::string> Models;               // that it is to be judged by: shipped names, or absolute paths
  std::string ShippedModels;                     // the folder in which shipped ones were
  std::map<std::string, std::string> ModelFiles; // text by path, those that are extended too
  std::vector<std::string> Doubts;               // "cannot read …"
  std::map<uint64_t, Names> Code, Data;          // by return address; by address
  std::map<std::pair<std::string, uint32_t>, std::string> Lines; // source text, by file and line

  bool empty() const { return Models.empty() && Code.empty() && Data.empty() && Lines.empty(); }
};

// An empty pack when there is none. Nothing after an error that has been reported.
std::optional<Pack> readPack(const TraceFile &File, llvm::raw_ostream &Errors);

// The chunks to be appended to `File` for it.
std::string chunksFor(const Pack &P, const TraceFile &File);

} // namespace underlock

#endif
