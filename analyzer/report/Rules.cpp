// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What each rule is, in a sentence.
#include "analyzer/report/Rules.h"
#include "llvm/ADT/StringExtras.h"

using namespace underlock;
using namespace underlock::report;

namespace {
struct Known {
  llvm::StringLiteral Id, Short, Weakness; // Weakness: a number of the CWE list
};
} // namespace

// A rule that is not here is described by its findings alone.
static constexpr Known Rules[] = {
    {"order:inversion", "Locks are taken in a circle of orders: threads that do so at the same time deadlock.", "833"},
    {"order:wait-cycle", "A lock is held while something is waited for that needs the lock before it comes.", "833"},
    {"hang:cycle", "The recording ended with threads that wait for each other.", "833"},
    {"hang:orphan", "The recording ended with a thread that waits for what nobody is left to bring about.", "833"},
    {"self:self-deadlock", "A thread waits for a lock that it holds itself.", "764"},
    {"self:delegated-deadlock", "Work that somebody waits for takes a lock that the waiter holds.", "833"},
    {"self:relock", "A thread asks for a lock that it holds itself, and does not get it.", "764"},
    {"self:recursion", "A thread takes a lock shared that it holds shared already.", "764"},
    {"self:unheld-release", "A lock is released that nobody holds.", "832"},
    {"self:foreign-release", "A lock is released by a thread that does not hold it.", "832"},
    {"self:held-at-exit", "A thread ends and still holds a lock.", "667"},
    {"self:freed-held", "A lock is destroyed, or its memory freed, while it is held.", "667"},
    {"irq:inconsistent", "A lock is taken in an interrupt, and elsewhere held with that interrupt on.", "833"},
    {"irq:inversion", "A lock that an interrupt takes is held while another is waited for that is held with it on.",
     "833"},
    {"irq:sleep", "A lock that may sleep is taken where nothing may sleep.", "667"},
    {"tsan:data-race", "Two threads access memory, one of them writes, and nothing orders the two.", "362"},
    {"tsan:heap-use-after-free", "A thread uses memory that another one frees, and nothing orders the two.", "416"},
    {"tsan:lock-order", "ThreadSanitizer saw locks taken in a circle of orders.", "833"},
    {"tsan:double-lock", "A lock is taken while another thread has it.", "667"},
    {"tsan:bad-unlock", "A lock is released that the thread does not hold.", "832"},
    {"tsan:destroyed-held", "A lock is destroyed while it is held.", "667"},
};

static std::vector<std::string> tags(llvm::StringRef Analysis, llvm::StringRef Weakness) {
  std::vector<std::string> Out = {"concurrency", "locking", Analysis.str()};
  if (!Weakness.empty())
    Out.push_back("external/cwe/cwe-" + Weakness.str());
  return Out;
}

RuleText report::ruleOf(const model::Contract &C, const model::Model &M) {
  const model::Event *E = M.findEvent(C.Event);
  RuleText Out;
  Out.Id = (C.analysis() + ":" + C.Id).str();
  if (C.Lifetime) {
    const std::string &What = M.Lifetimes[*C.Lifetime].What;
    Out.Short =
        "Between its look-up and its last use, " + (What.empty() ? "an object of " + C.Id : What) + " is not freed.";
    Out.Why = C.Why;
    Out.See = C.See;
    Out.Tags = tags(C.analysis(), "416");
    Out.Level = C.Level;
    return Out;
  }
  Out.Short = "When " + (E && !E->What.empty() ? E->What : C.Event);
  if (!C.Requires.empty())
    Out.Short += ", " + llvm::join(C.Requires, " or ") + " is held" +
                 (C.RequiredMode == model::Mode::Exclusive ? " exclusively" : "");
  if (!C.Forbids.empty())
    Out.Short += (C.Requires.empty() ? ", " : ", and ") + llvm::join(C.Forbids, " and ") + " is not held";
  if (!C.ExcludedDuring.empty())
    Out.Short += ", nobody else is in " + llvm::join(C.ExcludedDuring, " or ") +
                 (C.Unless.empty() ? "" : ", unless " + llvm::join(C.Unless, " or ") + " is held");
  Out.Short += ".";
  Out.Why = C.Why.empty() && E ? E->Why : C.Why;
  Out.See = C.See.empty() && E ? E->See : C.See;
  Out.Tags = tags(C.analysis(), C.Requires.empty() ? "667" : "820");
  Out.Level = C.Level;
  return Out;
}

RuleText report::ruleOf(const Finding &F) {
  RuleText Out;
  Out.Id = F.Analysis + ":" + F.Rule;
  Out.Short = F.Analysis + ": " + F.Rule;
  Out.Why = F.Why;
  Out.See = F.See;
  Out.Level = F.Level;
  llvm::StringRef Weakness;
  for (const Known &K : Rules)
    if (K.Id == Out.Id) {
      Out.Short = K.Short.str();
      Weakness = K.Weakness;
    }
  Out.Tags = tags(F.Analysis, Weakness);
  return Out;
}
