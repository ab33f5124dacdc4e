// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// what-if: one recording judged twice, as it is and under edits, and what the difference says: which findings would go,
// stay and arrive.
//
// The edits change what is held, not what is done: the threads go the ways of the recording, in its order. Where the
// edited program would go another way (a try that would fail), or where nothing was recorded of what an edit is about,
// the answer is unknown, and says why.
#ifndef UNDERLOCK_ANALYZER_ANALYSES_WHATIF_H
#define UNDERLOCK_ANALYZER_ANALYSES_WHATIF_H

#include "analyzer/analyses/Analysis.h"
#include "analyzer/replay/Edited.h"

namespace underlock {

// A way to take a lock while another one is held.
struct LockPath {
  std::string From, To; // classes
  std::vector<std::string> Story;
  Step At;
};

struct Change {
  enum class Fate { Goes, Stays, Arrives } What = Fate::Stays;
  Finding F;                   // Goes: of the recording as it is. Else of the edited one
  std::vector<LockPath> Paths; // Stays: ways to the same lock order that the recording as it is does not have
};

struct Prediction {
  std::vector<Change> Changes;
  std::vector<std::string> Unknown;   // why this is no answer, a sentence each
  std::vector<uint64_t> Uses;         // by edit: spans, or acquisitions dropped
  std::vector<Finding> Before, After; // all, below the gate too
  std::unique_ptr<EditedNames> Names; // of the edited recording
};

// A recording that was opened and not replayed.
struct Unplayed {
  Recording &R;
  Source &From;
};

// `AsIs` and `Edited` are the same recording, opened twice. False when one cannot be read or an edit fits nothing in it
// (its lock is not known), which has been reported.
bool predict(Unplayed AsIs, Unplayed Edited, const std::vector<Edit> &Edits, Certainty Gate, Prediction &Out,
             llvm::raw_ostream &Errors);

} // namespace underlock

#endif
