// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Waits for what is no lock: references, ends of threads, completions, as edges of lock order; and the hang that a
// recording ends in. Each by a trace that must be flagged and its twin that must not.
#include "analyzer/report/Report.h"
#include "testcases/unit/Judge.h"
#include <gtest/gtest.h>

using namespace underlock;
using namespace underlock::test;

static const Findings Clean;
static const char Waits[] = "waits:\n"
                            "  - {id: ref, kind: reference, what: file reference, gives-up: tree, ends: true,\n"
                            "     marks: [{hold: get}, {drop: put}, {wait: drain}]}\n"
                            "  - {id: end, kind: thread, marks: [{wait: join}]}\n"
                            "  - {id: done, kind: completion, marks: [{wait: wait_for}, {signal: complete}]}\n";

static Findings inProgram(const std::string &Trace) { return findingsIn(program(Waits), Trace); }
static Findings inKernel(const std::string &Trace) { return findingsIn(kernel(Waits), "boot end boot\n" + Trace); }

static std::string text(const std::string &Trace) {
  Judged J = judge(program(Waits), Trace);
  report::Judged Said;
  Said.R = J.R.get();
  Said.Findings = J.Findings;
  std::string Text;
  llvm::raw_string_ostream Out(Text);
  report::text(Said, {}, Out);
  return Text;
}

// A store to a file takes the lock; its removal waits, under the lock, for those that are in it.
static const std::string Stores = "s acquire f/ref shared try\ns acquire L\ns release L\ns release f\n",
                         Removes = "r acquire L\nr awaits f/ref\nr release L\n";
static const Findings Cycle = {"order:wait-cycle assumed L ref"};

TEST(Waits, AReferenceThatIsDrainedUnderTheLockOfItsHolder) {
  EXPECT_EQ(inProgram(Stores + Removes), Cycle);
  EXPECT_EQ(inKernel(Stores + Removes), Cycle);
  // Of another file; with the lock given back before; taken when the reference was dropped.
  EXPECT_EQ(inProgram(Stores + "r acquire L\nr awaits g/ref\nr release L\n"),
            Findings{"order:wait-cycle possible L ref"});
  EXPECT_EQ(inProgram(Stores + "r acquire L\nr release L\nr awaits f/ref\n"), Clean);
  EXPECT_EQ(inProgram("s acquire f/ref shared try\ns release f\ns acquire L\ns release L\n" + Removes), Clean);
  // A try waits for nobody.
  EXPECT_EQ(inProgram("s acquire f/ref shared try\ns acquire L try\ns release L\ns release f\n" + Removes), Clean);
}

TEST(Waits, ADrainedReferenceIsTheLastOfItsObject) {
  // What lies there later is another file, of the same class.
  EXPECT_EQ(inProgram(Removes + Stores), Findings{"order:wait-cycle possible L ref"});
  EXPECT_EQ(inKernel(Removes + Stores), Findings{"order:wait-cycle possible L ref"});
}

TEST(Waits, WhatLiesWhereAReferenceWasDrained) {
  // A lock at the same address, its first member, lives on: it can be freed while it is held.
  std::string Ends = "s acquire f/ref shared try\ns release f/ref\nx acquire f/spin\nr awaits f/ref\n";
  EXPECT_EQ(inProgram(Ends + "r destroy f\n"), Findings{"self:freed-held observed f r"});
  EXPECT_EQ(inProgram(Ends + "x release f/spin\nr destroy f\n"), Clean);
}

TEST(Waits, TheWaitGivesALockUp) {
  auto Under = [](const std::string &Lock) {
    return "s acquire f/ref shared try\ns acquire " + Lock + "\ns release " + Lock + "\ns release f\nr acquire " +
           Lock + "\nr awaits f/ref\nr release " + Lock + "\n";
  };
  EXPECT_EQ(inProgram(Under("tree")), Clean);
  EXPECT_EQ(inProgram(Under("trunk")), Findings{"order:wait-cycle assumed ref trunk"});
}

TEST(Waits, AGateKeepsReferenceAndDrainApart) {
  EXPECT_EQ(inProgram("s acquire G\n" + Stores + "s release G\nr acquire G\n" + Removes + "r release G\n"), Clean);
}

TEST(Waits, TheShortestOfSeveralCycles) {
  // Who holds the reference takes A, and then L under it: the way by A is the same deadlock.
  EXPECT_EQ(inKernel("s acquire f/ref shared try\ns acquire A\ns acquire L\ns release L\ns release A\ns release f\n" +
                     Removes),
            Cycle);
}

// Who writes to the file n has a reference to it, takes D, and L; who writes to o takes D. The removal waits under L
// for both: where that for n comes first, nobody has n any more when it waits for o, and there is no circle of the
// three.
TEST(Waits, WhatWasDrainedBeforeIsHeldByNobody) {
  const std::string WritesO = "a acquire o/ref shared try\na acquire D\na release D\na release o\n",
                    WritesN =
                        "b acquire n/ref shared try\nb acquire D\nb acquire L\nb release L\nb release D\nb release n\n";
  auto Removal = [](const std::string &First, const std::string &Then) {
    return "r acquire L\nr awaits " + First + "/ref\nr awaits " + Then + "/ref\nr release L\n";
  };
  const Findings Three = {"order:wait-cycle assumed D L ref", "order:wait-cycle assumed L ref"};
  EXPECT_EQ(inKernel(WritesO + WritesN + Removal("n", "o")), Cycle);
  EXPECT_EQ(inKernel(WritesO + WritesN + Removal("o", "n")), Three);
  // Without a reference to n, or where that was waited for by somebody else, or in another operation.
  const Findings Elsewhere = {Three.front(), "order:wait-cycle possible L ref"};
  const std::string Only = "r acquire L\nr awaits o/ref\nr release L\n";
  EXPECT_EQ(inKernel(WritesO + "b acquire D\nb acquire L\nb release L\nb release D\n" + Removal("n", "o")),
            Findings{Three.front()});
  EXPECT_EQ(inKernel(WritesO + WritesN + "q acquire M\nq awaits n/ref\nq release M\n" + Only), Elsewhere);
  EXPECT_EQ(inKernel(WritesO + WritesN + "r acquire M\nr awaits n/ref\nr release M\n" + Only), Elsewhere);
}

TEST(Waits, ADropWithoutAHoldIsNothing) {
  EXPECT_EQ(inProgram("s release f/ref\nmain fork t\nt acquire f/ref shared try\nt exits\ns release f\n"), Clean);
}

TEST(Waits, OnesOwnReference) {
  EXPECT_EQ(inProgram("s acquire f/ref shared try\ns wait f/ref\n"), Findings{"self:self-deadlock observed ref s"});
  EXPECT_EQ(inProgram("s acquire f/ref shared try\ns release f\ns wait f/ref\n"), Clean);
}

// main joins t under L.
static std::string joined(const std::string &Inside, const std::string &Before = "") {
  return "main fork t\n" + Before + "main acquire L\n" + Inside +
         "t exits\nmain join t\nmain awaits t/end\nmain release L\n";
}
static const std::string TakesL = "t acquire L\nt release L\n";
static const Findings Joined = {"order:wait-cycle assumed L end"};

TEST(Waits, AThreadThatTakesTheLockOfWhoJoinsIt) {
  EXPECT_EQ(inProgram(joined("", TakesL)), Joined);
  EXPECT_EQ(inProgram(joined("", "t acquire M\nt release M\n")), Clean);
  // Joined, and the lock taken then.
  EXPECT_EQ(
      inProgram("main fork t\n" + TakesL + "t exits\nmain join t\nmain awaits t/end\nmain acquire L\nmain release L\n"),
      Clean);
  // Another thread takes it.
  EXPECT_EQ(inProgram("main fork u\nu acquire L\nu release L\n" + joined("")), Clean);
  EXPECT_EQ(inProgram(joined("", "t acquire L try\nt release L\n")), Clean);
}

TEST(Waits, AThreadThatIsJoinedByAThreadThatIsJoined) {
  std::string Inner = "t fork u\nu acquire L\nu release L\nu exits\nt join u\nt awaits u/end\n";
  EXPECT_EQ(inProgram(joined("", Inner)), Findings{"order:wait-cycle assumed L end end"});
  EXPECT_EQ(inProgram(joined("", "t fork u\nu exits\nt join u\nt awaits u/end\n")), Clean);
}

TEST(Waits, WhatWasOverBeforeTheLockWasTaken) {
  // t is through with L before it says so, and main takes L behind that.
  std::string Ready = TakesL + "t signals ready/done\n";
  EXPECT_EQ(inProgram(joined("", Ready + "main awaits ready/done\n")), Clean);
  EXPECT_EQ(inProgram(joined("", Ready)), Joined);
  EXPECT_EQ(inProgram(joined("", "t signals ready/done\nmain awaits ready/done\n" + TakesL)), Joined);
}

TEST(Waits, AThreadThatHangsInTheLockOfWhoJoinsIt) {
  EXPECT_EQ(inProgram("main fork t\nmain acquire L\nt wait L\nmain wait t/end\n"),
            Findings{"order:wait-cycle observed L end"});
  EXPECT_EQ(inProgram("main fork t\nmain acquire L\nt acquire M\nmain wait t/end\n"), Clean);
}

// w waits for C under L; s signals it.
static std::string completed(const std::string &Before) {
  return Before + "s signals C/done\nw acquire L\nw awaits C/done\nw release L\n";
}
static const std::string SignallerTakesL = "s acquire L\ns release L\n";

TEST(Waits, ASignallerThatTakesTheLockOfWhoWaits) {
  EXPECT_EQ(inProgram(completed(SignallerTakesL)), Findings{"order:wait-cycle assumed C L"});
  EXPECT_EQ(inProgram(completed("")), Clean);
  EXPECT_EQ(inProgram("s signals C/done\n" + SignallerTakesL + "w acquire L\nw awaits C/done\nw release L\n"), Clean);
  // Before its own last wait: over when it began with what leads to the signal.
  EXPECT_EQ(inProgram(completed(SignallerTakesL + "s awaits D/done\n")), Clean);
  // Over for who took the lock then.
  EXPECT_EQ(inProgram(completed(SignallerTakesL + "s signals D/done\nw awaits D/done\n")), Clean);
}

TEST(Waits, SeveralWhoSignal) {
  EXPECT_EQ(inProgram("x signals C/done\n" + completed(SignallerTakesL)), Findings{"order:wait-cycle possible C L"});
  // The waiter itself is busy waiting.
  EXPECT_EQ(inProgram("w signals C/done\n" + completed(SignallerTakesL)), Findings{"order:wait-cycle assumed C L"});
}

TEST(Waits, InAKernelAnybodyMaySignal) {
  // Nothing is concluded from who did, in a run that goes well; nor is it sure in one that hangs.
  EXPECT_EQ(inKernel(completed(SignallerTakesL)), Clean);
  std::string Hangs = "s signals C/done\nw awaits C/done\nw acquire L\nw wait C/done\n";
  EXPECT_EQ(inKernel(Hangs + "s wait L\n"), Findings{"hang:cycle possible C L"});
  EXPECT_EQ(inKernel(Hangs + "s wait M\n"), Clean);
}

TEST(Waits, TheReportTellsBothSides) {
  std::string Said = text(completed(SignallerTakesL));
  EXPECT_NE(Said.find("L is held while C is waited for, and is wanted before that is signalled"), std::string::npos)
      << Said;
  EXPECT_NE(Said.find("note: L is wanted before C is signalled, by s:"), std::string::npos) << Said;
  EXPECT_NE(Said.find("has yet to signal C"), std::string::npos) << Said;
  EXPECT_NE(Said.find("nothing but s signals C: nothing else did in this recording"), std::string::npos) << Said;
  Said = text(Stores + Removes);
  EXPECT_NE(Said.find("L is held while the last file reference is waited for, and is wanted by who holds one"),
            std::string::npos)
      << Said;
  EXPECT_NE(Said.find("holds ref"), std::string::npos) << Said;
}

TEST(Hang, OneCauseIsOneFinding) {
  EXPECT_EQ(inProgram("a acquire A\nb acquire B\na wait B\nb wait A\n"), Findings{"order:inversion observed A B"});
  EXPECT_EQ(inProgram("a acquire A\na wait A\n"), Findings{"self:self-deadlock observed A a"});
  // Who waits behind a hang is no other one.
  EXPECT_EQ(inProgram("a acquire A\nb acquire B\na wait B\nb wait A\nc wait A\n"),
            Findings{"order:inversion observed A B"});
  EXPECT_EQ(inProgram("a acquire A\nb wait A\n"), Clean);
}

TEST(Hang, TheReportSaysSinceWhen) {
  std::string Said = text("a acquire A\nb acquire B\na wait B\nb wait A\n");
  EXPECT_NE(Said.find("and waits for B here since second 0.002"), std::string::npos) << Said;
  EXPECT_NE(Said.find("and waits for A here since second 0.003"), std::string::npos) << Said;
  Said = text("a acquire A\na wait A\n");
  EXPECT_NE(Said.find("it waits here since second 0.001"), std::string::npos) << Said;
  EXPECT_NE(Said.find("the first acquisition of A, which was never released"), std::string::npos) << Said;
  // Not of what has come, or would come.
  EXPECT_EQ(text(Stores + Removes).find("since"), std::string::npos);
}

// w waits under L for what s has signalled before.
static const std::string Again = "s signals C/done\nw awaits C/done\nw acquire L\nw wait C/done\n";

TEST(Hang, TheOnlySignallerWaitsToo) {
  EXPECT_EQ(inProgram(Again + "s wait L\n"), Findings{"hang:cycle assumed C L"});
  EXPECT_EQ(inProgram(Again), Clean); // it is about to
  EXPECT_EQ(inProgram(Again + "s wait M\n"), Clean);
  // Somebody else may.
  EXPECT_EQ(inProgram("x signals C/done\n" + Again + "s wait L\n"), Clean);
  EXPECT_EQ(inProgram(Again + "s wait L\nexit\n"), Clean); // the program ended in order
  std::string Said = text(Again + "s wait L\n");
  EXPECT_NE(Said.find("it hangs: w and s wait for each other"), std::string::npos) << Said;
  EXPECT_NE(Said.find("C is waited for since second 0.003, which only s signals, by w:"), std::string::npos) << Said;
  EXPECT_NE(Said.find("L is waited for since second 0.004, held by w, by s:"), std::string::npos) << Said;
}

TEST(Hang, OthersMayHaveSignalledUnseen) {
  auto InA = [](underlock_recording_mode Mode) { return judge(program(Waits), Again + "s wait L\n", Mode).findings(); };
  EXPECT_EQ(InA(UNDERLOCK_RECORDING_RING), Findings{"hang:cycle possible C L"});
  EXPECT_EQ(InA(UNDERLOCK_RECORDING_EVERYTHING), Findings{"hang:cycle assumed C L"});
  // … and so may those who end a wait under a lock.
  Judged J = judge(program(Waits), completed(SignallerTakesL), UNDERLOCK_RECORDING_RING);
  EXPECT_EQ(J.findings(), Findings{"order:wait-cycle possible C L"});
}

// `Pairs` of threads hang, each over locks of their own of the same two classes, and over references.
static std::string pairsThatHang(int Pairs) {
  std::string Trace;
  for (int I = 0; I < Pairs; ++I) {
    std::string A = "a" + std::to_string(I), B = "b" + std::to_string(I), N = std::to_string(I);
    Trace += A + " acquire f" + N + "/ref shared try\n" + B + " acquire g" + N + "/ref shared try\n";
    Trace += A + " wait g" + N + "/ref\n" + B + " wait f" + N + "/ref\n";
  }
  return Trace;
}

TEST(Hang, OneFindingForEachCircleOfClasses) {
  EXPECT_EQ(inProgram(pairsThatHang(1)).size(), inProgram(pairsThatHang(3)).size());
}

TEST(Hang, EverybodyWaitsForEverybody) {
  // Each of many waits for a reference that all hold: circles beyond number.
  std::string Trace;
  for (int I = 0; I < 24; ++I)
    Trace += "t" + std::to_string(I) + " acquire f/ref shared try\n";
  for (int I = 0; I < 24; ++I)
    Trace += "t" + std::to_string(I) + " wait f/ref\n";
  Judged J = judge(program(Waits), Trace);
  EXPECT_TRUE(J.says("the search for circles of waits was given up"));
  EXPECT_FALSE(J.findings().empty());
}

TEST(Hang, ThreeInACircle) {
  EXPECT_EQ(inProgram(Again + "t acquire M\ns wait M\nt wait L\n"), Findings{"hang:cycle assumed C M L"});
  EXPECT_EQ(inProgram(Again + "t acquire M\ns wait M\nt wait K\n"), Clean);
}

TEST(Hang, NobodyIsLeftToSignal) {
  std::string Gone = "main fork s\nmain fork w\n" + Again + "s exits\n", AllWait = Gone + "main wait w/end\n";
  EXPECT_EQ(inProgram(AllWait), Findings{"hang:orphan assumed C w"});
  EXPECT_EQ(inProgram(Gone), Findings{"hang:orphan possible C w"}); // main may start another one
  EXPECT_EQ(inProgram("x signals C/done\n" + AllWait), Clean);
  EXPECT_EQ(inProgram(AllWait + "main exits\nexit\n"), Clean);
}

TEST(Hang, AReferenceWhoseHolderHasEnded) {
  EXPECT_EQ(inProgram("main fork s\ns acquire f/ref shared try\ns exits\nr wait f/ref\n"),
            Findings{"hang:orphan observed ref r"});
  EXPECT_EQ(inProgram("main fork s\ns acquire f/ref shared try\ns release f\ns exits\nr wait f/ref\n"), Clean);
  // A lock: that is said already.
  EXPECT_EQ(inProgram("main fork s\ns acquire L\ns exits\nr wait L\n"), Findings{"self:held-at-exit observed L s"});
}

TEST(Hang, ALockWhoseHolderHasEnded) {
  const std::string Takes = "m end boot\ns acquire L\n", Wants = "r wait L\n";
  Judged J = judge(kernel(), Takes + "s exits\n" + Wants);
  EXPECT_EQ(J.findings(), Findings{"self:held-at-exit observed L s"});
  EXPECT_TRUE(J.says("r still waited for L, held by s, which has ended at second 0.002, when the recording ended"));
  J = judge(kernel(), Takes + Wants);
  EXPECT_EQ(J.findings(), Clean);
  EXPECT_TRUE(J.says("r still waited for L, held by s, when the recording ended"));
}
