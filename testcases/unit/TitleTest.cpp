// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Titled phases: which test case was going on at each step of a finding.
#include "testcases/unit/Judge.h"
#include <gtest/gtest.h>

using namespace underlock;
using namespace underlock::test;
using Strings = std::vector<std::string>;

static const std::string Rule = "contracts:\n  - {id: rule, event: removed, requires: L, why: w}\n";

static Judged in(const std::string &Trace) {
  Judged J = judge(kernel(Rule), Trace);
  EXPECT_EQ(J.Errors, "");
  return J;
}

static Strings during(const std::string &Trace) {
  Judged J = in(Trace);
  return J.Findings.size() == 1 ? J.Findings[0].During : Strings{"not one finding"};
}

TEST(Title, OfTheCaseThatIsGoingOn) {
  EXPECT_EQ(during("t1 begin case a.x\nt1 event removed 7\nt1 end case\n"), Strings{"case a.x"});
  EXPECT_EQ(during("t1 event removed 7\n"), Strings{});
  EXPECT_EQ(during("t1 begin case a.x\nt1 end case\nt1 event removed 7\n"), Strings{});
  EXPECT_EQ(during("t1 event removed 7\nt1 begin case a.x\nt1 end case\n"), Strings{});
  EXPECT_EQ(during("t1 begin setup\nt1 event removed 7\nt1 end setup\n"), Strings{}); // it has no title
}

// The runner waits while the case's thread, or a worker, does it.
TEST(Title, AlsoInOtherThreads) {
  EXPECT_EQ(during("t1 begin case a.x\nt2 event removed 7\nt1 end case\n"), Strings{"case a.x"});
}

TEST(Title, TheInnermostOne) {
  const std::string Begin = "t1 begin suite a\nt1 begin case a.x\n", End = "t1 end case\n";
  EXPECT_EQ(during(Begin + "t2 event removed 7\n"), Strings{"case a.x"});
  EXPECT_EQ(during(Begin + End + "t2 event removed 7\n"), Strings{"suite a"});
  EXPECT_EQ(during(Begin + End + "t1 begin case a.y\nt2 event removed 7\n"), Strings{"case a.y"});
  EXPECT_EQ(during(Begin + End + "t1 end suite\nt2 event removed 7\n"), Strings{});
}

// An order has steps in several places, each with its own.
TEST(Title, OfEachStep) {
  const std::string Forth = "t2 acquire A\nt2 acquire B\nt2 release B\nt2 release A\n",
                    Back = "t2 acquire B\nt2 acquire A\nt2 release A\nt2 release B\n";
  Judged J =
      in("t1 end boot\nt1 begin case a.x\n" + Forth + "t1 end case\nt1 begin case a.y\n" + Back + "t1 end case\n");
  ASSERT_EQ(J.Findings.size(), 1u);
  EXPECT_EQ(J.Findings[0].During, (Strings{"case a.x", "case a.y"}));
  EXPECT_EQ(J.Findings[0].Steps[0].During, "case a.x");
  EXPECT_EQ(during("t1 end boot\nt1 begin case a.x\n" + Forth + Back + "t1 end case\n"), Strings{"case a.x"});
}

// What is not part of a finding's identity: it is the same defect, whoever ran into it.
TEST(Title, NotInTheFingerprint) {
  Judged A = in("t1 begin case a.x\nt1 event removed 7\n"), B = in("t1 event removed 7\n");
  ASSERT_EQ(A.Findings.size(), 1u);
  ASSERT_EQ(B.Findings.size(), 1u);
  EXPECT_EQ(fingerprint(A.Findings[0]), fingerprint(B.Findings[0]));
}
