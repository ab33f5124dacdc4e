// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What DEFINE records say, turned into the tables of a Recording: sites, stacks, images, units and their models.
//
// Places are a context's own and live in its Cursor. Thread-safety: none. A definition that cannot be right is an error
// with a text in problem(); the cursor adds where it stands.
#ifndef UNDERLOCK_ANALYZER_TRACE_TABLES_H
#define UNDERLOCK_ANALYZER_TRACE_TABLES_H

#include "analyzer/replay/Recording.h"
#include "analyzer/trace/Reader.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/Twine.h"

namespace underlock {

class Tables {
public:
  explicit Tables(Recording &R) : R(R), ModelHash(R.Model.marksHash()) {}

  // Each reads one payload. False: problem() says what is wrong, or the reader's own problem does.
  bool site(Reader &From);
  bool unit(Reader &From);
  bool image(Reader &From);
  bool clock(Reader &From);
  // A report of ThreadSanitizer, `Time` when. What is empty where it says only that it is there.
  bool tsan(Reader &From, Ticks &Time, TsanReport &Out);
  uint32_t title(Reader &From); // an index into the Recording's Titles

  // A place of the whole run: where definitions are not the context's own.
  struct Place {
    uint32_t SiteNumber = 0;
    StackId Stack = None;
  };
  llvm::DenseMap<uint32_t, Place> RunPlaces;

  StackId intern(llvm::ArrayRef<uint64_t> Frames);

  // None where the site, or the unit it is from, has not been defined (yet).
  SiteId findSite(uint32_t Number) const {
    auto It = SiteByNumber.find(Number);
    return It != SiteByNumber.end() && UnitByNumber.count(It->second.Unit) ? It->second.Id : None;
  }
  size_t sites() const { return SiteByNumber.size(); }

  llvm::StringRef problem() const { return Problem; }

private:
  bool fail(const llvm::Twine &What) {
    Problem = What.str();
    return false;
  }
  bool readSite(Reader &From, Site &S);
  bool readStack(Reader &From, StackId &Out);
  bool readLength(Reader &From, uint64_t Limit, uint64_t &Out);
  bool matchToModel(Site &S);

  struct SiteEntry {
    SiteId Id;
    uint32_t Unit;
  };
  struct UnitEntry {
    uint64_t Hash;
    std::string Model, Source;
  };
  Recording &R;
  uint64_t ModelHash;
  llvm::DenseMap<uint32_t, SiteEntry> SiteByNumber;
  llvm::DenseMap<uint32_t, UnitEntry> UnitByNumber;
  llvm::StringMap<uint32_t> TitleByText;
  llvm::DenseMap<uint64_t, llvm::SmallVector<StackId, 1>> StacksByHash;
  // The first and the last reading of both clocks, by ticks.
  struct Reading {
    uint64_t Ticks = 0, Nanoseconds = 0;
  };
  Reading FirstClock, LastClock;
  bool AnyClock = false, ReadRate = false; // ReadRate: ticks per second come from these readings
  std::string Problem;
};

} // namespace underlock

#endif
