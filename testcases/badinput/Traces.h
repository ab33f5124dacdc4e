// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The model and the small traces that the bad-input tests and the fuzzers' corpus begin with, and judging a trace from
// memory the way `underlock check` judges a file.
#ifndef UNDERLOCK_TESTCASES_BADINPUT_TRACES_H
#define UNDERLOCK_TESTCASES_BADINPUT_TRACES_H

#include "analyzer/model/Model.h"
#include "analyzer/replay/Recording.h"
#include "testcases/unit/TraceWriter.h"
#include <string>
#include <vector>

namespace underlock::test {

// One mutex, one event, one phase, one contract: enough to reach every kind of record.
model::Model smallModel();

// The sites and places that all traces below share, defined in their first chunk.
enum : uint8_t { SiteLock = 1, SiteUnlock, SiteInit, SiteDestroy, SiteEvent, SiteBegin, SiteEnd, SiteFree };
void defineAll(ChunkWriter &C, uint64_t ModelHash);

// Two threads in three sealed chunks, every kind of record, an orderly end in the file's last chunk.
TraceWriter sealedTrace();
// The same threads with the orderly end in the first chunk of the file, so that what a cut takes away is never the end.
TraceWriter endFirstTrace();
// Killed: open chunks, one context waiting.
TraceWriter killedTrace();

// A ring: definitions apart, one context whose beginning is gone, a chunk that was about to be used again.
TraceWriter ringTrace();
// Distinct: definitions apart, snapshots.
TraceWriter distinctTrace();

// Packed: sealedTrace(), and behind it what `pack` adds, in two parts cut in the middle of an entry.
enum : uint8_t { PackedModels = 1, PackedModel, PackedDoubt, PackedFrames, PackedDatum, PackedLine };
std::string packEntries();
TraceWriter packedTrace(const std::string &Entries = packEntries());

struct Verdict {
  int Status = 0; // 2: not judged, 1: findings, 0: none
  std::string Errors;
  std::vector<Remark> Remarks;
  uint64_t Records = 0;
  size_t Findings = 0; // of any certainty
  bool BrokeOff = false;
  bool warned() const;
  bool says(llvm::StringRef Text) const; // in a remark of any level
};
Verdict judge(const std::string &Trace);

} // namespace underlock::test

#endif
