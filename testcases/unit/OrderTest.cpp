// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// order: each rule that cuts a cycle away, by a trace that must be flagged and its twin that must not.
#include "testcases/unit/Judge.h"
#include <gtest/gtest.h>
#include <sys/resource.h>

using namespace underlock;
using namespace underlock::test;

static const Findings Clean, Inversion{"order:inversion assumed A B"},
    PossibleInversion{"order:inversion possible A B"};

static Findings inProgram(const std::string &Trace) { return findingsIn(program(), Trace); }

static Findings inKernel(const std::string &Trace) { return findingsIn(kernel(), Trace); }

static std::string nested(const std::string &Who, const std::string &First, const std::string &Second) {
  auto Name = [](const std::string &Lock) { return Lock.substr(0, Lock.find(' ')); };
  return Who + " acquire " + First + "\n" + Who + " acquire " + Second + "\n" + Who + " release " + Name(Second) +
         "\n" + Who + " release " + Name(First) + "\n";
}

TEST(Order, TwoThreadsInBothOrders) {
  EXPECT_EQ(inProgram(nested("t1", "A", "B") + nested("t2", "B", "A") + "exit\n"), Inversion);
  EXPECT_EQ(inProgram(nested("t1", "A", "B") + nested("t2", "A", "B") + "exit\n"), Clean);
}

TEST(Order, OneThreadOfAProgramIsItself) {
  EXPECT_EQ(inProgram(nested("t1", "A", "B") + nested("t1", "B", "A")), Clean);
  EXPECT_EQ(inKernel("t1 end boot\n" + nested("t1", "A", "B") + nested("t1", "B", "A")), Inversion);
}

TEST(Order, ACircleOfThree) {
  EXPECT_EQ(inProgram(nested("t1", "A", "B") + nested("t2", "B", "C") + nested("t3", "C", "A")),
            Findings{"order:inversion assumed A B C"});
  EXPECT_EQ(inProgram(nested("t1", "A", "B") + nested("t2", "B", "C") + nested("t3", "A", "C")), Clean);
  // Three threads have to be there at once; two of these places are one thread's.
  EXPECT_EQ(inProgram(nested("t1", "A", "B") + nested("t2", "B", "C") + nested("t1", "C", "A")), Clean);
}

TEST(Order, AGateKeepsThemApart) {
  auto Under = [](const std::string &Who, const std::string &Gate, const std::string &Inner) {
    return Who + " acquire " + Gate + "\n" + Inner + Who + " release " + Gate.substr(0, Gate.find(' ')) + "\n";
  };
  EXPECT_EQ(inProgram(Under("t1", "G", nested("t1", "A", "B")) + Under("t2", "G", nested("t2", "B", "A"))), Clean);
  EXPECT_EQ(inProgram(Under("t1", "G:gate", nested("t1", "A", "B")) + Under("t2", "H:gate", nested("t2", "B", "A"))),
            Inversion);
  EXPECT_EQ(inProgram(Under("t1", "G/rw shared", nested("t1", "A", "B")) +
                      Under("t2", "G/rw shared", nested("t2", "B", "A"))),
            Inversion);
  EXPECT_EQ(inProgram(Under("t1", "G/rw shared", nested("t1", "A", "B")) + Under("t2", "G/rw", nested("t2", "B", "A"))),
            Clean);
}

TEST(Order, AGateOfOneCallerIsNoGate) {
  std::string Gated = "t1 acquire G\n" + nested("t1", "A", "B") + "t1 release G\n";
  EXPECT_EQ(inProgram(Gated + nested("t2", "B", "A")), Inversion);
  // The same edge seen without the gate is another one.
  EXPECT_EQ(inProgram(Gated + nested("t1", "A", "B") + "t2 acquire G\n" + nested("t2", "B", "A") + "t2 release G\n"),
            Inversion);
}

TEST(Order, ForkAndJoinKeepThemApart) {
  std::string One = nested("t1", "A", "B") + "t1 exits\n", Two = nested("t2", "B", "A") + "t2 exits\n";
  EXPECT_EQ(inProgram("main fork t1\n" + One + "main join t1\nmain fork t2\n" + Two), Clean);
  EXPECT_EQ(inProgram("main fork t1\nmain fork t2\n" + One + "main join t1\n" + Two), Inversion);
  // What the maker did before is over when the made one begins.
  EXPECT_EQ(inProgram(nested("main", "A", "B") + "main fork t2\n" + Two), Clean);
  EXPECT_EQ(inProgram("main fork t2\n" + nested("main", "A", "B") + Two), Inversion);
  // Fork and join of tasks say nothing about other tasks.
  EXPECT_EQ(inKernel("main end boot\nmain fork t1\n" + One + "main join t1\nmain fork t2\n" + Two), Inversion);
}

TEST(Order, ATryNeverWaits) {
  EXPECT_EQ(inProgram(nested("t1", "A", "B try") + nested("t2", "B", "A")), Clean);
  EXPECT_EQ(inProgram(nested("t1", "A try", "B") + nested("t2", "B", "A")), Inversion);
  EXPECT_EQ(inProgram("t1 acquire A\nt1 fail B\nt1 release A\n" + nested("t2", "B", "A")), Clean);
}

TEST(Order, Readers) {
  auto Read = [](const std::string &Lock) { return Lock + " shared"; };
  // Readers of B meet no writer of it at all.
  EXPECT_EQ(inProgram(nested("t1", "A", Read("B/rw")) + nested("t2", Read("B/rw"), "A")), Clean);
  // A writer anywhere can wait between the two readers, and the second waits behind it.
  std::string Writer = "t3 acquire B\nt3 release B\n";
  EXPECT_EQ(inProgram(nested("t1", "A", Read("B/rw")) + nested("t2", Read("B/rw"), "A") + Writer), Inversion);
  // … also one that never got it; but none that only tries.
  EXPECT_EQ(inProgram(nested("t1", "A", Read("B/rw")) + nested("t2", Read("B/rw"), "A") + "t3 refused B\n"), Inversion);
  EXPECT_EQ(inProgram(nested("t1", "A", Read("B/rw")) + nested("t2", Read("B/rw"), "A") + "t3 acquire C\nt3 wait B\n"),
            Inversion);
  EXPECT_EQ(
      inProgram(nested("t1", "A", Read("B/rw")) + nested("t2", Read("B/rw"), "A") + "t3 acquire B try\nt3 release B\n"),
      Clean);
  // … but not where readers go past waiting writers.
  EXPECT_EQ(inProgram(nested("t1", "A", Read("B/rrw")) + nested("t2", Read("B/rrw"), "A") + Writer), Clean);
  EXPECT_EQ(inProgram(nested("t1", "A", "B/rrw") + nested("t2", Read("B/rrw"), "A")), Inversion);
}

TEST(Order, PhasesOfOneFlow) {
  std::string Forth = nested("t1", "A", "B"), Back = nested("t1", "B", "A");
  EXPECT_EQ(inKernel(Forth + Back + "t1 end boot\n"), Clean);
  EXPECT_EQ(inKernel(Forth + "t1 end boot\n" + Back), Clean);
  EXPECT_EQ(inKernel("t1 end boot\nt1 begin setup\n" + Forth + Back + "t1 end setup\n"), Clean);
  EXPECT_EQ(inKernel("t1 end boot\nt1 begin setup\n" + Forth + "t2 acquire C\nt2 release C\n" + nested("t2", "B", "A") +
                     "t1 end setup\n"),
            Inversion);
}

TEST(Order, ClassesAloneArePossible) {
  // A device's lock under the bus lock, under another device's lock: no instance is ever taken both ways.
  EXPECT_EQ(inProgram(nested("t1", "pf:A", "B") + nested("t2", "B", "vf:A")), PossibleInversion);
  EXPECT_EQ(inProgram(nested("t1", "pf:A", "B") + nested("t2", "B", "pf:A")), Inversion);
}

TEST(Order, TwoOfOneClass) {
  EXPECT_EQ(inProgram(nested("t1", "x:A", "y:A") + nested("t2", "y:A", "x:A")),
            Findings{"order:inversion assumed A A"});
  EXPECT_EQ(inProgram(nested("t1", "x:A", "y:A") + nested("t2", "x:A", "y:A")), Clean);
}

TEST(Order, AReusedAddressIsAnotherLock) {
  std::string Between = "t1 destroy A\nt1 init A\n";
  std::string Known = "t1 init A\nt2 acquire A\nt2 release A\n";
  EXPECT_EQ(inProgram(Known + nested("t1", "A", "B") + Between + nested("t2", "B", "A")), PossibleInversion);
  // Never seen initialised, it is not even of the same class.
  EXPECT_EQ(inProgram(Known + nested("t1", "A", "B") + "t1 destroy A\n" + nested("t2", "B", "A")), Clean);
  EXPECT_EQ(inProgram(Known + nested("t1", "A", "B") + nested("t2", "B", "A")), Inversion);
  // Nobody ever initialised or destroyed it, and its memory was given back.
  EXPECT_EQ(inProgram(nested("t1", "A", "B") + "t1 free A\n" + nested("t2", "B", "A")), PossibleInversion);
  EXPECT_EQ(inProgram(nested("t1", "A", "B") + nested("t2", "B", "A") + "t1 free A\n"), Inversion);
}

TEST(Order, ALockThatOnlyItsCreatorKnows) {
  EXPECT_EQ(inProgram("t1 init A\n" + nested("t1", "A", "B") + nested("t2", "B", "A")), PossibleInversion);
  EXPECT_EQ(inProgram("t1 init A\nt2 acquire A\nt2 release A\n" + nested("t1", "A", "B") + nested("t2", "B", "A")),
            Inversion);
}

TEST(Order, ADeadlockThatHappened) {
  Judged J = judge(program(), "t1 acquire A\nt2 acquire B\nt1 wait B\nt2 wait A\n");
  EXPECT_EQ(J.findings(), Findings{"order:inversion observed A B"});
  EXPECT_TRUE(J.says("t1 still waited for B, held by t2")) << J.Remarks.front().Text;
  EXPECT_TRUE(J.Findings.front().Assumptions.empty());
  // Waiting alone is none.
  EXPECT_EQ(inProgram("t1 acquire A\nt2 acquire B\nt1 wait B\n"), Clean);
  // A reader waits behind a writer that waits, and never got the lock before.
  std::string Readers = "t1 acquire A/rw shared\nt2 acquire B/rw shared\n", Wait = "t1 wait B/rw shared\nt2 wait A/rw\n";
  EXPECT_EQ(inProgram(Readers + "t3 wait B/rw\n" + Wait), Findings{"order:inversion observed A B"});
  EXPECT_EQ(inProgram(Readers + Wait), Clean);
}

TEST(Order, OneFindingForACycleOfClasses) {
  std::string Trace;
  for (int I = 0; I < 5; ++I) {
    std::string N = std::to_string(I);
    Trace += nested("t1", "x" + N + ":A", "y" + N + ":B") + nested("t2", "y" + N + ":B", "x" + N + ":A");
  }
  EXPECT_EQ(inProgram(Trace), Inversion);
}

TEST(Order, TheFingerprintIsMadeOfNames) {
  std::string Padding = "t9 acquire Z\nt9 release Z\n";
  Judged One = judge(program(), nested("t1", "A", "B") + nested("t2", "B", "A"));
  Judged Other = judge(program(), Padding + nested("t7", "B", "A") + Padding + nested("t8", "A", "B"));
  ASSERT_EQ(One.Findings.size(), 1u);
  ASSERT_EQ(Other.Findings.size(), 1u);
  EXPECT_EQ(fingerprint(One.Findings[0]), fingerprint(Other.Findings[0]));
}

// Each of 400 locks is taken while all before it are held: 80 thousand edges. With a held set for each edge they took
// 680 MiB.
TEST(Order, WhatIsHeldIsKeptOnceAnAcquisition) {
  auto PeakKiB = [] {
    rusage Used{};
    getrusage(RUSAGE_SELF, &Used);
    return Used.ru_maxrss;
  };
  std::string Trace;
  for (int I = 0; I < 400; ++I)
    Trace += "t1 acquire L" + std::to_string(I) + "\n";
  for (int I = 400; I-- > 0;)
    Trace += "t1 release L" + std::to_string(I) + "\n";
  long Before = PeakKiB();
  Judged J = judge(program(), Trace + "t2 acquire L399\nt2 acquire L0\nt2 release L0\nt2 release L399\n");
  EXPECT_EQ(J.findings(), Findings{"order:inversion assumed L0 L399"});
  EXPECT_LT(PeakKiB() - Before, 200 << 10);
}
