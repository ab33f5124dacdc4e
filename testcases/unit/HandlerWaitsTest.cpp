// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Who waits for the handlers of an interrupt, hard ones and threads, and for works and timers: for functions that run
// (`hold-during`). Each by a trace that must be flagged and its twin that must not.
#include "analyzer/report/Report.h"
#include "testcases/unit/Judge.h"
#include <gtest/gtest.h>

using namespace underlock;
using namespace underlock::test;

static const Findings Clean;
static const char Waits[] = "waits:\n"
                            "  - {id: handler, kind: reference, what: the interrupt's handler, spins: true,\n"
                            "     marks: [{hold-during: handle_irq_event}, {wait: sync_hard}]}\n"
                            "  - {id: thread, kind: reference, what: the interrupt's thread,\n"
                            "     marks: [{hold-during: irq_thread_fn}, {wait: sync}]}\n";

static const std::string Contexts = "context t task 1\ncontext th task 2\ncontext hard hardirq 1\nt end boot\n";

static Findings in(const std::string &Trace) { return findingsIn(kernel(Waits), Contexts + Trace); }

// The descriptor `d` has a handler that takes `Lock`, and a thread that does.
static std::string handler(const std::string &Lock) {
  return "hard acquire d/handler shared try irqs-off\nhard acquire " + Lock + "/spin irqs-off\nhard release " + Lock +
         " irqs-off\nhard release d/handler irqs-off\n";
}
static std::string thread(const std::string &Lock) {
  return "th acquire d/thread shared try\nth acquire " + Lock + "\nth release " + Lock + "\nth release d/thread\n";
}
static const std::string WaitsForHandler = "t awaits d/handler irqs-off no-preempt\n",
                         WaitsForThread = "t awaits d/thread\n";
static std::string under(const std::string &Lock, const std::string &What) {
  return "t acquire " + Lock + " irqs-off no-preempt\n" + What + "t release " + Lock + " irqs-off no-preempt\n";
}

TEST(HandlerWaits, AHardHandlerTakesTheSpinlockOfWhoWaitsForIt) {
  EXPECT_EQ(in(handler("L") + under("L/spin", WaitsForHandler)), Findings{"order:wait-cycle assumed L handler"});
  EXPECT_EQ(in(under("L/spin", WaitsForHandler) + handler("L")), Findings{"order:wait-cycle assumed L handler"});
  // Another lock; given back before; who does not wait (disable_irq_nosync()).
  EXPECT_EQ(in(handler("M") + under("L/spin", WaitsForHandler)), Clean);
  EXPECT_EQ(in(handler("L") + under("L/spin", "") + WaitsForHandler), Clean);
  EXPECT_EQ(in(handler("L") + under("L/spin", "")), Clean);
  // Behind the part that is waited for.
  EXPECT_EQ(in("hard acquire d/handler shared try irqs-off\nhard release d/handler irqs-off\n"
               "hard acquire L/spin irqs-off\nhard release L irqs-off\n" +
               under("L/spin", WaitsForHandler)),
            Clean);
}

TEST(HandlerWaits, AHandlerThatOnlyTries) {
  EXPECT_EQ(in("hard acquire d/handler shared try irqs-off\nhard acquire L/spin try irqs-off\nhard release L irqs-off\n"
               "hard release d/handler irqs-off\n" +
               under("L/spin", WaitsForHandler)),
            Clean);
}

TEST(HandlerWaits, AThreadTakesTheMutexOfWhoWaitsForIt) {
  std::string Waiter = "t acquire M\n" + WaitsForThread + "t release M\n";
  EXPECT_EQ(in(thread("M") + Waiter), Findings{"order:wait-cycle assumed M thread"});
  EXPECT_EQ(in(thread("N") + Waiter), Clean);
  EXPECT_EQ(in(thread("M") + "t acquire M\nt release M\n" + WaitsForThread), Clean);
}

TEST(HandlerWaits, WhoWaitsForHardHandlersDoesNotWaitForThreads) {
  EXPECT_EQ(in(thread("M") + "t acquire M\nt awaits d/handler\nt release M\n"), Clean);
  // … who waits for both, of one descriptor, waits for each of them.
  EXPECT_EQ(in(thread("M") + "t acquire M\nt awaits d/handler\n" + WaitsForThread + "t release M\n"),
            Findings{"order:wait-cycle assumed M thread"});
}

TEST(HandlerWaits, WhoSpinsDoesNotSleep) {
  EXPECT_EQ(in(under("L/spin", WaitsForHandler)), Clean);
  EXPECT_EQ(in(under("L/spin", WaitsForThread)), Findings{"irq:sleep observed thread t under L"});
}

TEST(HandlerWaits, ThreeInACircle) {
  // The handler waits for S, whose holder waits for L, whose holder waits for the handler.
  std::string Between = "th acquire S/spin irqs-off\nth acquire L/spin irqs-off\nth release L irqs-off\n"
                        "th release S irqs-off\n";
  EXPECT_EQ(in(handler("S") + Between + under("L/spin", WaitsForHandler)),
            Findings{"order:wait-cycle assumed L handler S"});
  EXPECT_EQ(in(handler("S") + under("L/spin", WaitsForHandler)), Clean);
}

TEST(HandlerWaits, TheHangItself) {
  std::string Hangs = "t acquire L/spin irqs-off\nhard acquire d/handler shared try irqs-off\nhard wait L/spin\n"
                      "t wait d/handler\n";
  EXPECT_EQ(in(Hangs), Findings{"order:wait-cycle observed L handler"});
  EXPECT_EQ(in("t acquire L/spin irqs-off\nhard acquire d/handler shared try irqs-off\nt wait d/handler\n"), Clean);
}

TEST(HandlerWaits, TheReportSaysWhatIsWaitedFor) {
  Judged J = judge(kernel(Waits), Contexts + handler("L") + under("L/spin", WaitsForHandler));
  report::Judged Said;
  Said.R = J.R.get();
  Said.Findings = J.Findings;
  std::string Text;
  llvm::raw_string_ostream Out(Text);
  report::text(Said, {}, Out);
  EXPECT_NE(Text.find("L is held while the interrupt's handler is waited for, and is wanted in there"),
            std::string::npos)
      << Text;
}
