// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "testcases/unit/Judge.h"
#include "analyzer/analyses/Titles.h"
#include "analyzer/analyses/Words.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>
#include <gtest/gtest.h>

using namespace underlock;

static const char Locks[] = R"(
phases:
  - {id: boot, begin: start, end: {entry: rest_init}, why: "one flow of control"}
  - {id: setup, function: set_up, why: "one task"}
  - {id: suite, what: "suite", function: run_suite, title: [{argument: 0, field: name}]}
  - {id: case, function: run_case, title: [{argument: 0, field: name}, {argument: 1}]}
locks:
  - {id: m, kind: mutex, marks: [{acquire: m_lock}, {try: m_try, success: nonzero}, {release: m_unlock}, {init: m_init}, {destroy: m_destroy}]}
  - {id: rec, kind: mutex, recursive: true, marks: [{acquire: rec_lock}, {release: rec_unlock}]}
  - {id: rw, kind: rwlock, marks: [{acquire: rw_lock}, {acquire: rw_read, mode: shared}, {release: rw_unlock, mode: any}]}
  - {id: rrw, kind: rwlock, recursive: true, marks: [{acquire: rrw_lock}, {acquire: rrw_read, mode: shared}, {release: rrw_unlock, mode: any}]}
  - {id: counted, kind: mutex, marks: [{acquire: c_lock}, {acquire: c_dec_and_lock, success: nonzero}, {release: c_unlock}]}
  - {id: spin, kind: spinlock, marks: [{acquire: s_lock}, {try: s_try, success: nonzero}, {release: s_unlock}]}
  - {id: rwspin, kind: rwlock, recursive: true, marks: [{acquire: rws_lock}, {acquire: rws_read, mode: shared}, {release: rws_unlock, mode: any}]}
  - {id: sem, kind: semaphore, marks: [{acquire: sem_down}, {release: sem_up}]}
events:
  - {id: removed, what: "a thing is removed", entry: remove_it, objects: [0], why: "it is freed"}
  - {id: looked-up, what: "a thing is looked up", entry: look_up}
delegations:
  - {id: job, waiter: {function: wait_for_job, object: 0}, worker: {function: do_job, object: 0}}
)";

std::string test::program(const std::string &Contracts) {
  return "underlock: 1\nname: test\nboundaries: [main]\n" + std::string(Locks) + Contracts;
}

std::string test::kernel(const std::string &Contracts) {
  return "underlock: 1\nname: test\nthreads: any\nthemselves-during: [boot, setup]\nboundaries: [main]\n" +
         std::string(Locks) + Contracts;
}

std::vector<std::string> test::Judged::findings() const {
  std::vector<std::string> Out;
  for (const Finding &F : Findings)
    Out.push_back(F.Analysis + ":" + F.Rule + " " + nameOf(F.Sure).str() + " " + llvm::join(F.Identity, " "));
  std::sort(Out.begin(), Out.end());
  return Out;
}

bool test::Judged::says(llvm::StringRef Text) const {
  return llvm::any_of(Remarks, [&](const Remark &M) { return llvm::StringRef(M.Text).contains(Text); });
}

test::Judged test::judge(const std::string &ModelText, const std::string &Trace, underlock_recording_mode Mode) {
  Judged J;
  llvm::raw_string_ostream Errors(J.Errors);
  std::optional<model::Model> M = model::parse(ModelText, "test.yaml", UNDERLOCK_MODELS, Errors);
  if (!M)
    return J;
  J.Model = std::make_unique<model::Model>(std::move(*M));
  J.R = std::make_unique<Recording>(*J.Model);
  J.R->Mode = Mode;
  TextSource From(Trace, *J.R, Errors);
  auto Analyses = makeAnalyses(*J.R);
  std::vector<Observer *> Observers;
  for (auto &A : Analyses)
    Observers.push_back(A.get());
  Titles Titled;
  Observers.push_back(&Titled);
  if (!replay(From, *J.R, Observers))
    return J;
  conclude(Analyses, Titled, *J.R, J.Findings);
  for (auto &A : Analyses)
    llvm::append_range(J.Contracts, A->contracts());
  // What no analysis says that it can find, no model can name.
  for (auto &A : Analyses)
    for (const Finding &F : J.Findings)
      if (F.Analysis == A->name() && A->rules() && !llvm::is_contained(*A->rules(), F.Rule))
        J.Errors += F.Analysis + " does not have " + F.Rule + " among its rules()\n";
  J.Remarks = J.R->Remarks;
  J.R->Names = nullptr; // the text is gone after this
  return J;
}

test::Findings test::findingsIn(const std::string &ModelText, const std::string &Trace) {
  Judged J = judge(ModelText, Trace);
  EXPECT_EQ(J.Errors, "");
  return J.findings();
}
