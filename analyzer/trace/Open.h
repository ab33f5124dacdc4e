// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Opening a trace for a subcommand: the file, the model it was recorded with (or the one the user named), the tables,
// the source that replay reads, and symbols. What `check`, `run` and `show` begin with:
//
//     OpenOptions Options;
//     Options.Path = …; Options.Models = …; Options.ShippedModels = findInstallation().Models;
//     std::unique_ptr<OpenTrace> Trace = openTrace(Options, llvm::errs());
//     if (!Trace || !replay(Trace->From, Trace->R, Observers))
//       return Unusable; // the message is out
//     if (!Trace->From.instrumented())
//       return Unusable; // after printing Trace->R.Remarks, one of which says so
#ifndef UNDERLOCK_ANALYZER_TRACE_OPEN_H
#define UNDERLOCK_ANALYZER_TRACE_OPEN_H

#include "analyzer/symbols/LLVMSymbols.h"
#include "analyzer/symbols/PackedSymbols.h"
#include "analyzer/trace/TraceSource.h"

namespace underlock {

struct OpenOptions {
  std::string Path;
  std::vector<std::string> Models;    // empty: those that the trace has packed, or names
  std::vector<std::string> Otherwise; // those to take when the trace names none either
  std::string ShippedModels;          // the folder of the shipped models
  std::string Binary;                 // stands in for the recorded program or vmlinux when looking for names; or empty:
                                      // those that are packed, or the binaries that the trace names
};

// Members refer to each other, so it stays where it was made.
struct OpenTrace {
  OpenTrace(std::unique_ptr<TraceFile> F, model::Model M, llvm::StringRef Binary, llvm::raw_ostream &Errors,
            Pack P = {})
      : File(std::move(F)), Model(std::move(M)), R(Model), From(*File, R, Errors), Names(R, Binary),
        Packed(R, std::move(P)) {
    R.Names = Binary.empty() && !Packed.empty() ? static_cast<Symbols *>(&Packed) : &Names;
  }
  OpenTrace(const OpenTrace &) = delete;
  OpenTrace &operator=(const OpenTrace &) = delete;

  std::unique_ptr<TraceFile> File;
  model::Model Model;
  Recording R;
  TraceSource From;
  LLVMSymbols Names;
  PackedSymbols Packed;
};

// Null after an error that has been reported to `Errors`, which has to outlive the OpenTrace.
std::unique_ptr<OpenTrace> openTrace(const OpenOptions &Options, llvm::raw_ostream &Errors);

// The models that the recorded program was built with: shipped names or paths, as they stand in its first UNIT
// definition. Empty when there is none. Reads no further than that definition.
std::vector<std::string> recordedModels(const TraceFile &File);

} // namespace underlock

#endif
