// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What reports say, where only one of them says it or says it wrongly: texts, counts, which tests of JUnit there are.
#include "analyzer/report/Report.h"
#include "analyzer/replay/Edited.h"
#include "testcases/unit/Suppose.h"
#include "llvm/Support/JSON.h"
#include <gtest/gtest.h>

using namespace underlock;
using namespace underlock::test;
using llvm::StringRef;

static const char UnderL[] = "contracts: [{id: rule, event: removed, requires: L, why: w}]\n";

// What it returns points into `J`.
static report::Judged judged(const test::Judged &J) {
  EXPECT_EQ(J.Errors, "");
  report::Judged Out;
  Out.R = J.R.get();
  Out.Findings = J.Findings;
  Out.Contracts = J.Contracts;
  Out.Instrumented = true;
  return Out;
}

static std::string written(const char *Format, llvm::ArrayRef<report::Judged> All, report::Options O = {}) {
  std::string Text;
  llvm::raw_string_ostream Out(Text);
  report::formatNamed(Format)->Write(All, O, Out);
  return Text;
}

static unsigned count(StringRef Text, StringRef Of) { return Text.count(Of); }

// ---- text ----

TEST(Report, SeenByOnePathOrByMany) {
  // A contract has a finding for each path; the others have one for all.
  std::string Twice = "t1 event removed @ f < main\nt1 event removed @ f < main\n";
  EXPECT_EQ(count(written("text", judged(judge(program(UnderL), Twice))), "seen 2 times by this path"), 1u);
  std::string Unheld = "t1 release A @ f < a < main\nt1 release A @ f < b < main\n";
  std::string Text = written("text", judged(judge(program(), Unheld)));
  EXPECT_EQ(count(Text, "seen 2 times, this being one path"), 1u) << Text;
  EXPECT_EQ(count(Text, "by this path"), 0u) << Text;
  std::string Sleeps = "t1 end boot\nt1 acquire M/m no-preempt @ f < a\nt1 release M\n"
                       "t1 acquire M/m no-preempt @ f < b\nt1 release M\n";
  Text = written("text", judged(judge(kernel(), Sleeps)));
  EXPECT_EQ(count(Text, "seen 2 times, this being one path"), 1u) << Text;
}

TEST(Report, WhatARaceSays) {
  std::string Trace = "tsan\nt1 begin case a.x\nt1 acquire A @ f\nt1 race t2 @ f\n";
  std::string Text = written("text", judged(judge(program(), Trace)));
  EXPECT_EQ(count(Text, "note: what t2 held then is not known"), 1u) << Text;
  EXPECT_EQ(count(Text, "t2 held no lock"), 0u) << Text;
  EXPECT_EQ(count(Text, "note: t1 held A, taken at"), 1u) << Text;
  EXPECT_EQ(count(Text, "note: during case a.x"), 2u) << Text;
  Text = written("text", judged(judge(program(), Trace + "t1 race t2 A @ g\n")));
  EXPECT_EQ(count(Text, "what t2 held then is not known"), 1u) << Text;
}

TEST(Report, WhatDoesNotFailIsCountedOnce) {
  test::Judged A = judge(program(UnderL), "t1 event removed @ f < main\n"),
               B = judge(program(UnderL), "t1 event removed @ f < main\n");
  for (auto [How, Said] : {std::pair(Standing::Known, "1 finding(s) known by known.txt do not fail"),
                           std::pair(Standing::Suppressed, "1 finding(s) that the model suppresses do not fail")}) {
    A.Findings[0].Stands = B.Findings[0].Stands = How;
    report::Options O;
    O.Gated.Baseline = "known.txt";
    std::vector<report::Judged> All;
    All.push_back(judged(A));
    All.push_back(judged(B));
    std::string Text = written("text", All, O);
    EXPECT_EQ(count(Text, Said), 1u) << Text;
  }
}

// ---- JUnit ----

TEST(Report, ARuleThatWasNotLookedAtDoesNotPass) {
  test::Judged Program = judge(program(), "t1 acquire A\nt1 release A\n"),
               Kernel = judge(kernel(), "t1 acquire A\nt1 release A\n");
  std::string Text = written("junit", judged(Program));
  EXPECT_EQ(count(Text, "\"underlock.irq\""), 0u) << Text;  // a program has no interrupts
  EXPECT_EQ(count(Text, "\"underlock.tsan\""), 0u) << Text; // ThreadSanitizer did not run
  EXPECT_EQ(count(Text, "\"underlock.order\" name=\"inversion\"/>"), 1u) << Text;
  // Whichever of several it was looked at in.
  std::vector<report::Judged> All;
  All.push_back(judged(Program));
  All.push_back(judged(Kernel));
  Text = written("junit", All);
  EXPECT_EQ(count(Text, "\"underlock.irq\" name=\"sleep\"/>"), 1u) << Text;
  EXPECT_EQ(count(Text, "\"underlock.order\" name=\"inversion\"/>"), 1u) << Text;
  Text = written("junit", judged(judge(program(), "tsan\nt1 acquire A\nt1 release A\n")));
  EXPECT_EQ(count(Text, "\"underlock.tsan\" name=\"data-race\"/>"), 1u) << Text;
}

TEST(Report, NothingPassesWithoutAVerdict) {
  test::Judged Of = judge(program(UnderL), "t1 acquire L\nt1 event removed\nt1 release L\n");
  report::Judged J = judged(Of);
  EXPECT_EQ(count(written("junit", J), "\"underlock.contract\" name=\"rule\"/>"), 1u);
  J.ProvesNothing = true;
  J.Reason = "it broke off";
  std::string Text = written("junit", J);
  EXPECT_EQ(count(Text, "\"underlock.contract\" name=\"rule\">\n      <skipped message=\"no verdict\"/>"), 1u) << Text;
}

// ---- JSON ----

static const llvm::json::Object &firstFinding(const llvm::json::Value &Report) {
  return *(*(*Report.getAsObject()->getArray("recordings"))[0].getAsObject()->getArray("findings"))[0].getAsObject();
}

TEST(Report, JsonHasWhatStepsSay) {
  std::string Trace = "context hard hardirq 0\nt1 end boot\nhard acquire A/spin irqs-off\nhard release A irqs-off\n"
                      "t1 acquire A\nt1 release A\n";
  auto Report = llvm::json::parse(written("json", judged(judge(kernel(), Trace))));
  ASSERT_TRUE(bool(Report));
  const llvm::json::Array &Steps = *firstFinding(*Report).getArray("steps");
  ASSERT_EQ(Steps.size(), 2u);
  EXPECT_EQ(Steps[0].getAsObject()->getString("says"), StringRef("held here, with interrupts on"));
  EXPECT_EQ(Steps[1].getAsObject()->getString("says"), StringRef("taken in a hard interrupt"));
}

TEST(Report, JsonSaysWhoTookTheLockOfTheOtherWay) {
  // t2 works for t1, which holds L; once it does so for nobody.
  std::string Trace = "t2 event removed @ remove_it < work < alone\nt1 acquire L @ f < main\n"
                      "t1 event job:waits 7 @ f < main\nt2 event job:works 7 @ work < worker\n"
                      "t2 event removed @ remove_it < work < worker\nt2 event job:worked 7 @ work < worker\n"
                      "t1 event job:waited 7 @ f < main\nt1 release L\n";
  auto Report = llvm::json::parse(written("json", judged(judge(program(UnderL), Trace))));
  ASSERT_TRUE(bool(Report));
  const llvm::json::Object *Apart = firstFinding(*Report).getObject("divergence");
  ASSERT_TRUE(Apart);
  EXPECT_EQ(Apart->getString("taken by"), StringRef("t1"));
}

// ---- what-if ----

TEST(Report, WhatIfHasTheLinesOfTheSourceAndTheTitles) {
  struct Lines : Symbols {
    std::vector<Frame> frames(uint64_t) override { return {}; }
    std::string datum(uint64_t) override { return ""; }
    std::optional<std::string> line(const std::string &, uint32_t Line) override {
      return "line " + std::to_string(Line);
    }
  } Known;
  EXPECT_EQ(EditedNames(&Known).line("a.c", 7), "line 7");
  EXPECT_EQ(EditedNames(nullptr).line("a.c", 7), std::nullopt);

  SupposedRun S = suppose(program(UnderL),
                          "t9 acquire L @ elsewhere\nt9 release L @ elsewhere\nt1 begin case a.x\n"
                          "t1 event removed @ f < main\nt1 end case\nt2 event looked-up @ g\n",
                          "{take: L, around: g}");
  ASSERT_EQ(S.changes(), std::vector<std::string>{"stays contract:rule f main"});
  EXPECT_EQ(S.P.Changes[0].F.During, std::vector<std::string>{"case a.x"});
  EXPECT_EQ(S.P.Before[0].During, std::vector<std::string>{"case a.x"});
}
