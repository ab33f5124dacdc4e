// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tsan: what ThreadSanitizer reports, with what the recording knows; and what an edited replay makes of it.
#include "testcases/unit/Suppose.h"
#include <gtest/gtest.h>

using namespace underlock;
using namespace underlock::test;
using Lines = std::vector<std::string>;

static Judged in(const std::string &Trace) {
  Judged J = judge(program(), Trace);
  EXPECT_EQ(J.Errors, "");
  return J;
}

static const std::string Both = "tsan\nt1 acquire A @ f < main\nt2 acquire B @ g\n";

TEST(Tsan, ARaceSaysWhatBothHeldAsFarAsItIsKnown) {
  Judged J = in(Both + "t1 race t2 B @ f < main\n");
  ASSERT_EQ(J.findings(), Lines{"tsan:data-race observed memory f t2"});
  ASSERT_EQ(J.Findings[0].Steps.size(), 2u);
  const Step &First = J.Findings[0].Steps[0], &Second = J.Findings[0].Steps[1];
  EXPECT_EQ(First.What, Step::Kind::Writes);
  EXPECT_TRUE(First.HeldKnown);
  EXPECT_EQ(Second.What, Step::Kind::Reads);
  EXPECT_TRUE(Second.HeldKnown);
  ASSERT_EQ(Second.Held.size(), 1u);
  EXPECT_EQ(J.R->lockName(Second.Held[0].Lock), "B");
  // ThreadSanitizer does not always know: that is not the same as nothing.
  J = in(Both + "t1 race t2 @ f < main\n");
  EXPECT_TRUE(J.Findings[0].Steps[0].HeldKnown);
  EXPECT_FALSE(J.Findings[0].Steps[1].HeldKnown);
}

TEST(Tsan, OfAThreadThatIsNotKnown) {
  Judged J = in(Both + "t1 race - @ f < main\n");
  ASSERT_EQ(J.findings(), Lines{"tsan:data-race observed memory  f"});
  EXPECT_EQ(J.Findings[0].Steps[1].Context, None);
}

TEST(Tsan, AMisuseIsOneFindingWithSelfs) {
  Judged J = in("tsan\nt1 init A\nt1 misuse mutex-bad-unlock A @ f\n");
  EXPECT_EQ(J.findings(), Lines{"tsan:bad-unlock observed A f"});
  J = in("tsan\nt1 init A\nt1 misuse mutex-bad-unlock A @ f\nt1 release A @ f\n");
  ASSERT_EQ(J.findings(), Lines{"self:unheld-release observed A f"});
  EXPECT_EQ(J.Findings[0].AlsoBy, Lines{"ThreadSanitizer (mutex-bad-unlock)"});
}

// ---- what-if ----

static SupposedRun supposed(const std::string &Trace, const std::string &Edits) {
  SupposedRun S = suppose(program(), "t9 acquire L @ elsewhere\nt9 release L @ elsewhere\n" + Trace, Edits);
  EXPECT_EQ(S.Errors, "");
  return S;
}

TEST(Tsan, UnderEditsAReportStays) {
  const std::string Race = "tsan\nt1 event looked-up @ f < main\nt2 event looked-up @ g\nt1 race t2 @ f < main\n"
                           "t3 event looked-up @ h\n";
  // Neither thread would hold anything else.
  SupposedRun S = supposed(Race, "{take: L, around: h}");
  EXPECT_EQ(S.changes(), Lines{"stays tsan:data-race memory f t2"});
  EXPECT_EQ(S.P.Unknown, Lines());
  // One of them would: nobody knows what ThreadSanitizer says then.
  for (const char *Around : {"f", "g"}) {
    S = supposed(Race, std::string("{take: L, around: ") + Around + "}");
    EXPECT_EQ(S.changes(), Lines{"stays tsan:data-race memory f t2"}) << Around;
    EXPECT_TRUE(S.unknown("what ThreadSanitizer would say then is not known")) << Around;
  }
  // The same where a lock is not taken any more.
  S = supposed("tsan\nt1 acquire L @ f < main\nt1 race t2 @ f < main\nt1 release L @ f\n", "{drop: L, around: f}");
  EXPECT_EQ(S.changes(), Lines{"stays tsan:data-race memory f t2"});
  EXPECT_TRUE(S.unknown("what ThreadSanitizer would say then is not known"));
}

TEST(Tsan, AThreadThatIsNotKnownMayBeTheEditedOne) {
  const std::string Race = "tsan\nt1 race - @ f < main\nt3 event looked-up @ h\n";
  EXPECT_TRUE(supposed(Race, "{take: L, around: h}").unknown("what ThreadSanitizer would say"));
}
