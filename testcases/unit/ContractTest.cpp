// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// contract: required and forbidden locks, modes, phases that exempt; and what was never put to the test.
#include "testcases/unit/Judge.h"
#include <gtest/gtest.h>

using namespace underlock;
using namespace underlock::test;

static const Findings Clean;
static const std::string Requires = "contracts:\n  - {id: rule, event: removed, requires: L, why: w}\n";

static Judged in(const std::string &Contracts, const std::string &Trace) {
  Judged J = judge(program(Contracts), Trace);
  EXPECT_EQ(J.Errors, "");
  return J;
}

static std::string under(const std::string &Lock) { return "t1 acquire " + Lock + "\nt1 event removed 7\n"; }

TEST(Contract, ARequiredLock) {
  EXPECT_EQ(in(Requires, "t1 event removed 7\n").findings(), Findings{"contract:rule observed t1"});
  EXPECT_EQ(in(Requires, under("L")).findings(), Clean);
  EXPECT_EQ(in(Requires, under("other")).findings(), Findings{"contract:rule observed t1"});
  EXPECT_EQ(in(Requires, "t1 acquire L\nt1 release L\nt1 event removed 7\n").findings(),
            Findings{"contract:rule observed t1"});
  // Another thread's hold is not one's own.
  EXPECT_EQ(in(Requires, "t2 acquire L\nt1 event removed 7\nt2 release L\n").findings(),
            Findings{"contract:rule observed t1"});
}

TEST(Contract, WhatItSays) {
  Judged J = in(Requires, "t1 acquire M\nt1 event removed 7 @ remove_it < caller < main\n");
  ASSERT_EQ(J.Findings.size(), 1u);
  const Finding &F = J.Findings[0];
  EXPECT_EQ(F.Title, "a thing is removed without L");
  EXPECT_EQ(F.Missing, Findings{"L"});
  EXPECT_EQ(F.Why, "w");
  EXPECT_EQ(F.Identity, (Findings{"remove_it", "caller", "main"}));
  ASSERT_EQ(F.Steps[0].Held.size(), 1u);
  EXPECT_EQ(J.R->lockName(F.Steps[0].Held[0].Lock), "M");
}

TEST(Contract, OneOfSeveral) {
  const std::string Either = "contracts:\n  - {id: rule, event: removed, requires: [L, M], why: w}\n";
  EXPECT_EQ(in(Either, under("M")).findings(), Clean);
  EXPECT_EQ(in(Either, under("N")).findings().size(), 1u);
}

TEST(Contract, SharedIsNotEnoughWhereExclusiveIsMeant) {
  const std::string Exclusive = "contracts:\n  - {id: rule, event: removed, requires: L, mode: exclusive, why: w}\n";
  EXPECT_EQ(in(Requires, under("L/rw shared")).findings(), Clean);
  EXPECT_EQ(in(Exclusive, under("L/rw")).findings(), Clean);
  Judged J = in(Exclusive, under("L/rw shared"));
  ASSERT_EQ(J.findings().size(), 1u);
  EXPECT_EQ(J.Findings[0].Title, "a thing is removed with only a shared hold of L");
}

TEST(Contract, AForbiddenLock) {
  const std::string Forbids = "contracts:\n  - {id: rule, event: removed, forbids: L, why: w}\n";
  EXPECT_EQ(in(Forbids, "t1 event removed 7\n").findings(), Clean);
  Judged J = in(Forbids, under("L"));
  ASSERT_EQ(J.findings().size(), 1u);
  EXPECT_EQ(J.Findings[0].Title, "a thing is removed while L is held");
}

TEST(Contract, APhaseThatExempts) {
  const std::string Exempt = "contracts:\n  - {id: rule, event: removed, requires: L, except-during: [boot], why: w}\n";
  Judged J = in(Exempt, "t1 event removed 1\nt1 end boot\nt1 acquire L\nt1 event removed 2\n");
  EXPECT_EQ(J.findings(), Clean);
  EXPECT_EQ(J.Contracts[0].Exercised, 2u);
  EXPECT_EQ(J.Contracts[0].Exempt, 1u);
  EXPECT_EQ(in(Exempt, "t1 end boot\nt1 event removed 2\n").findings().size(), 1u);
  EXPECT_TRUE(in(Exempt, "t1 event removed 1\n").says("was exercised only while it does not bind (boot)"));
}

TEST(Contract, OneFindingForEachStory) {
  Judged J = in(Requires, "t1 event removed 1 @ remove_it < unbind < main\n"
                          "t2 event removed 2 @ remove_it < unbind < main\n"
                          "t1 event removed 3 @ remove_it < numvfs < main\n");
  EXPECT_EQ(J.findings(), (Findings{"contract:rule observed remove_it numvfs main",
                                    "contract:rule observed remove_it unbind main"}));
  EXPECT_EQ(J.Contracts[0].Violated, 3u);
  EXPECT_NE(fingerprint(J.Findings[0]), fingerprint(J.Findings[1]));
}

TEST(Contract, NeverExercisedIsSaid) {
  EXPECT_TRUE(in(Requires, "t1 acquire L\nt1 release L\n").says("contract rule was never exercised"));
  EXPECT_FALSE(in(Requires, under("L")).says("never exercised"));
}

TEST(Contract, ALockThatNobodyKnowsIsSaid) {
  EXPECT_TRUE(in(Requires, "t1 event removed 7\n").says("no lock of that name was seen"));
  EXPECT_FALSE(in(Requires, under("L")).says("no lock of that name"));
}
