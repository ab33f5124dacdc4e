// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// lifetime: an object that is freed between its look-up and its last use, each rule with its right twin.
#include "testcases/unit/Judge.h"
#include <gtest/gtest.h>

using namespace underlock;
using namespace underlock::test;

static const Findings Clean;

// A session is known by its pointer (and, where a test says so, by a number); a desc by its number alone.
static const char Lifetimes[] = R"(
grace-periods:
  - {id: rcu, marks: [{read-lock: rcu_read_lock}, {read-unlock: rcu_read_unlock}, {wait: synchronize_rcu}]}
lifetimes:
  - id: session
    what: "a session"
    except-during: [setup]
    marks:
      - {lookup: find, key: 0, object: returned}
      - {lookup: find_get, counted: true}
      - {create: make}
      - {get: get_it}
      - {put: put_it}
      - {use: use_it}
      - {unpublish: unlink}
      - {free: free_it}
      - {free: free_later, after: rcu}
    why: w
  - {id: desc, marks: [{lookup: to_desc, key: 0}, {until: walk}, {free: free_desc, key: 0}], why: w}
)";

static Judged inProgram(const std::string &Trace) { return judge(program(Lifetimes), Trace); }
static Findings in(const std::string &Trace) { return findingsIn(program(Lifetimes), Trace); }
static Findings inKernel(const std::string &Trace) {
  return findingsIn(kernel(Lifetimes),
                    "context t1 task 1\ncontext t2 task 2\ncontext c cpu-thread 3\nt1 end boot\n" + Trace);
}
static Findings one(const std::string &Certainty, const std::string &Who = "t1 t2 t1") {
  return {"lifetime:session " + Certainty + " " + Who};
}

// Whoever frees at the end, under this lock or under none.
static std::string freed(const std::string &Lock = "") {
  return Lock.empty() ? "t2 event session:free 16\n"
                      : "t2 acquire " + Lock + "\nt2 event session:free 16\nt2 release " + Lock + "\n";
}

static const std::string Bare = "t1 event session:lookup 16\nt1 event session:use 16\n";
static const std::string UnderA = "t1 acquire A\n" + Bare + "t1 release A\n";

TEST(Lifetime, FreedInBetween) {
  EXPECT_EQ(in("t1 event session:lookup 16\nt2 event session:free 16\nt1 event session:use 16\n"), one("observed"));
  // Before the look-up, or after the last use.
  EXPECT_EQ(in("t1 fork t2\nt1 event session:lookup 16\nt1 event session:use 16\nt1 join t2\n"), Clean);
  // The lock that the look-up alone is under does not make it less.
  EXPECT_EQ(in("t1 acquire A\nt1 event session:lookup 16\nt1 release A\nt2 acquire A\nt2 event session:free 16\nt2 "
               "release A\n"
               "t1 event session:use 16\n"),
            one("observed"));
  // Another object was.
  EXPECT_EQ(in("t1 event session:lookup 16\nt2 event session:free 32\nt1 event session:use 16\n"), one("possible"));
  // By itself: that is no other context's doing.
  EXPECT_EQ(in("t1 event session:lookup 16\nt1 event session:free 16\nt1 event session:use 16\n"), Clean);
}

TEST(Lifetime, SaidOnceAndNotAgainAsWhatCould) {
  Judged J = inProgram(
      "t1 event session:lookup 16\nt2 event session:free 16\nt1 event session:use 16\nt1 event session:use 16\n");
  ASSERT_EQ(J.findings(), one("observed"));
  const Finding &F = J.Findings.front();
  EXPECT_EQ(F.Title, "a session is used after it was freed");
  ASSERT_EQ(F.Steps.size(), 3u);
  EXPECT_EQ(F.Steps[0].Time, 3u);
  EXPECT_EQ(F.Steps[1].Time, 1u);
  EXPECT_EQ(F.Steps[2].Time, 2u);
  EXPECT_EQ(J.Contracts[0].Violated, 1u);
}

TEST(Lifetime, CouldBeFreedInBetween) {
  EXPECT_EQ(in(Bare + freed()), one("assumed"));
  EXPECT_EQ(in(Bare + freed("A")), one("assumed"));
  // What was looked up and not used is not used after a free.
  EXPECT_EQ(in("t1 event session:lookup 16\n" + freed()), Clean);
  // The same thread comes after itself.
  EXPECT_EQ(in(Bare + "t1 event session:free 16\n"), Clean);
}

TEST(Lifetime, ALockOfBothKeepsThemApart) {
  EXPECT_EQ(in(UnderA + freed("A")), Clean);
  EXPECT_EQ(in(UnderA + freed("B")), one("assumed"));
  EXPECT_EQ(in(UnderA + freed()), one("assumed"));
  EXPECT_EQ(in("t1 acquire A\nt1 event session:lookup 16\nt1 release A\nt1 event session:use 16\n" + freed("A")),
            one("assumed"));
  EXPECT_EQ(in("t1 event session:lookup 16\nt1 acquire A\nt1 event session:use 16\nt1 release A\n" + freed("A")),
            one("assumed"));
}

TEST(Lifetime, GivenBackAndTakenAgain) {
  std::string Gap =
      "t1 acquire A\nt1 event session:lookup 16\nt1 release A\nt1 acquire A\nt1 event session:use 16\nt1 release A\n";
  Judged J = inProgram(Gap + freed("A"));
  ASSERT_EQ(J.findings(), one("assumed"));
  EXPECT_EQ(J.Findings[0].Title,
            "a session is used after its look-up, and nothing keeps it from being freed in between: A is "
            "given back after the look-up");
  // A gap before the look-up or behind the last use is none.
  EXPECT_EQ(in("t1 acquire A\nt1 release A\n" + UnderA + "t1 acquire A\nt1 release A\n" + freed("A")), Clean);
  // Another lock that comes and goes does not matter.
  EXPECT_EQ(in("t1 acquire A\nt1 event session:lookup 16\nt1 acquire B\nt1 release B\nt1 event session:use 16\nt1 "
               "release A\n" +
               freed("A")),
            Clean);
}

TEST(Lifetime, LocksHandInHand) {
  std::string Coupled =
      "t1 acquire A\nt1 event session:lookup 16\nt1 acquire B\nt1 release A\nt1 event session:use 16\nt1 release B\n";
  EXPECT_EQ(in(Coupled + freed("A")), one("assumed"));
  EXPECT_EQ(in(Coupled + freed("B")), one("assumed"));
  EXPECT_EQ(in(Coupled + "t2 acquire A\nt2 acquire B\nt2 event session:free 16\nt2 release B\nt2 release A\n"), Clean);
  // One after the other, once nobody can find it any more: in that order only.
  std::string Unlink = "t2 event session:unpublish 16\n";
  EXPECT_EQ(in(Coupled + "t2 acquire A\n" + Unlink + "t2 release A\nt2 acquire B\nt2 release B\n" + freed()), Clean);
  EXPECT_EQ(in(Coupled + "t2 acquire B\n" + Unlink + "t2 release B\nt2 acquire A\nt2 release A\n" + freed()),
            one("assumed"));
}

TEST(Lifetime, WhatIsOutOfReachIsNotFound) {
  std::string Unlink = "t2 acquire A\nt2 event session:unpublish 16\nt2 release A\n";
  EXPECT_EQ(in(UnderA + Unlink + freed()), Clean);
  EXPECT_EQ(in(Bare + Unlink + freed()), one("assumed"));
  // Handed on by the one that has used it and has taken it out; not by another one.
  EXPECT_EQ(in(Bare + "t1 event session:unpublish 16\n" + freed()), Clean);
  EXPECT_EQ(in(Bare + "t3 event session:unpublish 16\n" + freed()), one("assumed"));
  // Another one's.
  EXPECT_EQ(in(UnderA + "t2 acquire A\nt2 event session:unpublish 32\nt2 release A\n" + freed()), one("assumed"));
  // By another thread than the one that frees: what it did since is no order.
  std::string Elsewhere = "t3 acquire A\nt3 event session:unpublish 16\nt3 release A\nt3 acquire B\nt3 release B\n";
  EXPECT_EQ(in(UnderA + Elsewhere + freed()), Clean);
  EXPECT_EQ(in("main fork t3\n" + UnderA + Elsewhere + "t3 exits\n" + freed()), Clean);
  EXPECT_EQ(in("main fork t3\n" + Bare + Elsewhere + "t3 exits\n" + freed()), one("assumed"));
  EXPECT_EQ(in("t1 acquire B\n" + Bare + "t1 release B\n" + Elsewhere + freed()), one("assumed"));
  EXPECT_EQ(in("t1 acquire B\n" + Bare + "t1 release B\n" +
               "t2 acquire A\nt2 event session:unpublish 16\nt2 release A\n" + "t2 acquire B\nt2 release B\n" +
               freed()),
            Clean);
}

TEST(Lifetime, SharedByBothKeepsNothingApart) {
  std::string Reader = "t1 acquire A/rw shared\n" + Bare + "t1 release A\n";
  EXPECT_EQ(in(Reader + "t2 acquire A shared\nt2 event session:free 16\nt2 release A\n"), one("assumed"));
  EXPECT_EQ(in(Reader + freed("A")), Clean);
}

TEST(Lifetime, LocksOfOneClassArePossible) {
  std::string Own = "t1 acquire A:session.lock\n" + Bare + "t1 release A\n";
  EXPECT_EQ(in(Own + freed("B:session.lock")), one("possible"));
  EXPECT_EQ(in(Own + freed("A:session.lock")), Clean);
  // Of two objects each has its own.
  EXPECT_EQ(in(Own + "t2 acquire B:session.lock\nt2 event session:free 32\nt2 release B\n"), Clean);
  EXPECT_EQ(in(Own + "t2 event session:free 32\n"), one("possible"));
}

TEST(Lifetime, ForkAndJoinKeepApart) {
  EXPECT_EQ(in(Bare + "t1 fork t2\n" + freed() + "t2 exits\n"), Clean);
  EXPECT_EQ(in("t1 fork t2\n" + freed() + "t2 exits\nt1 join t2\n" + Bare), Clean);
  EXPECT_EQ(in("t1 fork t2\n" + Bare + freed() + "t2 exits\n"), one("assumed"));
  // Inside, and ordered.
  EXPECT_EQ(
      in("t1 event session:lookup 16\nt1 fork t2\n" + freed() + "t2 exits\nt1 join t2\nt1 event session:use 16\n"),
      one("observed"));
}

TEST(Lifetime, AnotherLifeIsAnotherObject) {
  // The one that was looked up is gone before; what lies there then was freed under its lock.
  std::string Trace = "t1 acquire A\nt1 event session:lookup 16\nt1 event session:use 16\nt1 release A\n" + freed("A") +
                      "t2 event session:create 16\nt2 acquire B\nt2 event session:free 16\nt2 release B\n";
  EXPECT_EQ(in(Trace), one("possible"));
  // A number is the same place again.
  EXPECT_EQ(in("t1 acquire A\nt1 event session:lookup 16 7\nt1 event session:use 16\nt1 release A\n"
               "t2 acquire B\nt2 event session:free 48 7\nt2 release B\n"),
            one("assumed"));
  // What a thread has made since is not what it had looked up.
  EXPECT_EQ(
      in("t1 event session:lookup 16\nt2 event session:free 16\nt1 event session:create 16\nt1 event session:use 16\n"),
      Clean);
  EXPECT_EQ(
      in("t1 event session:lookup 16\nt2 event session:free 16\nt2 event session:create 16\nt1 event session:use 16\n"),
      Clean);
  EXPECT_EQ(
      in("t1 event session:lookup 16\nt2 event session:free 16\nt2 event session:create 32\nt1 event session:use 16\n"),
      one("observed"));
}

TEST(Lifetime, AReferenceKeepsIt) {
  std::string Unlink = "t2 acquire A\nt2 event session:unpublish 16\nt2 release A\n";
  std::string Get = "t1 acquire A\nt1 event session:lookup 16\nt1 event session:get 16\nt1 release A\n";
  EXPECT_EQ(in(Get + "t1 event session:use 16\nt1 event session:put 16\n" + Unlink + freed()), Clean);
  // Used behind it; without one; and got when it may be gone already.
  EXPECT_EQ(in(Get + "t1 event session:put 16\nt1 event session:use 16\n" + Unlink + freed()), one("assumed"));
  EXPECT_EQ(in("t1 acquire A\nt1 event session:lookup 16\nt1 release A\nt1 event session:use 16\n" + Unlink + freed()),
            one("assumed"));
  EXPECT_EQ(
      in("t1 event session:lookup 16\nt1 event session:get 16\nt1 event session:use 16\nt1 event session:put 16\n" +
         Unlink + freed()),
      one("assumed"));
  // Two references, and one is left.
  EXPECT_EQ(in(Get +
               "t1 event session:get 16\nt1 event session:put 16\nt1 event session:use 16\nt1 event session:put 16\n" +
               Unlink + freed()),
            Clean);
  // The look-up comes with one.
  std::string Counted = "t1 event session:lookup-counted 16\nt1 event session:use 16\nt1 event session:put 16\n";
  EXPECT_EQ(in(Counted + freed()), Clean);
  EXPECT_EQ(in(Counted + "t1 event session:use 16\n" + freed()), one("assumed"));
  // One from before.
  EXPECT_EQ(in("t1 event session:get 16\n" + Bare + "t1 event session:put 16\n" + freed()), Clean);
  // Who takes it out of the table has the table's.
  std::string Takes = "t1 acquire A\nt1 event session:lookup 16\nt1 event session:unpublish 16\nt1 release A\n";
  EXPECT_EQ(in(Takes + "t1 event session:use 16\nt1 event session:put 16\n" + freed()), Clean);
  EXPECT_EQ(in(Takes + "t1 event session:put 16\nt1 event session:use 16\n" + freed()), one("assumed"));
  // A free that comes all the same.
  EXPECT_EQ(in(Get + freed() + "t1 event session:use 16\nt1 event session:put 16\n"), one("observed"));
  EXPECT_EQ(in(Get + freed() + "t1 event session:put 16\n"), one("observed"));
}

TEST(Lifetime, AReferenceGivenBackByAnother) {
  std::string Get = "t1 event session:lookup-counted 16\n";
  EXPECT_EQ(in(Get + "t2 event session:put 16\nt1 event session:use 16\n" + freed()), one("assumed"));
  // Whose it is cannot be told.
  EXPECT_EQ(in("t3 event session:get 16\n" + Get + "t2 event session:put 16\nt1 event session:use 16\n" + freed()),
            Clean);
}

TEST(Lifetime, AReadSideAndItsGracePeriod) {
  std::string Reader = "t1 event rcu:read-lock\n" + Bare + "t1 event rcu:read-unlock\n";
  EXPECT_EQ(in(Reader + "t2 event session:free-after-rcu 16\n"), Clean);
  Judged J = inProgram(Reader + freed());
  ASSERT_EQ(J.findings(), one("assumed"));
  EXPECT_EQ(J.Findings[0].Steps[1].Says, "looked up here, in a read side of rcu");
  EXPECT_EQ(in(Bare + "t2 event session:free-after-rcu 16\n"), one("assumed"));
  // Left and entered again.
  EXPECT_EQ(in("t1 event rcu:read-lock\nt1 event session:lookup 16\nt1 event rcu:read-unlock\nt1 event rcu:read-lock\n"
               "t1 event session:use 16\nt1 event rcu:read-unlock\nt2 event session:free-after-rcu 16\n"),
            one("assumed"));
  // An inner one is left.
  EXPECT_EQ(in("t1 event rcu:read-lock\nt1 event session:lookup 16\nt1 event rcu:read-lock\nt1 event rcu:read-unlock\n"
               "t1 event session:use 16\nt1 event rcu:read-unlock\nt2 event session:free-after-rcu 16\n"),
            Clean);
  // To be freed later is not freed: when, cannot be told.
  EXPECT_EQ(in("t1 event rcu:read-lock\nt1 event session:lookup 16\nt2 event session:free-after-rcu 16\nt1 event "
               "session:use 16\n"
               "t1 event rcu:read-unlock\n"),
            Clean);
}

TEST(Lifetime, WaitsForReaders) {
  std::string Reader = "t1 event rcu:read-lock\n" + Bare + "t1 event rcu:read-unlock\n";
  EXPECT_EQ(in(Reader + "t2 event session:unpublish 16\nt2 event rcu:wait\n" + freed()), Clean);
  // Before it was out of reach, or somebody else did.
  EXPECT_EQ(in(Reader + "t2 event rcu:wait\nt2 event session:unpublish 16\n" + freed()), one("assumed"));
  EXPECT_EQ(in(Reader + "t2 event session:unpublish 16\nt3 event rcu:wait\n" + freed()), one("assumed"));
  EXPECT_EQ(in(Reader + "t2 event rcu:wait\n" + freed()), one("assumed"));
  // From the read side to a lock, and the same way.
  std::string Handed = "t1 event rcu:read-lock\nt1 event session:lookup 16\nt1 acquire A\nt1 event rcu:read-unlock\n"
                       "t1 event session:use 16\nt1 release A\n";
  EXPECT_EQ(in(Handed + "t2 event session:unpublish 16\nt2 event rcu:wait\n" + freed("A")), Clean);
  EXPECT_EQ(in(Handed + "t2 event session:unpublish 16\nt2 event rcu:wait\n" + freed()), one("assumed"));
}

// RCU of Linux since 5.0 waits for what is off, too.
static Findings whereItWaits(const std::string &Also, const std::string &Trace) {
  std::string Model = kernel(Lifetimes);
  const std::string Marks = "{id: rcu, marks:";
  Model.replace(Model.find(Marks), Marks.size(), "{id: rcu, also: [" + Also + "], marks:");
  return findingsIn(Model,
                    "context t1 task 1\ncontext t2 task 2\ncontext h hardirq 3\ncontext s softirq 4\nt1 end boot\n" +
                        Trace + "t2 event session:free-after-rcu 16\n");
}
static std::string bareWith(const std::string &State, const std::string &Who = "t1") {
  return Who + " event session:lookup 16 " + State + "\n" + Who + " event session:use 16 " + State + "\n";
}

TEST(Lifetime, WhatIsOffIsAReadSide) {
  const std::vector<std::pair<std::string, std::string>> States = {
      {"irqs-off", "irqs-off"}, {"softirqs-off", "softirqs-off"}, {"preemption-off", "no-preempt"}};
  for (const auto &[Also, State] : States) {
    EXPECT_EQ(whereItWaits(Also, bareWith(State)), Clean) << Also;
    EXPECT_EQ(whereItWaits("", bareWith(State)), one("assumed")) << Also;
    EXPECT_EQ(whereItWaits(Also, bareWith("")), one("assumed")) << Also;
    for (const auto &[Other, OtherState] : States)
      if (Other != Also)
        EXPECT_EQ(whereItWaits(Also, bareWith(OtherState)), one("assumed")) << Also;
    // On again at the use, at the look-up, or at anything in between.
    EXPECT_EQ(whereItWaits(Also, "t1 event session:lookup 16 " + State + "\nt1 event session:use 16\n"),
              one("assumed"));
    EXPECT_EQ(whereItWaits(Also, "t1 event session:lookup 16\nt1 event session:use 16 " + State + "\n"),
              one("assumed"));
    for (const char *Between : {"event removed 1", "acquire M", "fail M", "begin case x", "awaits M", "signals M"})
      EXPECT_EQ(whereItWaits(Also, "t1 event session:lookup 16 " + State + "\nt1 " + Between +
                                       "\nt1 event session:use 16 " + State + "\n"),
                one("assumed"))
          << Between;
  }
  // Waited for where it is freed.
  std::string Waits = "t2 event session:unpublish 16\nt2 event rcu:wait\nt2 event session:free 16\n";
  EXPECT_EQ(whereItWaits("irqs-off", bareWith("irqs-off") + Waits), Clean);
  EXPECT_EQ(whereItWaits("irqs-off", bareWith("no-preempt") + Waits), one("assumed"));
  // One after the other without a gap, and from one into a marked one.
  EXPECT_EQ(whereItWaits("irqs-off, preemption-off",
                         "t1 event session:lookup 16 irqs-off\nt1 event session:use 16 no-preempt\n"),
            Clean);
  EXPECT_EQ(whereItWaits("irqs-off", "t1 event session:lookup 16 irqs-off\nt1 event rcu:read-lock irqs-off\n"
                                     "t1 event session:use 16\nt1 event rcu:read-unlock\n"),
            Clean);
  EXPECT_EQ(whereItWaits("irqs-off",
                         "t1 event session:lookup 16 irqs-off\nt1 event session:use 16\nt1 event rcu:read-lock\n"
                         "t1 event rcu:read-unlock\n"),
            one("assumed"));
}

TEST(Lifetime, AnInterruptIsAReadSide) {
  EXPECT_EQ(whereItWaits("hard-irq", bareWith("", "h")), Clean);
  EXPECT_EQ(whereItWaits("hard-irq", bareWith("", "s")), one("assumed", "s t2 s"));
  EXPECT_EQ(whereItWaits("soft-irq", bareWith("", "s")), Clean);
  EXPECT_EQ(whereItWaits("soft-irq", bareWith("", "h")), one("assumed", "h t2 h"));
  EXPECT_EQ(whereItWaits("hard-irq, soft-irq", bareWith("")), one("assumed"));
}

// The record of a spin_unlock_irqrestore() is made while interrupts are off.
TEST(Lifetime, ALockTurnsOnWhatItHasTurnedOff) {
  const std::string Use = "t1 event session:use 16 irqs-off\n", Look = "t1 event session:lookup 16 irqs-off\n";
  const std::string Take = "t1 acquire S/spin irqs-off\n", Give = "t1 release S/spin irqs-off\n";
  const std::string On = "t1 event removed 1\n", Off = "t1 event removed 1 irqs-off\n";
  EXPECT_EQ(whereItWaits("irqs-off", On + Take + Look + Use + Give), Clean);
  EXPECT_EQ(whereItWaits("irqs-off", On + Take + Look + Give + On + Take + Use + Give), one("assumed"));
  // No record says whether they came on in between: it is said, and does not fail.
  EXPECT_EQ(whereItWaits("irqs-off", On + Take + Look + Give + Take + Use + Give), one("possible"));
  EXPECT_EQ(whereItWaits("irqs-off", On + Take + Look + Give + Use), one("possible"));
  // They were off before.
  EXPECT_EQ(whereItWaits("irqs-off", Off + Take + Look + Give + Take + Use + Give), Clean);
  EXPECT_EQ(whereItWaits("irqs-off", Off + Take + Look + Give + On + Take + Use + Give), one("assumed"));
  // One of two, in either order; then both.
  const std::string Inner = "t1 acquire I/spin irqs-off\n", Out = "t1 release I/spin irqs-off\n";
  EXPECT_EQ(whereItWaits("irqs-off", On + Take + Inner + Look + Out + Use + Give), Clean);
  EXPECT_EQ(whereItWaits("irqs-off", On + Take + Inner + Look + Give + Use + Out), Clean);
  EXPECT_EQ(whereItWaits("irqs-off", On + Take + Inner + Look + Give + Out + Take + Use + Give), one("possible"));
  EXPECT_EQ(whereItWaits("irqs-off", On + Take + Inner + Look + Out + Give + Take + Use + Give), one("possible"));
  EXPECT_EQ(whereItWaits("irqs-off", Off + Take + Inner + Look + Give + Out + Take + Use + Give), Clean);
  // A mutex turns nothing off.
  EXPECT_EQ(whereItWaits("irqs-off", On + "t1 acquire M try irqs-off\n" + Look + "t1 release M irqs-off\n" + Use),
            Clean);
  // Nor does a read side that may be preempted; one that may not be turns preemption on at its end.
  auto Rcu = [](const std::string &State) {
    return "t1 event rcu:read-lock " + State + "\nt1 event session:lookup 16 " + State + "\nt1 event rcu:read-unlock " +
           State + "\nt1 event rcu:read-lock " + State + "\nt1 event session:use 16 " + State +
           "\nt1 event rcu:read-unlock " + State + "\n";
  };
  EXPECT_EQ(whereItWaits("preemption-off", On + Rcu("")), one("assumed"));
  EXPECT_EQ(whereItWaits("preemption-off", On + Rcu("no-preempt")), one("possible"));
  EXPECT_EQ(whereItWaits("irqs-off", Off + Rcu("irqs-off")), Clean);
}

TEST(Lifetime, SaysWhatNoRecordTells) {
  std::string Model = kernel(Lifetimes);
  Model.replace(Model.find("{id: rcu,"), 9, "{id: rcu, also: irqs-off,");
  Judged J =
      judge(Model,
            "t1 end boot\nt1 acquire S/spin irqs-off\nt1 event session:lookup 16 irqs-off\nt1 release S/spin irqs-off\n"
            "t1 event session:use 16 irqs-off\nt2 event session:free-after-rcu 16\n");
  ASSERT_EQ(J.findings(), one("possible"));
  ASSERT_EQ(J.Findings[0].Assumptions.size(), 2u);
  EXPECT_EQ(J.Findings[0].Assumptions[1],
            "where a lock was given back, interrupts, softirqs and preemption came on again: no record tells");
}

// The shipped model: what is shown in /proc/interrupts, and walked by a CPU that comes or goes.
TEST(Lifetime, DescriptorsOfLinux) {
  auto InLinux = [](const std::string &Trace) {
    return findingsIn("underlock: 1\nname: test\nextends: [linux]\n",
                      "context t1 task 1\ncontext t2 task 2\ncontext c cpu-thread 3\nt1 end boot\n" + Trace +
                          "t2 acquire L:sparse_irq_lock/mutex\nt2 event desc-in-use:unpublish 0 24\n"
                          "t2 event desc-in-use:free-after-RCU 0 24\nt2 release L\n");
  };
  auto Uses = [](const std::string &Who, const std::string &Number, const std::string &State = "") {
    return Who + " event desc-in-use:lookup 4096 " + Number + State + "\n" + Who + " event desc-in-use:use 4096" +
           State + "\n";
  };
  const Findings Bare = {"lifetime:desc-in-use assumed t1 t2 t1"};
  EXPECT_EQ(InLinux("t1 event RCU:read-lock\n" + Uses("t1", "24") + "t1 event RCU:read-unlock\n"), Clean);
  EXPECT_EQ(InLinux(Uses("t1", "24")), Bare);
  EXPECT_EQ(InLinux(Uses("t1", "25")), Findings{"lifetime:desc-in-use possible t1 t2 t1"});
  EXPECT_EQ(InLinux("t1 acquire L:sparse_irq_lock/mutex\n" + Uses("t1", "24") + "t1 release L\n"), Clean);
  EXPECT_EQ(InLinux("t1 acquire L:sparse_irq_lock/mutex\nt1 event desc-in-use:lookup 4096 24\nt1 release L\n"
                    "t1 event desc-in-use:use 4096\n"),
            Bare);
  // In takedown_cpu()'s step, with sparse_irq_lock or without.
  EXPECT_EQ(InLinux(Uses("c", "24", " irqs-off")), Clean);
  EXPECT_EQ(InLinux(Uses("c", "24")), Findings{"lifetime:desc-in-use assumed c t2 c"});
}

TEST(Lifetime, UntilTheWalkEnds) {
  std::string Walk = "t1 event desc:lookup 0 7\nt1 event desc:lookup 0 8\nt1 event desc:until\n";
  EXPECT_EQ(in(Walk + "t2 event desc:free 0 8\n"), Findings{"lifetime:desc assumed t1 t2 t1"});
  EXPECT_EQ(in("t1 event desc:lookup 0 7\nt2 event desc:free 0 7\nt1 event desc:until\n"),
            Findings{"lifetime:desc observed t1 t2 t1"});
  EXPECT_EQ(in("t1 acquire A\n" + Walk + "t1 release A\nt2 acquire A\nt2 event desc:free 0 8\nt2 release A\n"), Clean);
  EXPECT_EQ(in("t1 acquire A\nt1 event desc:lookup 0 7\nt1 release A\nt1 acquire A\nt1 event desc:until\nt1 release A\n"
               "t2 acquire A\nt2 event desc:free 0 7\nt2 release A\n"),
            Findings{"lifetime:desc assumed t1 t2 t1"});
  EXPECT_EQ(in(Walk + "t2 event desc:free 0 9\n"), Findings{"lifetime:desc possible t1 t2 t1"});
}

TEST(Lifetime, TasksStandForAny) {
  // The same task does both, one after the other: two tasks can. A thread of one CPU cannot.
  EXPECT_EQ(inKernel(Bare + "t1 event session:free 16\n"), one("assumed", "t1 t1 t1"));
  EXPECT_EQ(inKernel("c event session:lookup 16\nc event session:use 16\nc event session:free 16\n"), Clean);
  // In `setup` tasks are who they are, and so is a contract that does not bind then.
  EXPECT_EQ(inKernel("t1 begin setup\n" + Bare + "t1 end setup\n" + freed()), Clean);
}

TEST(Lifetime, WorkForTheUserIsItsOwn) {
  EXPECT_EQ(inKernel("t1 acquire A\nt1 event session:lookup 16\nt1 event job:waits 7\nc event job:works 7\nc event "
                     "session:free 16\n"
                     "c event job:worked 7\nt1 event job:waited 7\nt1 event session:use 16\nt1 release A\n"),
            Clean);
}

TEST(Lifetime, InAPhaseThatExempts) {
  Judged J = inProgram("t1 begin setup\n" + Bare + "t1 end setup\n" + freed());
  EXPECT_EQ(J.findings(), Clean);
  EXPECT_EQ(J.Contracts[0].Exempt, 1u);
  EXPECT_EQ(in(Bare + "t2 begin setup\n" + freed() + "t2 end setup\n"), Clean);
}

TEST(Lifetime, AReleaseByAnother) {
  // A semaphore that another thread gives back is not held in between, though nobody has released it here.
  std::string Foreign = "t1 acquire S/sem\nt1 event session:lookup 16\nt3 release S\nt1 acquire S\nt1 event "
                        "session:use 16\nt1 release S\n";
  EXPECT_EQ(in(Foreign + "t2 acquire S\nt2 event session:free 16\nt2 release S\n"), one("assumed"));
}

TEST(Lifetime, ALongWay) {
  // More locks in between than are kept, one after the other under A.
  std::string Way;
  for (int I = 0; I < 5000; ++I)
    Way += "t1 acquire L" + std::to_string(I % 100) + "\nt1 release L" + std::to_string(I % 100) + "\n";
  std::string Begin = "t1 acquire A\nt1 event session:lookup 16\n", End = "t1 event session:use 16\nt1 release A\n";
  EXPECT_EQ(in(Begin + Way + End + freed("A")), Clean);
  EXPECT_EQ(in(Begin + "t1 release A\nt1 acquire A\n" + Way + End + freed("A")), one("assumed"));
  EXPECT_EQ(in(Begin + Way + "t1 release A\nt1 acquire A\n" + End + freed("A")), one("assumed"));
}

TEST(Lifetime, WhatWasNotPutToTheTest) {
  Judged J = inProgram(Bare);
  EXPECT_TRUE(J.says("contract session: 1 look-up(s), 1 use(s), 0 free(s) seen"));
  EXPECT_TRUE(J.says("contract session was never exercised: no free of a session in this recording"));
  EXPECT_EQ(J.Contracts[0].Exercised, 0u);
  J = inProgram(freed());
  EXPECT_TRUE(J.says("contract session was never exercised: a session was never looked up in this recording"));
  EXPECT_EQ(J.Contracts[0].Exercised, 0u);
  J = inProgram("t1 event session:lookup 16\n" + freed());
  EXPECT_TRUE(
      J.says("contract session was never exercised: a session was never used after a look-up in this recording"));
  J = inProgram("t1 event session:use 16\n" + freed());
  EXPECT_TRUE(J.says("1 use(s) by a context that had not looked the object up"));
  J = inProgram(UnderA + freed("A"));
  EXPECT_EQ(J.Contracts[0].Exercised, 1u);
  EXPECT_EQ(J.Contracts[0].Violated, 0u);
  EXPECT_FALSE(J.says("contract session was never exercised"));
  J = inProgram(Bare + freed());
  EXPECT_EQ(J.Contracts[0].Violated, 1u);
}
