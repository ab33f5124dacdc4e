// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Edits: what a recorded program is supposed to have done otherwise. `what-if` replays a recording under them.
//
// They are given on the command line, or in a small YAML file that can be kept beside the code:
//     edits:
//       - {drop: pci_rescan_remove_lock, around: sriov_numvfs_store}
//       - {take: pci_rescan_remove_lock, around: [sriov_add_vfs, sriov_del_vfs]}
//       - {take: table_lock, mode: shared, around: "lookup:find"}
//       - {make-recursive: queue.lock}
#ifndef UNDERLOCK_ANALYZER_REPLAY_EDITS_H
#define UNDERLOCK_ANALYZER_REPLAY_EDITS_H

#include "analyzer/model/Model.h"
#include <optional>
#include <string>
#include <vector>

namespace underlock {

// A stretch of what a context does: a function from its entry to its exit (`F`), a call inside one (`F:CALLEE`), or
// what is called from one of its lines (`F:123`).
struct Around {
  std::string Function;
  std::string Callee;
  uint32_t Line = 0;

  bool everywhere() const { return Function.empty(); }
  bool isCall() const { return !Callee.empty() || Line; }
  std::string text() const; // as a person reads it: "f()", "the call of g() in f()"
};

// Nothing when the text is none. A C++ name keeps its `::`.
std::optional<Around> parseAround(llvm::StringRef Text);

struct Edit {
  enum class Kind {
    Take,      // L is taken where the stretch begins and released where it ends
    Drop,      // what took L inside the stretch does not; its release goes with it
    Recursive, // the holder of L may take it again
  } What = Kind::Take;
  std::string Lock; // a class, by the name that reports give it
  model::Mode Mode = model::Mode::Exclusive;
  Around Where; // Drop: may be everywhere. Recursive: unused

  std::string text() const; // "sriov_del_vfs() takes pci_rescan_remove_lock"
};

// Reads a file of edits and appends. False after errors, which have been reported with file, line and column.
bool readEdits(llvm::StringRef Path, std::vector<Edit> &Out, llvm::raw_ostream &Errors);
bool parseEdits(llvm::StringRef Text, llvm::StringRef Name, std::vector<Edit> &Out, llvm::raw_ostream &Errors);

} // namespace underlock

#endif
