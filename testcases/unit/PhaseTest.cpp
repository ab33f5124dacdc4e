// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// phase: an event that is excluded during a phase of another context, each rule with its right twin.
#include "testcases/unit/Judge.h"
#include <gtest/gtest.h>

using namespace underlock;
using namespace underlock::test;

static const Findings Clean;
// The phase stands where the model's phases end, so it is put in front of the locks.
static std::string withRefit(std::string Model) {
  std::string Phase = "phases:\n  - {id: refit, function: refit_it, why: w}\n";
  Model.replace(Model.find("phases:\n"), 8, Phase);
  return Model + "contracts:\n  - {id: apart, event: removed, excluded-during: [refit], unless: U, why: w}\n";
}

static Judged inProgram(const std::string &Trace) { return judge(withRefit(program()), Trace); }
static Findings in(const std::string &Trace) { return findingsIn(withRefit(program()), Trace); }
static Findings inKernel(const std::string &Trace) {
  return findingsIn(withRefit(kernel()),
                    "context t1 task 1\ncontext t2 task 2\ncontext c cpu-thread 3\nt1 end boot\n" + Trace);
}

TEST(Phase, HappenedInside) {
  EXPECT_EQ(in("t1 begin refit\nt2 event removed\nt1 end refit\n"), Findings{"phase:apart observed t2 refit"});
  // The phase's own context does the phase's work.
  EXPECT_EQ(in("t1 begin refit\nt1 event removed\nt1 end refit\n"), Clean);
  // It goes on still when the recording ends.
  EXPECT_EQ(in("t1 begin refit\nt2 event removed\n"), Findings{"phase:apart observed t2 refit"});
}

TEST(Phase, CouldHaveComeInside) {
  EXPECT_EQ(in("t1 begin refit\nt1 end refit\nt2 event removed\n"), Findings{"phase:apart assumed t2 refit"});
  EXPECT_EQ(in("t2 event removed\nt1 begin refit\nt1 end refit\n"), Findings{"phase:apart assumed t2 refit"});
}

TEST(Phase, ALockOfBothKeepsThemApart) {
  std::string Under = "t1 acquire A\nt1 begin refit\nt1 end refit\nt1 release A\n";
  EXPECT_EQ(in(Under + "t2 acquire A\nt2 event removed\nt2 release A\n"), Clean);
  EXPECT_EQ(in(Under + "t2 acquire B\nt2 event removed\nt2 release B\n"), Findings{"phase:apart assumed t2 refit"});
  // Taken inside, given back inside, or taken again inside: not from begin to end.
  EXPECT_EQ(in("t1 begin refit\nt1 acquire A\nt1 release A\nt1 end refit\nt2 acquire A\nt2 event removed\nt2 release A\n"),
            Findings{"phase:apart assumed t2 refit"});
  EXPECT_EQ(in("t1 acquire A\nt1 begin refit\nt1 release A\nt1 acquire A\nt1 end refit\nt1 release A\n"
               "t2 acquire A\nt2 event removed\nt2 release A\n"),
            Findings{"phase:apart assumed t2 refit"});
}

TEST(Phase, SharedByBothKeepsNothingApart) {
  EXPECT_EQ(in("t1 acquire A/rw shared\nt1 begin refit\nt1 end refit\nt1 release A\n"
               "t2 acquire A shared\nt2 event removed\nt2 release A\n"),
            Findings{"phase:apart assumed t2 refit"});
  EXPECT_EQ(in("t1 acquire A/rw shared\nt1 begin refit\nt1 end refit\nt1 release A\n"
               "t2 acquire A\nt2 event removed\nt2 release A\n"),
            Clean);
}

TEST(Phase, TwoLocksOfOneClassArePossible) {
  EXPECT_EQ(in("t1 acquire A:dev.lock\nt1 begin refit\nt1 end refit\nt1 release A\n"
               "t2 acquire B:dev.lock\nt2 event removed\nt2 release B\n"),
            Findings{"phase:apart possible t2 refit"});
}

TEST(Phase, ForkAndJoinKeepApart) {
  EXPECT_EQ(in("t1 begin refit\nt1 end refit\nt1 fork t2\nt2 event removed\nt2 exits\n"), Clean);
  EXPECT_EQ(in("t1 fork t2\nt2 event removed\nt2 exits\nt1 join t2\nt1 begin refit\nt1 end refit\n"), Clean);
  EXPECT_EQ(in("t1 fork t2\nt1 begin refit\nt1 end refit\nt2 event removed\nt2 exits\n"),
            Findings{"phase:apart assumed t2 refit"});
}

TEST(Phase, UnlessItsLockIsHeld) {
  EXPECT_EQ(in("t1 begin refit\nt2 acquire U\nt2 event removed\nt2 release U\nt1 end refit\n"), Clean);
}

TEST(Phase, TasksStandForAny) {
  // The same task does both, one after the other: two tasks can.
  EXPECT_EQ(inKernel("t1 begin refit\nt1 end refit\nt1 event removed\n"), Findings{"phase:apart assumed t1 refit"});
  EXPECT_EQ(inKernel("c begin refit\nc end refit\nc event removed\n"), Clean);
  // Nothing else runs in `setup`.
  EXPECT_EQ(inKernel("t1 begin setup\nt1 begin refit\nt1 end refit\nt1 end setup\nt2 event removed\n"), Clean);
}

TEST(Phase, WorkForThePhaseIsItsOwn) {
  EXPECT_EQ(inKernel("t1 acquire A\nt1 begin refit\nt1 event job:waits 7\nc event job:works 7\nc event removed\nc event job:worked 7\n"
                     "t1 event job:waited 7\nt1 end refit\nt1 release A\n"),
            Clean);
}

TEST(Phase, WithoutThePhaseNothingWasShown) {
  Judged J = inProgram("t2 event removed\nexit\n");
  EXPECT_EQ(J.findings(), Clean);
  EXPECT_TRUE(J.says("contract apart was not put to the test against refit"));
  ASSERT_EQ(J.Contracts.size(), 1u);
  EXPECT_EQ(J.Contracts[0].Exercised, 0u);
  J = inProgram("t1 begin refit\nt1 end refit\nt2 event removed\n");
  EXPECT_EQ(J.Contracts[0].Exercised, 1u);
  EXPECT_EQ(J.Contracts[0].Violated, 1u);
}

TEST(Phase, WhoTheWorkIsForMayBeUnclear) {
  // Two wait for such work.
  Judged J =
      judge(withRefit(program()), "t1 event job:waits 7\nt3 event job:waits 7\nt1 begin refit\nt2 event job:works 7\n"
                                  "t2 event removed\nt2 event job:worked 7\nt1 end refit\n");
  ASSERT_EQ(J.findings(), Findings{"phase:apart observed t2 refit"});
  EXPECT_TRUE(J.Findings[0].Steps[0].Unclear);
  EXPECT_FALSE(J.Findings[0].Steps[1].Unclear);
}

// Each one that comes and is of a kind that is not kept.
TEST(Phase, WhatIsTooMuchIsCounted) {
  auto Remark = [](const std::string &Kind, const std::string &More) {
    std::string Trace;
    for (unsigned I = 0; I < 4096; ++I)
      Trace += "t1 " + Kind + " @ f" + std::to_string(I) + "\n" + (Kind == "begin refit" ? "t1 end refit\n" : "");
    Judged J = inProgram(Trace + More);
    for (const auto &M : J.Remarks)
      if (llvm::StringRef(M.Text).contains("were not compared"))
        return M.Text.substr(0, M.Text.find(' '));
    return std::string();
  };
  std::string Event = "t1 event removed @ g\n", Refit = "t1 begin refit @ g\nt1 end refit\n";
  EXPECT_EQ(Remark("event removed", ""), "");
  EXPECT_EQ(Remark("event removed", Event), "1");
  EXPECT_EQ(Remark("event removed", Event + Event), "2");
  EXPECT_EQ(Remark("begin refit", ""), "");
  EXPECT_EQ(Remark("begin refit", Refit), "1");
  EXPECT_EQ(Remark("begin refit", Refit + Refit), "2");
}
