// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// self: what one context does wrong with one lock, each with its right twin.
#include "testcases/unit/Judge.h"
#include <gtest/gtest.h>

using namespace underlock;
using namespace underlock::test;

static const Findings Clean;

static Findings inProgram(const std::string &Trace) { return findingsIn(program(), Trace); }

TEST(Self, WaitingForOnesOwnLock) {
  EXPECT_EQ(inProgram("t1 acquire A\nt1 wait A\n"), Findings{"self:self-deadlock observed A t1"});
  EXPECT_EQ(inProgram("t2 acquire A\nt1 wait A\n"), Clean);
  // It got it: the lock was made recursive at run time.
  EXPECT_EQ(inProgram("t1 acquire A\nt1 acquire A\nt1 release A\nt1 release A\nexit\n"), Clean);
  EXPECT_EQ(inProgram("t1 acquire R/rec\nt1 acquire R\nt1 release R\nt1 release R\nexit\n"), Clean);
}

TEST(Self, SharedThenExclusive) {
  EXPECT_EQ(inProgram("t1 acquire A/rw shared\nt1 wait A\n"), Findings{"self:self-deadlock observed A t1"});
}

TEST(Self, AskingForOnesOwnLockAndNotGettingIt) {
  EXPECT_EQ(inProgram("t1 acquire A\nt1 refused A\nt1 release A\n"), Findings{"self:relock observed A t1"});
  EXPECT_EQ(inProgram("t1 acquire A/rw\nt1 refused A shared\nt1 release A\n"), Findings{"self:relock observed A t1"});
  // A try never waits; what another holds may be waited for in vain; readers do not keep each other out.
  EXPECT_EQ(inProgram("t1 acquire A\nt1 fail A\nt1 release A\n"), Clean);
  EXPECT_EQ(inProgram("t2 acquire A\nt1 refused A\nt2 release A\n"), Clean);
  EXPECT_EQ(inProgram("t1 acquire A\nt1 release A\nt1 refused A\n"), Clean);
  EXPECT_EQ(inProgram("t1 acquire A/rw shared\nt1 refused A shared\nt1 release A\n"), Clean);
  EXPECT_EQ(inProgram("t1 acquire A/rec\nt1 refused A\nt1 release A\n"), Clean);
  // `counted` has an acquisition that fails where its counter is not zero, whoever holds the lock.
  EXPECT_EQ(inProgram("t1 acquire A/counted\nt1 refused A\nt1 release A\n"), Findings{"self:relock possible A t1"});
}

TEST(Self, AReaderTwice) {
  std::string Twice = "t1 acquire A/rw shared\nt1 acquire A shared\nt1 release A\nt1 release A\n";
  EXPECT_EQ(inProgram(Twice), Findings{"self:recursion possible A t1"});
  EXPECT_EQ(inProgram(Twice + "t2 acquire A\nt2 release A\n"), Findings{"self:recursion assumed A t1"});
  EXPECT_EQ(inProgram("t1 acquire A/rrw shared\nt1 acquire A shared\nt1 release A\nt1 release A\n"), Clean);
  EXPECT_EQ(inProgram("t1 acquire A/rw shared\nt1 acquire A shared try\nt1 release A\nt1 release A\n"), Clean);
  EXPECT_EQ(inProgram("t1 acquire A/rw shared\nt2 acquire A shared\nt1 release A\nt2 release A\n"), Clean);
}

TEST(Self, ReleasedByNobodysHolder) {
  EXPECT_EQ(inProgram("t1 release A\n"), Findings{"self:unheld-release observed A t1"});
  EXPECT_EQ(inProgram("t1 acquire A\nt1 release A\nt1 release A\n"), Findings{"self:unheld-release observed A t1"});
  EXPECT_EQ(inProgram("t1 acquire A\nt1 release A\n"), Clean);
  // A kernel's recording begins in the middle of things: said, and no finding.
  Judged J = judge(kernel(), "t1 end boot\nt1 release A\n");
  EXPECT_EQ(J.findings(), Clean);
  EXPECT_TRUE(J.says("A was released 1 time(s) without having been seen acquired"));
}

TEST(Self, ReleasedByAnother) {
  EXPECT_EQ(inProgram("t1 acquire A\nt2 release A\n"), Findings{"self:foreign-release observed A t2"});
  EXPECT_EQ(inProgram("t1 acquire S/sem\nt2 release S\n"), Clean);
}

TEST(Self, HeldAtTheEnd) {
  EXPECT_EQ(inProgram("main fork t1\nt1 acquire A\nt1 exits\nexit\n"), Findings{"self:held-at-exit observed A t1"});
  EXPECT_EQ(inProgram("main fork t1\nt1 acquire A\nt1 release A\nt1 exits\nexit\n"), Clean);
  // A task of a kernel, after an oops say.
  EXPECT_EQ(judge(kernel(), "t1 end boot\nt1 acquire A\nt1 exits\n").findings(),
            Findings{"self:held-at-exit observed A t1"});
  EXPECT_EQ(judge(kernel(), "t1 end boot\nt1 acquire A\nt1 release A\nt1 exits\n").findings(), Clean);
}

TEST(Self, HeldAtTheEndAndGivenBackByAnother) {
  const std::string Ends = "main fork t1\nt1 acquire S/sem\nt1 exits\n";
  EXPECT_EQ(inProgram(Ends), Findings{"self:held-at-exit observed S t1"});
  EXPECT_EQ(inProgram(Ends + "main release S\n"), Clean);
  EXPECT_EQ(inProgram(Ends + "main acquire S\nmain release S\n"), Clean); // somebody has, unseen
}

TEST(Self, DestroyedWhileHeld) {
  EXPECT_EQ(inProgram("t1 init A\nt1 acquire A\nt1 destroy A\n"), Findings{"self:freed-held observed A t1"});
  EXPECT_EQ(inProgram("t1 init A\nt2 acquire A\nt1 destroy A\n"), Findings{"self:freed-held observed A t1"});
  EXPECT_EQ(inProgram("t1 init A\nt1 acquire A\nt1 release A\nt1 destroy A\n"), Clean);
  EXPECT_EQ(inProgram("t1 init A\nt1 acquire A\nt1 init A\n"), Findings{"self:freed-held observed A t1"});
  EXPECT_EQ(inProgram("t1 acquire A\nt1 free A\n"), Findings{"self:freed-held observed A t1"});
  EXPECT_EQ(inProgram("t2 acquire A\nt1 free A\n"), Findings{"self:freed-held observed A t1"});
  EXPECT_EQ(inProgram("t1 acquire A\nt1 release A\nt1 free A\nt1 free A\n"), Clean);
}

// Linux's semaphore begins with its spinlock.
TEST(Self, TwoKindsOfLocksAtOneAddress) {
  EXPECT_EQ(inProgram("t1 acquire A/sem\nt1 acquire A/spin\nt1 release A/spin\nt1 release A\n"), Clean);
  EXPECT_EQ(inProgram("t1 acquire A/sem\nt1 acquire A/spin\nt1 wait A/spin\n"),
            Findings{"self:self-deadlock observed A t1"});
  EXPECT_EQ(inProgram("t1 acquire A/sem\nt1 release A\nt1 acquire A/spin\nt2 free A\n"),
            Findings{"self:freed-held observed A t2"});
  EXPECT_EQ(inProgram("t1 acquire A/sem\nt1 release A\nt1 acquire A/spin\nt1 release A/spin\nt2 free A\n"), Clean);
}

TEST(Self, TheSameAgainIsCounted) {
  Judged J = judge(program(), "t1 release A\nt1 release A\nt1 release A\n");
  ASSERT_EQ(J.Findings.size(), 1u);
  EXPECT_EQ(J.Findings[0].Steps[0].Count, 3u);
}
