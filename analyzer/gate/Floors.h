// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the recordings of a command have seen of the model, all together, and whether that is enough. A gate that finds
// nothing because nothing ran, or because half of the code lost its instrumentation, must not be green.
#ifndef UNDERLOCK_ANALYZER_GATE_FLOORS_H
#define UNDERLOCK_ANALYZER_GATE_FLOORS_H

#include "analyzer/analyses/Analysis.h"
#include <map>

namespace underlock::gate {

// Marks of the shipped models count only where the model has none of its own: nobody uses all of POSIX.
class Coverage {
public:
  void add(const Recording &R, llvm::ArrayRef<ContractStatistics> Contracts);
  // What is below its floor, and what was not seen; "" when nothing is.
  std::string below(llvm::ArrayRef<model::Floor> Floors) const;

private:
  struct Thing {
    std::string Name; // "contract drop-under-queue-lock (queue.yaml:11:5)"
    bool Shipped = false, Seen = false;
  };
  using Things = std::map<std::string, Thing>; // by kind and id
  std::string below(const model::Floor &F, const Things &Of, llvm::StringRef What, llvm::StringRef Verb) const;
  template <typename T>
  void addMarks(const Recording &R, const std::vector<T> &Marks, llvm::StringRef Kind, const T *Site::*Of);
  template <typename T> void note(Things &To, const Recording &R, llvm::StringRef Kind, const T &What, bool Seen);

  Things Contracts, Marks;
  size_t Contexts = 0;
};

// Two lists, one behind the other: of each kind the last one.
std::vector<model::Floor> effective(llvm::ArrayRef<model::Floor> First, llvm::ArrayRef<model::Floor> Second);

} // namespace underlock::gate

#endif
