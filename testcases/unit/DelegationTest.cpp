// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Delegation: what one context does while another one waits for it is done under what that one holds.
#include "analyzer/report/Report.h"
#include "testcases/unit/Judge.h"
#include <gtest/gtest.h>

using namespace underlock;
using namespace underlock::test;

static const Findings Clean;
static const char UnderL[] = "contracts: [{id: c, event: removed, requires: L, why: w}]\n";
static const char NotUnderL[] = "contracts: [{id: c, event: removed, forbids: L, why: w}]\n";

static Findings contract(const std::string &Trace) { return findingsIn(program(UnderL), Trace); }

static report::Judged said(const Judged &J) {
  report::Judged Said;
  Said.R = J.R.get();
  Said.Findings = J.Findings;
  return Said;
}

static std::string text(const Judged &J) {
  std::string Text;
  llvm::raw_string_ostream Out(Text);
  report::text(said(J), {}, Out);
  return Text;
}

TEST(Delegation, WorkIsDoneUnderWhatTheWaiterHolds) {
  EXPECT_EQ(contract("w acquire L\nw event job:waits 7\nk event job:works 7\nk event removed\nk event job:worked\n"
                     "w event job:waited\nw release L\n"),
            Clean);
  EXPECT_EQ(
      contract("w event job:waits 7\nk event job:works 7\nk event removed\nk event job:worked\nw event job:waited\n"),
      Findings{"contract:c observed k"});
  // Shared stays shared.
  EXPECT_EQ(findingsIn(program("contracts: [{id: c, event: removed, requires: L, mode: exclusive, why: w}]\n"),
                       "w acquire L/rw shared\nw event job:waits 7\nk event job:works 7\nk event removed\n"),
            Findings{"contract:c observed k"});
}

TEST(Delegation, OnlyThatWorkAndOnlyMeanwhile) {
  std::string Waits = "w acquire L\nw event job:waits 7\n", Flagged = "contract:c observed k";
  EXPECT_EQ(contract(Waits + "k event job:works 8\nk event removed\n"), Findings{Flagged});
  EXPECT_EQ(contract(Waits + "k event removed\n"), Findings{Flagged});
  EXPECT_EQ(contract(Waits + "k event job:works 7\nk event job:worked\nk event removed\n"), Findings{Flagged});
  EXPECT_EQ(contract(Waits + "k event job:works 7\nw event job:waited\nk event removed\n"), Findings{Flagged});
  EXPECT_EQ(contract(Waits + "w event job:waited\nk event job:works 7\nk event removed\n"), Findings{Flagged});
  // It came in time by luck.
  EXPECT_EQ(contract("w acquire L\nk event job:works 7\nw event job:waits 7\nk event removed\n"), Findings{Flagged});
  // The waiter ended without a word.
  EXPECT_EQ(contract("main fork w\n" + Waits + "k event job:works 7\nw release L\nw exits\nk event removed\n"),
            Findings{Flagged});
  // Ends without a begin are those of a recording that begins in the middle.
  EXPECT_EQ(contract("w event job:waited\nk event job:worked\nw acquire L\nw event removed\nw release L\n"), Clean);
}

TEST(Delegation, SeveralWorkForOneWaiter) {
  std::string Both =
      "w event job:waits 7\nk1 event job:works 7\nk2 event job:works 7\nk1 event removed\nk1 event job:worked\n"
      "k2 event removed\nk2 event job:worked\nw event job:waited\n";
  Judged J = judge(program(UnderL), "w acquire L\n" + Both + "w release L\n");
  EXPECT_EQ(J.findings(), Clean);
  EXPECT_EQ(J.Contracts[0].Exercised, 2u);
  EXPECT_EQ(contract(Both), (Findings{"contract:c observed k1", "contract:c observed k2"}));
}

TEST(Delegation, SeveralWaitForOneWorkIsNobodys) {
  std::string Two = "w acquire L\nw event job:waits 7\nv event job:waits 7\nk event job:works 7\nk event removed\n";
  Judged J = judge(program(UnderL), Two);
  EXPECT_EQ(J.findings(), Findings{"contract:c observed k"});
  ASSERT_TRUE(J.Findings[0].Steps[0].Unclear);
  EXPECT_EQ(J.Findings[0].Steps[0].Unclear->Id, "job");
  std::string Text = text(J);
  EXPECT_NE(Text.find("note: this is work that somebody waits for (job), and it cannot be told who"), std::string::npos)
      << Text;
  EXPECT_TRUE(J.says("delegation job: work began while several contexts waited for it (1 time(s))"));
  EXPECT_EQ(contract("v event job:waits 7\nw acquire L\nw event job:waits 7\nk event job:works 7\nk event removed\n"),
            Findings{"contract:c observed k"});
  // The same one again: its older wait has ended unseen.
  EXPECT_EQ(contract("w event job:waits 7\nw acquire L\nw event job:waits 7\nk event job:works 7\nk event removed\n"),
            Clean);
}

TEST(Delegation, ADistinctRecordingDoesNotTell) {
  std::unique_ptr<model::Model> M = std::move(judge(program(), "").Model);
  Recording R(*M);
  R.Mode = UNDERLOCK_RECORDING_DISTINCT;
  TextSource From("w event job:waits 7\nk event job:works 7\nk event removed\nk event job:worked\n", R, llvm::errs());
  ASSERT_TRUE(replay(From, R, {}));
  ASSERT_EQ(R.Remarks.size(), 1u);
  EXPECT_EQ(R.Remarks[0].Text,
            "delegation job: a distinct recording does not tell who waited for work (1 time(s)): it was "
            "judged under what the worker held alone");
}

TEST(Delegation, AWaiterMayWorkForAnother) {
  std::string Chain =
      "a event job:waits 7\nb event job:works 7\nb event job:waits 8\nc event job:works 8\nc event removed\n";
  EXPECT_EQ(contract("a acquire L\n" + Chain), Clean);
  EXPECT_EQ(contract(Chain), Findings{"contract:c observed c"});
}

TEST(Delegation, TheReportSaysWhoHolds) {
  Judged J = judge(program(NotUnderL),
                   "w acquire L\nw event job:waits 7\nk acquire M\nk event job:works 7\nk event removed\n");
  ASSERT_EQ(J.findings(), Findings{"contract:c observed k"});
  const std::vector<Hold> &Held = J.Findings[0].Steps[0].Held;
  ASSERT_EQ(Held.size(), 2u);
  EXPECT_TRUE(Held[0].own());
  EXPECT_EQ(J.R->contextName(Held[1].By), "w");
  std::string Text = text(J), Json;
  llvm::raw_string_ostream JsonOut(Json);
  report::json(said(J), {}, JsonOut);
  EXPECT_EQ(Text.find("somebody waits for"), std::string::npos) << Text;
  EXPECT_NE(Text.find("note: k held M, taken at text.c:3:1 in k\n"), std::string::npos) << Text;
  EXPECT_NE(Text.find("note: L was held by w, which waits for this, taken at text.c:1:1 in w\n"), std::string::npos)
      << Text;
  EXPECT_NE(Json.find("\"held by\": \"w\""), std::string::npos) << Json;
}

TEST(Delegation, TakingWhatTheWaiterHolds) {
  std::string Works = "w event job:waits 7\nk event job:works 7\n";
  EXPECT_EQ(findingsIn(program(), "w acquire L\n" + Works + "k wait L\n"),
            Findings{"self:delegated-deadlock observed L k"});
  EXPECT_EQ(findingsIn(program(), "w acquire L\n" + Works + "k event job:worked\nk wait L\n"), Clean);
  EXPECT_EQ(findingsIn(program(), "w acquire M\n" + Works + "k wait L\n"), Clean);
  EXPECT_EQ(findingsIn(program(), "x acquire L/rw\nx release L\nw acquire L shared\n" + Works + "k acquire L shared\n"),
            Findings{"self:recursion assumed L k"});
}

TEST(Delegation, TheWaitersLocksAreNotTheWorkersToGiveBack) {
  std::string Works = "main fork k\nw acquire L\nw event job:waits 7\nk event job:works 7\n";
  EXPECT_EQ(findingsIn(program(), Works + "k exits\n"), Clean); // holds nothing at its end
  EXPECT_EQ(findingsIn(program(), Works + "k release L\n"), Findings{"self:foreign-release observed L k"});
  EXPECT_EQ(findingsIn(program(), Works + "k refused L\n"), Clean); // no lock of its own
}

// w holds A, and k takes B for it.
static std::string aThenB(const std::string &Before = "", const std::string &After = "") {
  return Before +
         "w acquire A\nw event job:waits 7\nk event job:works 7\nk acquire B\nk release B\nk event job:worked\n"
         "w event job:waited\nw release A\n" +
         After;
}

TEST(Delegation, LockOrderGoesThroughTheWait) {
  Findings Inversion = {"order:inversion assumed A B"};
  std::string Reverse = "x acquire B\nx acquire A\nx release A\nx release B\n";
  EXPECT_EQ(findingsIn(program(), aThenB() + Reverse), Inversion);
  EXPECT_EQ(findingsIn(kernel(), "w end boot\n" + aThenB() + Reverse), Inversion);
  // A lock that the waiter holds keeps others out like any other.
  EXPECT_EQ(
      findingsIn(program(), aThenB("w acquire G\n", "w release G\n") + "x acquire G\n" + Reverse + "x release G\n"),
      Clean);
  // Waiting for k, w cannot be elsewhere; another caller of the kernel can.
  std::string Itself = "w acquire B\nw acquire A\nw release A\nw release B\n";
  EXPECT_EQ(findingsIn(program(), aThenB() + Itself), Clean);
  EXPECT_EQ(findingsIn(kernel(), "w end boot\n" + aThenB() + Itself), Inversion);
}

TEST(Delegation, ADeadlockThroughTheWait) {
  EXPECT_EQ(
      findingsIn(program(), "x acquire B\nw acquire A\nw event job:waits 7\nk event job:works 7\nk wait B\nx wait A\n"),
      Findings{"order:inversion observed A B"});
}
