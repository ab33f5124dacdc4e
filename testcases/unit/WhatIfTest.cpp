// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// what-if: what each edit makes of a recording, each beside a twin in which it makes something else; where spans begin
// and end; and where there is no answer.
#include "analyzer/report/Report.h"
#include "testcases/unit/Suppose.h"
#include <gtest/gtest.h>

using namespace underlock;
using namespace underlock::test;
using Lines = std::vector<std::string>;

static const char UnderL[] = "contracts: [{id: c, event: removed, requires: L, why: w}]\n";
static const std::string Known = "t9 acquire L @ elsewhere < main\nt9 release L @ elsewhere\n";

static SupposedRun in(const std::string &Model, const std::string &Trace, const std::string &Edits) {
  SupposedRun S = suppose(Model, Known + Trace, Edits);
  EXPECT_EQ(S.Errors, "");
  return S;
}
static Lines changes(const std::string &Trace, const std::string &Edits) {
  SupposedRun S = in(program(UnderL), Trace, Edits);
  EXPECT_EQ(S.P.Unknown, Lines()) << Trace;
  return S.changes();
}

TEST(WhatIf, ALockTakenAroundAFunction) {
  std::string Bare = "t1 event removed @ remove_it < f < main\n";
  EXPECT_EQ(changes(Bare, "{take: L, around: f}"), Lines{"goes contract:c remove_it f main"});
  EXPECT_EQ(changes(Bare, "{take: L, around: remove_it}"), Lines{"goes contract:c remove_it f main"});
  // Another function of the same recording.
  EXPECT_EQ(changes(Bare + "t1 event looked-up @ g < main\n", "{take: L, around: g}"),
            Lines{"stays contract:c remove_it f main"});
  // The wrong lock.
  EXPECT_EQ(changes(Bare + "t1 acquire M\nt1 release M\n", "{take: M, around: f}"),
            Lines{"stays contract:c remove_it f main"});
}

TEST(WhatIf, TheLastThingIsBehindTheSpan) {
  // A program that ends has no end of its main thread: the last that is recorded may be what shows that the span is
  // over.
  EXPECT_EQ(changes("t1 event removed @ remove_it < f < main\nt1 destroy L @ main\nexit\n", "{take: L, around: f}"),
            Lines{"goes contract:c remove_it f main"});
}

TEST(WhatIf, ALockDropped) {
  std::string Under = "t1 acquire L @ f < main\nt1 event removed @ remove_it < f < main\nt1 release L @ f\n";
  EXPECT_EQ(changes(Under, "{drop: L, around: f}"), Lines{"arrives contract:c remove_it f main"});
  EXPECT_EQ(changes(Under, "{drop: L}"), Lines{"arrives contract:c remove_it f main"});
  EXPECT_EQ(changes(Under + "t1 acquire L @ g < main\nt1 release L @ g\n", "{drop: L, around: g}"), Lines());
  // Its release goes with it, by whichever function.
  EXPECT_EQ(changes("t1 acquire L @ lock_it < f < main\nt1 release L @ unlock_it\n", "{drop: L, around: f}"), Lines());
}

TEST(WhatIf, WhoTakesWhatItHolds) {
  std::string Holds = "t1 acquire L @ g < main\nt1 event removed @ f < g < main\nt1 release L @ g\n";
  EXPECT_EQ(changes(Holds, "{take: L, around: f}"), Lines{"arrives self:self-deadlock L f"});
  EXPECT_EQ(changes(Holds, "{take: L, around: f}, {make-recursive: L}"), Lines());
  EXPECT_EQ(changes(Holds, "{take: L, around: f}, {drop: L, around: g}"), Lines());
  // The other way round: what f calls takes it.
  EXPECT_EQ(
      changes("t1 event looked-up @ f < main\nt1 acquire L @ g < f < main\nt1 release L @ g\n", "{take: L, around: f}"),
      Lines{"arrives self:self-deadlock L g"});
  // A function that calls itself.
  EXPECT_EQ(changes("t1 event looked-up @ f < g < f < main\n", "{take: L, around: f}"),
            Lines{"arrives self:self-deadlock L f"});
  EXPECT_EQ(changes("t1 event looked-up @ f < g < main\nt1 event looked-up @ f < g < main\n", "{take: L, around: f}"),
            Lines());
}

TEST(WhatIf, SharedAndExclusive) {
  std::string Known = "t9 acquire R/rw @ elsewhere\nt9 release R @ elsewhere\n";
  std::string Reads =
      Known + "t1 acquire R/rw shared @ g < main\nt1 event looked-up @ f < g < main\nt1 release R @ g\n";
  EXPECT_EQ(changes(Reads, "{take: R, around: f}"), Lines{"arrives self:self-deadlock R f"});
  EXPECT_EQ(changes(Reads, "{take: R, mode: shared, around: f}"), Lines{"arrives self:recursion R f"});
}

TEST(WhatIf, LocksInBothOrders) {
  std::string Trace = "t1 acquire L @ g < main\nt1 acquire M @ g < main\nt1 release M @ g\nt1 release L @ g\n"
                      "t2 acquire M @ h < main\nt2 event looked-up @ f < h < main\nt2 release M @ h\n";
  EXPECT_EQ(changes(Trace, "{take: L, around: f}"), Lines{"arrives order:inversion L M"});
  EXPECT_EQ(changes(Trace, "{take: L, around: h}"), Lines());
  std::string Both = Trace + "t3 acquire M @ k < main\nt3 acquire L @ k < main\nt3 release L @ k\nt3 release M @ k\n";
  EXPECT_EQ(changes(Both, "{drop: L, around: k}"), Lines{"goes order:inversion L M"});
  SupposedRun S = in(program(UnderL), Both, "{drop: L, around: k}, {take: L, around: f}");
  EXPECT_EQ(S.changes(), Lines{"stays order:inversion L M"});
  ASSERT_EQ(S.P.Changes[0].Paths.size(), 1u);
  EXPECT_EQ(S.P.Changes[0].Paths[0].Story, (Lines{"f", "h", "main"}));
}

TEST(WhatIf, ACallInsideAFunction) {
  std::string Trace = "t1 event removed @ callback < f:7 < main\nt1 event removed @ other < f:9 < main\n"
                      "t1 event removed @ callback < g < main\n";
  EXPECT_EQ(
      changes(Trace, "{take: L, around: 'f:callback'}"),
      (Lines{"goes contract:c callback f main", "stays contract:c callback g main", "stays contract:c other f main"}));
  EXPECT_EQ(
      changes(Trace, "{take: L, around: 'f:9'}"),
      (Lines{"goes contract:c other f main", "stays contract:c callback f main", "stays contract:c callback g main"}));
  // The lock is the caller's.
  EXPECT_EQ(changes("t1 acquire L @ h < main\nt1 event looked-up @ callback < f < h < main\nt1 release L @ h\n",
                    "{take: L, around: 'f:callback'}"),
            Lines{"arrives self:self-deadlock L f"});
}

// Where the model marks the call itself, that is before the callee's entry, and inside what is around the call.
TEST(WhatIf, AMarkedCallBelongsToTheCall) {
  std::string Model = program(UnderL);
  Model.replace(Model.find("entry: remove_it"), 16, "call: remove_it ");
  SupposedRun S = in(Model, "t1 event removed @ f:7 < main\nt1 event looked-up @ remove_it < f:7 < main\n",
                     "{take: L, around: 'f:remove_it'}");
  EXPECT_EQ(S.changes(), Lines{"goes contract:c f main"});
  EXPECT_EQ(S.P.Uses[0], 1u);
  S = in(Model, "t1 event removed @ f:7 < main\nt1 event looked-up @ other < f:7 < main\n",
         "{take: L, around: 'f:other'}");
  EXPECT_EQ(S.changes(), Lines{"stays contract:c f main"});
  EXPECT_EQ(changes("t1 event removed @ f:7 < main\n", "{take: L, around: 'f:7'}"), Lines{"goes contract:c f main"});
}

// The driver core works on a VF inside of what it does for the PF: its release there is no way out.
TEST(WhatIf, AReleaseByAFunctionThatIsFurtherOutToo) {
  std::string Trace = "t1 acquire pf:dev @ core < main\n"
                      "t1 event looked-up @ f < core < main\n"
                      "t1 acquire vf:dev @ core < f < core < main\n"
                      "t1 release vf @ core\n"
                      "t1 acquire M @ f < core < main\nt1 release M @ f\n"
                      "t1 release pf @ core\n"
                      "t2 acquire M @ g < main\nt2 acquire L @ g < main\nt2 release L @ g\nt2 release M @ g\n";
  SupposedRun S = in(program(UnderL), Trace, "{take: L, around: f}");
  EXPECT_EQ(S.P.Uses[0], 1u);
  EXPECT_EQ(S.changes(), Lines{"arrives order:inversion L M"});
}

// Between the two calls of f, X is given back: the second takes L without it.
TEST(WhatIf, ALockOfBeforeGivenBackEndsTheSpan) {
  std::string Head = "t1 acquire X @ lock_x < g < main\nt1 acquire Y @ g < main\nt1 event looked-up @ f < g < main\n";
  std::string Tail = "t1 event looked-up @ f < g < main\nt1 release Y @ g\n";
  SupposedRun S = in(program(UnderL), Head + "t1 release X @ unlock_x\n" + Tail, "{take: L, around: f}");
  EXPECT_EQ(S.P.Uses[0], 2u);
  S = in(program(UnderL), Head + Tail + "t1 release X @ unlock_x\n", "{take: L, around: f}");
  EXPECT_EQ(S.P.Uses[0], 1u);
  // Something of inside is held: the release is inside as well.
  S = in(program(UnderL), Head + "t1 acquire Z @ f < g < main\nt1 release X @ unlock_x\nt1 release Z @ f\n" + Tail,
         "{take: L, around: f}");
  EXPECT_EQ(S.P.Uses[0], 1u);
}

// A release at the entry is inside already: X is held when f begins.
TEST(WhatIf, AReleaseInTheFunctionItselfBeginsTheSpan) {
  std::string Trace = "t1 acquire X @ g < main\nt1 release X @ f\nt1 event looked-up @ f < g < main\n"
                      "t2 acquire L @ h < main\nt2 acquire X @ h < main\nt2 release X @ h\nt2 release L @ h\n";
  EXPECT_EQ(changes(Trace, "{take: L, around: f}"), Lines{"arrives order:inversion L X"});
  EXPECT_EQ(changes("t1 acquire X @ g < main\nt1 release X @ g\nt1 event looked-up @ f < g < main\n"
                    "t2 acquire L @ h < main\nt2 acquire X @ h < main\nt2 release X @ h\nt2 release L @ h\n",
                    "{take: L, around: f}"),
            Lines());
}

// g() calls f() at two places, one after the other, and f() leaves with A held.
TEST(WhatIf, TwoCallsAreTwoSpans) {
  std::string Other = "t2 acquire L @ h < main\nt2 acquire A @ h < main\nt2 release A @ h\nt2 release L @ h\n";
  auto Calls = [&](const std::string &Second) {
    return changes("t1 acquire A @ f:1 < g:1 < main\nt1 event looked-up @ f:2 < g:" + Second +
                       " < main\nt1 release A @ g\n" + Other,
                   "{take: L, around: 'g:f'}");
  };
  EXPECT_EQ(Calls("2"), Lines{"arrives order:inversion A L"});
  EXPECT_EQ(Calls("1"), Lines());
}

// L outlives one f(), or does not: its release is all that is recorded at the end of the one or at the begin of the
// next.
TEST(WhatIf, AReleaseBetweenTwoCalls) {
  auto Says = [](const std::string &Between) {
    return in(program(),
              "t1 acquire R/rw shared @ g < f:1 < h:1 < main\n" + Between + "t1 event looked-up @ f:3 < h:2 < main\n",
              "{take: L, around: f}")
        .unknown("may be inside of one f() or of the next");
  };
  EXPECT_TRUE(Says("t1 release R @ f\n"));
  EXPECT_FALSE(Says("t1 release R @ g\n"));
  EXPECT_FALSE(Says("t1 release R @ f\nt1 event looked-up @ h:1 < main\n"));
}

// Deeper than the recorder looks: f is out of sight, and still there.
TEST(WhatIf, StacksThatAreCut) {
  std::string Trace = "t1 event looked-up @ a < f < main\n"
                      "t1 event looked-up @ c < b < a < f\n"
                      "t1 event removed @ d < c < b < a\n";
  SupposedRun S = suppose(program(UnderL), Known + Trace, "{take: L, around: f}", 4);
  EXPECT_EQ(S.changes(), Lines{"goes contract:c d c b a"});
  EXPECT_EQ(S.P.Unknown, Lines());
  // Whole ones with the same outermost frame are another matter.
  S = suppose(program(UnderL), Known + "t1 event looked-up @ a < f < main\nt1 event removed @ d < c < b < a\n",
              "{take: L, around: f}", 5);
  EXPECT_EQ(S.changes(), Lines{"stays contract:c d c b a"});
  // What is out of sight is not known.
  S = suppose(program(UnderL), Known + "t1 event removed @ d < c < b < a\nt2 event looked-up @ f < main\n",
              "{take: L, around: f}", 4);
  EXPECT_TRUE(S.unknown("1 stack(s) are cut at 4 frames"));
}

TEST(WhatIf, AnInterruptIsAContextOfItsOwn) {
  std::string Trace = "context cpu0 hardirq 0\nt1 event looked-up @ f < main\ncpu0 event removed @ handler\n"
                      "t1 event removed @ f < main\n";
  EXPECT_EQ(changes(Trace, "{take: L, around: f}"), (Lines{"goes contract:c f main", "stays contract:c handler"}));
}

// … but at its end the scheduler works as the task, and the stack ends where the interrupt came in.
TEST(WhatIf, AnInterruptAtWhoseEndTheTaskIsPreempted) {
  std::string Before = "t1 event looked-up @ f < g < syscall\n",
              OnTop = "t1 acquire X @ schedule < interrupt\nt1 release X\n",
              Inside = "t1 acquire A @ inner < f < g < syscall\n",
              After = "t1 event looked-up @ f < g < syscall\nt1 release A\n",
              Left = "t1 event looked-up @ g < syscall\n";
  // One span all the time: L is not taken under A.
  std::string Other = "t2 acquire L @ h < syscall\nt2 acquire A @ h < syscall\nt2 release A\nt2 release L\n";
  EXPECT_EQ(changes(Before + Inside + OnTop + After + Left + Other, "{take: L, around: f}"), Lines());
  EXPECT_EQ(changes(Before + Inside + Left + After + Left + Other, "{take: L, around: f}"),
            Lines{"arrives order:inversion A L"});
  // A span on top ends when what is beneath goes on; and one beneath has ended when nothing of it comes any more.
  std::string Removed = "t1 event removed @ removes < syscall\n";
  EXPECT_EQ(changes(Left + "t1 event looked-up @ f < interrupt\n" + Removed, "{take: L, around: f}"),
            Lines{"stays contract:c removes syscall"});
  EXPECT_EQ(changes(Before + "t1 event removed @ removes < interrupt\n", "{take: L, around: f}"),
            Lines{"stays contract:c removes interrupt"});
}

TEST(WhatIf, WorkIsDoneUnderWhatTheWaiterWouldHold) {
  std::string Trace = "w event job:waits 7 @ f < main\nk event job:works 7 @ k\nk event removed @ remove_it < k\n"
                      "k event job:worked @ k\nw event job:waited @ f < main\n";
  EXPECT_EQ(changes(Trace, "{take: L, around: f}"), Lines{"goes contract:c remove_it k"});
  EXPECT_EQ(changes(Trace, "{take: L, around: f}, {take: L, around: remove_it}"),
            (Lines{"arrives self:delegated-deadlock L remove_it", "goes contract:c remove_it k"}));
}

TEST(WhatIf, WhatCannotBeAnswered) {
  std::string Trace = "t1 event removed @ remove_it < main\n";
  EXPECT_TRUE(
      in(program(UnderL), Trace, "{take: L, around: remove_at}").unknown("nothing was recorded inside remove_at()"));
  EXPECT_TRUE(in(program(UnderL), Trace, "{take: L, around: remove_at}").unknown("did you mean remove_it?"));
  EXPECT_TRUE(in(program(UnderL), Trace, "{drop: L, around: remove_it}").unknown("taking L"));
  EXPECT_TRUE(in(program(UnderL), "t1 event looked-up @ f < main\nt1 acquire L try @ g < f < main\nt1 release L @ g\n",
                 "{take: L, around: f}")
                  .unknown("the try in g (text.c:4) would not get L"));
  std::string Holds = "t2 acquire L @ f < main\n", Fails = "t1 fail L @ g < main\n", GivesBack = "t2 release L @ f\n";
  EXPECT_TRUE(
      in(program(UnderL), Holds + Fails + GivesBack, "{drop: L, around: f}").unknown("asked for L and did not get it"));
  EXPECT_EQ(in(program(UnderL), Holds + GivesBack + Fails, "{drop: L, around: f}").P.Unknown, Lines());
  EXPECT_TRUE(in(program(UnderL), "t1 acquire L @ f < main\nt1 wait L @ f < main\n", "{make-recursive: L}")
                  .unknown("waited for L when the recording ended"));
  EXPECT_NE(
      suppose(program(UnderL), Trace, "{take: K, around: main}").Errors.find("no lock of this recording is called K"),
      std::string::npos);
  EXPECT_NE(suppose(program(UnderL), "t1 acquire a:L\nt1 acquire b:L\n" + Trace, "{take: L, around: main}")
                .Errors.find("2 locks of this recording are called L"),
            std::string::npos);
}

// The first that is known of a lock may come behind the place where an edit takes it.
TEST(WhatIf, ALockThatTheRecordingHasLaterOnly) {
  SupposedRun S =
      suppose(program(UnderL), "t1 acquire M @ f < main\nt1 event removed @ f < main\nt1 release M @ f\n" + Known,
              "{take: L, around: f}");
  EXPECT_EQ(S.Errors, "");
  EXPECT_EQ(S.changes(), Lines{"goes contract:c f main"});
  // A lock that nobody has taken; the contract knows it.
  S = suppose(program(UnderL), "t1 acquire M @ f < main\nt1 event removed @ f < main\nt1 release M @ f\n",
              "{take: L, around: f}");
  EXPECT_EQ(S.Errors, "");
  EXPECT_EQ(S.changes(), Lines{"goes contract:c f main"});
  S = suppose(program(UnderL), "t1 event removed @ f < main\nt1 init L\n", "{take: L, around: f}");
  EXPECT_TRUE(S.unknown("f() runs before L is initialised"));
}

TEST(WhatIf, EditsFromText) {
  std::vector<Edit> Edits;
  std::string Errors;
  llvm::raw_string_ostream Out(Errors);
  EXPECT_TRUE(parseEdits("edits:\n  - {drop: L}\n  - {take: L, mode: shared, around: [f, 'ns::g:h', 'k:12']}\n",
                         "e.yaml", Edits, Out));
  ASSERT_EQ(Edits.size(), 4u);
  EXPECT_EQ(Edits[0].text(), "nobody takes L");
  EXPECT_EQ(Edits[1].text(), "f() takes L (shared)");
  EXPECT_EQ(Edits[2].text(), "the call of h() in ns::g() is made under L (shared)");
  EXPECT_EQ(Edits[3].text(), "line 12 of k() is made under L (shared)");
  for (const char *Bad :
       {"edits: []", "edits: [{take: L}]", "edits: [{take: L, drop: L, around: f}]", "edit: [{drop: L}]",
        "edits: [{take: L, around: 'f:'}]", "edits: [{make-recursive: L, around: f}]", "edits: [drop]",
        "edits: [{take: L, around: 'f->g'}]x"}) {
    std::vector<Edit> None;
    Errors.clear();
    EXPECT_FALSE(parseEdits(Bad, "e.yaml", None, Out)) << Bad;
    EXPECT_NE(Errors.find("e.yaml:"), std::string::npos) << Bad << Errors;
  }
  EXPECT_FALSE(parseAround("f-")); // what a shell leaves of f->g
}

TEST(WhatIf, TheReport) {
  SupposedRun S = in(program(UnderL), "t1 acquire L @ g < main\nt1 event removed @ f < g < main\nt1 release L @ g\n",
                     "{take: L, around: f}");
  report::Judged Before, After;
  Before.R = S.AsIs.get();
  After.R = S.Edited.get();
  std::string Text;
  llvm::raw_string_ostream Out(Text);
  report::text(report::Supposed{Before, After, S.Edits, S.P}, {}, Out);
  for (const char *Said : {"what if: f() takes L (1 time(s))\n",
                           "arrives: text.c:0 (what if): error: t1 would wait for L, which it holds itself",
                           "the first acquisition of L, which would not be released before:\n",
                           "underlock: 0 finding(s) would go, 0 stay, 1 arrive (gate: assumed)\n"})
    EXPECT_NE(Text.find(Said), std::string::npos) << Said << "\nis not in\n" << Text;
}

TEST(WhatIf, InterruptsThatAreOffFurtherInsideAreOnWhereItBegins) {
  auto Changes = [&](const std::string &Before, const std::string &Behind) {
    std::string Inside = "t1 acquire S/spin irqs-off @ x < f < main\nt1 release S irqs-off @ x\n";
    return in(kernel(), "t1 end boot\n" + Before + Inside + Behind, "{take: L, around: f}").changes();
  };
  Lines Sleeps = {"arrives irq:sleep L f with interrupts off"}, Nothing;
  std::string On = "t1 event looked-up @ main\n", Off = "t1 event looked-up irqs-off @ main\n";
  std::string ThenOn = "t1 event looked-up @ f < main\n", ThenOff = "t1 event looked-up irqs-off @ f < main\n";
  EXPECT_EQ(Changes(Off, ThenOff), Sleeps);
  EXPECT_EQ(Changes(On, ThenOn), Nothing);
  EXPECT_EQ(Changes(Off, ThenOn), Nothing);
  // It may have been turned off before f() or in it.
  EXPECT_EQ(Changes(On, ThenOff), Nothing);
  EXPECT_EQ(Changes("t1 acquire T/spin irqs-off @ main\nt1 release T irqs-off @ main\n", ThenOff), Nothing);
}

TEST(WhatIf, ALockThatSleepsInAReadSide) {
  std::string Rcu =
      kernel("grace-periods: [{id: RCU, marks: [{read-lock: rcu_read_lock}, {read-unlock: rcu_read_unlock}]}]\n");
  auto Changes = [&](const std::string &Trace) {
    return in(Rcu, "t1 end boot\n" + Trace, "{take: L, around: f}").changes();
  };
  std::string Enter = "t1 event RCU:read-lock @ ", Leave = "t1 event RCU:read-unlock @ ",
              F = "t1 event looked-up @ f < main\n";
  EXPECT_EQ(Changes(Enter + "main\n" + F + Leave + "main\n"), Lines{"arrives irq:sleep L f in a read side of RCU"});
  // One that is over before, and one that f() begins itself.
  EXPECT_EQ(Changes(Enter + "main\n" + Leave + "main\n" + F), Lines());
  EXPECT_EQ(Changes(Enter + "f < main\n" + F + Leave + "f < main\n"), Lines());
}

TEST(WhatIf, WhatChangesWhereAContextWaitsIsNotWithInterruptsOn) {
  // A is taken in an interrupt, and only ever held with interrupts off. The span ends where t1 waits.
  std::string Trace = "context hard hardirq 0\nt1 end boot\nhard acquire A/spin irqs-off\nhard release A irqs-off\n"
                      "t1 acquire A irqs-off @ g < main\nt1 event looked-up irqs-off @ f < g < main\n";
  std::string Waits = "t1 wait B/spin @ h < main\n";
  auto Changes = [&](const std::string &End, const std::string &Edits) {
    return in(kernel(), Trace + End, Edits).changes();
  };
  EXPECT_EQ(Changes(Waits, "{take: L, around: f}"), Lines{"arrives irq:sleep L f under A"});
  // … or begins there.
  EXPECT_EQ(Changes("t1 release A irqs-off @ g < main\n" + Waits, "{take: A, around: h}"), Lines());
  // The twin: a record does say it.
  EXPECT_EQ(Changes("t1 event looked-up @ h < main\n", "{take: L, around: f}"),
            (Lines{"arrives irq:sleep L f under A", "stays irq:inconsistent A a hard interrupt"}));
}
