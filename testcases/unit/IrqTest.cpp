// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// irq: locks and interrupts, each rule with its right twin.
#include "testcases/unit/Judge.h"
#include <gtest/gtest.h>

using namespace underlock;
using namespace underlock::test;

static const Findings Clean;
static const std::string Contexts = "context t1 task 1\ncontext t2 task 2\ncontext hard hardirq 0\n"
                                    "context soft softirq 0\nt1 end boot\n";

static Findings in(const std::string &Trace) { return findingsIn(kernel(), Contexts + Trace); }

static const std::string InHard = "hard acquire A/spin irqs-off\nhard release A irqs-off\n";
static const std::string InSoft = "soft acquire A/spin\nsoft release A\n";

TEST(Irq, TakenInAnInterruptAndHeldWithInterruptsOn) {
  EXPECT_EQ(in(InHard + "t1 acquire A no-preempt\nt1 release A no-preempt\n"),
            Findings{"irq:inconsistent assumed A a hard interrupt"});
  EXPECT_EQ(in(InHard + "t1 acquire A irqs-off\nt1 release A irqs-off\n"), Clean);
  // A softirq is interrupted by a hard one as well; a hard one by none.
  EXPECT_EQ(in(InHard + "soft acquire A\nsoft release A\n"), Findings{"irq:inconsistent assumed A a hard interrupt"});
  EXPECT_EQ(in(InSoft + "t1 acquire A softirqs-off\nt1 release A softirqs-off\n"), Clean);
  EXPECT_EQ(in(InSoft + "t1 acquire A\nt1 release A\n"), Findings{"irq:inconsistent assumed A a soft interrupt"});
  EXPECT_EQ(
      in(InSoft + "hard acquire A irqs-off\nhard release A irqs-off\nt1 acquire A irqs-off\nt1 release A irqs-off\n"),
      Findings{"irq:inconsistent assumed A a hard interrupt"}); // soft acquires with interrupts on
}

TEST(Irq, InterruptsComeOnWhileTheLockIsHeld) {
  EXPECT_EQ(in(InHard + "t1 acquire A irqs-off\nt1 acquire B/spin irqs-off\nt1 release B\nt1 release A\n"),
            Findings{"irq:inconsistent assumed A a hard interrupt"});
}

TEST(Irq, ATryInAnInterruptNeverWaits) {
  EXPECT_EQ(in("hard acquire A/spin try irqs-off\nhard release A irqs-off\nt1 acquire A\nt1 release A\n"), Clean);
}

TEST(Irq, ReadersDoNotKeepEachOtherOut) {
  std::string Reads = "hard acquire A/rwspin shared irqs-off\nhard release A irqs-off\n";
  EXPECT_EQ(in(Reads + "t1 acquire A shared\nt1 release A\n"), Clean);
  EXPECT_EQ(in(Reads + "t1 acquire A\nt1 release A\n"), Findings{"irq:inconsistent assumed A a hard interrupt"});
}

TEST(Irq, TwoLocksOfOneClass) {
  EXPECT_EQ(
      in("hard acquire A:dev.lock/spin irqs-off\nhard release A irqs-off\nt1 acquire B:dev.lock/spin\nt1 release B\n"),
      Findings{"irq:inconsistent possible dev.lock a hard interrupt"});
}

TEST(Irq, Inversion) {
  std::string BWithIrqsOn = "t1 acquire B/spin\nt1 release B\n";
  std::string BUnderA =
      "t2 acquire A/spin irqs-off\nt2 acquire B/spin irqs-off\nt2 release B irqs-off\nt2 release A irqs-off\n";
  EXPECT_EQ(in(InHard + BWithIrqsOn + BUnderA), Findings{"irq:inversion assumed A B a hard interrupt"});
  // Without the interrupt, without the path, or with interrupts off for B as well.
  EXPECT_EQ(in(BWithIrqsOn + BUnderA), Clean);
  EXPECT_EQ(in(InHard + BWithIrqsOn), Clean);
  EXPECT_EQ(in(InHard + BUnderA), Clean);
  EXPECT_EQ(in(InHard + BWithIrqsOn +
               "t2 acquire A/spin irqs-off\nt2 acquire B/spin try irqs-off\nt2 release B irqs-off\n"
               "t2 release A irqs-off\n"),
            Clean);
}

TEST(Irq, AGateCutsAnInversionAway) {
  std::string G = "t1 acquire G/m\nt1 acquire B/spin\nt1 release B\nt1 release G\n";
  std::string Path =
      "t2 acquire A/spin irqs-off\nt2 acquire B/spin irqs-off\nt2 release B irqs-off\nt2 release A irqs-off\n";
  EXPECT_EQ(in(InHard + G + "t2 acquire G/m\n" + Path + "t2 release G\n"), Clean);
  EXPECT_EQ(in(InHard + G + Path), Findings{"irq:inversion assumed A B a hard interrupt"});
}

TEST(Irq, SleepingWhereNothingMaySleep) {
  EXPECT_EQ(in("t1 acquire S/spin no-preempt\nt1 acquire M/m no-preempt\nt1 release M\nt1 release S\n"),
            Findings{"irq:sleep observed M t1 under S"});
  EXPECT_EQ(in("t1 acquire M/m no-preempt\nt1 release M\n"), Findings{"irq:sleep observed M t1 with preemption off"});
  EXPECT_EQ(in("t1 acquire M/m irqs-off\nt1 release M\n"), Findings{"irq:sleep observed M t1 with interrupts off"});
  EXPECT_EQ(in("hard acquire M/m irqs-off\nhard release M irqs-off\n"),
            Findings{"irq:sleep observed M hard in an interrupt"});
  EXPECT_EQ(in("t1 acquire S/spin\nt1 wait M/m\n"), Findings{"irq:sleep observed M t1 under S"});
  // The other way round is what one does; a try never sleeps.
  EXPECT_EQ(in("t1 acquire M/m\nt1 acquire S/spin no-preempt\nt1 release S\nt1 release M\n"), Clean);
  EXPECT_EQ(in("t1 acquire S/spin no-preempt\nt1 acquire M/m try no-preempt\nt1 release M\nt1 release S\n"), Clean);
}

TEST(Irq, ANoteOfWaitingSaysNothingOfTheMachine) {
  // What was off at the last record may be on when the context waits; what it holds then and which kind it is, is
  // known.
  for (std::string State : {"irqs-off", "no-preempt", "softirqs-off"}) {
    std::string Before = "t1 acquire S/spin " + State + "\nt1 release S " + State + "\n";
    EXPECT_EQ(in(Before + "t1 wait M/m\n"), Clean) << State;
  }
  EXPECT_EQ(in("t1 acquire S/spin irqs-off\nt1 wait M/m\n"), Findings{"irq:sleep observed M t1 under S"});
  EXPECT_EQ(in("soft event looked-up\nsoft wait M/m\n"), Findings{"irq:sleep observed M soft in a soft interrupt"});
}

TEST(Irq, BootHasOneFlowOfControl) {
  Judged J = judge(kernel(), "context t1 task 1\nt1 acquire M/m irqs-off\nt1 release M\n");
  EXPECT_EQ(J.findings(), Clean);
}

TEST(Irq, ProgramsHaveNoInterrupts) {
  Judged J = judge(program(), "t1 acquire S/spin\nt1 acquire M/m\nt1 release M\nt1 release S\n");
  EXPECT_EQ(J.findings(), Clean);
}

// Linux's spin_lock_init() makes no call: what the memory was before is not seen to end.
TEST(Irq, AMutexsMemoryIsUsedAgainByASpinlock) {
  std::string Mutex = "t1 init A/m\nt1 acquire A\nt1 release A\n";
  EXPECT_EQ(in(Mutex + "t1 acquire A/spin irqs-off\nt1 release A/spin irqs-off\n"), Clean);
  EXPECT_EQ(in(Mutex + "t1 acquire A irqs-off\nt1 release A irqs-off\n"),
            Findings{"irq:sleep observed A t1 with interrupts off"});
}

// ---- Read sides ----

static const std::string Rcu = R"(
grace-periods:
  - id: RCU
    marks: [{read-lock: rcu_read_lock}, {read-unlock: rcu_read_unlock}, {wait: {before-call: synchronize_rcu}}]
  - id: SRCU
    may-sleep: true
    marks: [{read-lock: srcu_read_lock}, {read-unlock: srcu_read_unlock}, {wait: synchronize_srcu}]
waits:
  - {id: done, kind: completion, what: order, marks: [{wait: wait_done}, {signal: done}]}
)";

static Judged judged(const std::string &Trace) { return judge(kernel(Rcu), Contexts + Trace); }
static Findings reading(const std::string &Trace) { return findingsIn(kernel(Rcu), Contexts + Trace); }
static const std::string Enter = "t1 event RCU:read-lock\n", Leave = "t1 event RCU:read-unlock\n";
static const std::string TakesM = "t1 acquire M/m\nt1 release M\n";

TEST(Irq, SleepingInAReadSide) {
  Findings M{"irq:sleep observed M t1 in a read side of RCU"};
  EXPECT_EQ(reading(Enter + TakesM + Leave), M);
  EXPECT_EQ(reading(Enter + Leave + TakesM), Clean);
  EXPECT_EQ(reading(TakesM + Enter + Leave), Clean);
  // By another task, meanwhile.
  EXPECT_EQ(reading("t2 event RCU:read-lock\n" + TakesM + "t2 event RCU:read-unlock\n"), Clean);
  // They nest. One that began before the recording leaves nothing behind.
  EXPECT_EQ(reading(Enter + Enter + Leave + TakesM + Leave), M);
  EXPECT_EQ(reading(Enter + Enter + Leave + Leave + TakesM), Clean);
  EXPECT_EQ(reading(Leave + Enter + Leave + TakesM), Clean);
  EXPECT_EQ(reading(Leave + Enter + TakesM + Leave), M);
  EXPECT_EQ(reading(Enter + "t1 acquire M/sem\nt1 release M\n" + Leave), M);
  EXPECT_EQ(reading(Enter + "t1 wait M/m\n"), M);
  // A spinlock does not sleep, nor does a try.
  EXPECT_EQ(reading(Enter + "t1 acquire M/spin\nt1 release M\n" + Leave), Clean);
  EXPECT_EQ(reading(Enter + "t1 acquire M/m try\nt1 release M\n" + Leave), Clean);
  // What is worse is told instead.
  EXPECT_EQ(reading(Enter + "t1 acquire S/spin\n" + TakesM + "t1 release S\n" + Leave),
            Findings{"irq:sleep observed M t1 under S"});
}

TEST(Irq, AReadSideIsToldWithItsBegin) {
  Judged J = judged(Enter + TakesM + TakesM + Leave);
  ASSERT_EQ(J.Findings.size(), 1u);
  const Finding &F = J.Findings.front();
  EXPECT_EQ(F.Title, "t1 takes M, which may sleep, in a read side of RCU");
  ASSERT_EQ(F.Steps.size(), 2u);
  EXPECT_EQ(F.Steps[0].Count, 2u);
  EXPECT_EQ(F.Steps[1].Says, "the read side of RCU begins here");
  EXPECT_EQ(J.R->Sites[F.Steps[1].Place.Site].Mark, "RCU:read-lock");
}

TEST(Irq, SomeReadSidesMaySleep) {
  EXPECT_EQ(reading("t1 event SRCU:read-lock\n" + TakesM + "t1 event SRCU:read-unlock\n"), Clean);
  // … and neither hides the other.
  EXPECT_EQ(reading("t1 event SRCU:read-lock\n" + Enter + TakesM + Leave + "t1 event SRCU:read-unlock\n"),
            Findings{"irq:sleep observed M t1 in a read side of RCU"});
  EXPECT_EQ(reading("t1 event SRCU:read-lock\n" + Enter + Leave + TakesM + "t1 event SRCU:read-unlock\n"), Clean);
}

TEST(Irq, WhatIsNoLockIsWaitedForAsleepToo) {
  EXPECT_EQ(reading(Enter + "t1 event RCU:wait\n" + Leave),
            Findings{"irq:sleep observed RCU t1 in a read side of RCU"});
  EXPECT_EQ(reading(Enter + Leave + "t1 event RCU:wait\n"), Clean);
  EXPECT_EQ(reading("t1 event SRCU:wait irqs-off\n"), Findings{"irq:sleep observed SRCU t1 with interrupts off"});
  EXPECT_EQ(reading("t1 acquire S/spin\nt1 event RCU:wait\nt1 release S\n"),
            Findings{"irq:sleep observed RCU t1 under S"});
  EXPECT_EQ(reading(Enter + "t1 awaits D/done\n" + Leave), Findings{"irq:sleep observed D t1 in a read side of RCU"});
  EXPECT_EQ(reading(Enter + "t1 wait D/done\n"), Findings{"irq:sleep observed D t1 in a read side of RCU"});
  EXPECT_EQ(reading(Enter + Leave + "t1 awaits D/done\n"), Clean);
  EXPECT_EQ(reading(Enter + "t1 signals D/done\n" + Leave), Clean);
}

TEST(Irq, AReadSideIsNoLock) {
  // Two of them in both orders with a spinlock, and a wait for them under it: no cycle, whatever the order.
  std::string Under = "t1 acquire S/spin no-preempt\n" + Enter + Leave + "t1 release S no-preempt\n";
  std::string Over =
      "t2 event RCU:read-lock\nt2 acquire S/spin no-preempt\nt2 release S no-preempt\nt2 event RCU:read-unlock\n";
  EXPECT_EQ(reading(Under + Over), Clean);
}

TEST(Irq, ReadSidesOfProgramsAreNotJudged) {
  EXPECT_EQ(judge(program(Rcu), "t1 end boot\n" + Enter + TakesM + "t1 event RCU:wait\n" + Leave).findings(), Clean);
}
