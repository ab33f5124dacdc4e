// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is left of a recording that did not end in order: kills, aborts, a real deadlock, a full disk, a fork, a setting
// that makes no sense.
#include "Run.h"
#include "underlock/underlock.h"
#include <algorithm>
#include <gtest/gtest.h>
#include <random>

using decode::Context;
using decode::Trace;
using run::Folder;

TEST(Survival, TwoHundredKillsAtRandomMoments) {
  std::mt19937 Random(run::seed());
  std::uniform_int_distribution<unsigned> Microseconds(0, 6000);
  uint64_t Announced = 0;
  int TooEarly = 0;
  for (int Kill = 0; Kill < 200; ++Kill) {
    Folder F;
    run::Process P = run::start("trace=" + (F / "t"), {"announce", "4"});
    std::map<uint64_t, uint64_t> Counts;
    uint64_t Said[2];
    // From the first announcement on; some kills come before it.
    if (Kill % 10 && read(P.Out, Said, sizeof(Said)) == sizeof(Said))
      Counts[Said[0]] = Said[1];
    fcntl(P.Out, F_SETFL, O_NONBLOCK);
    usleep(Microseconds(Random));
    while (read(P.Out, Said, sizeof(Said)) == sizeof(Said))
      Counts[Said[0]] = Said[1];
    kill(P.Pid, SIGKILL);
    fcntl(P.Out, F_SETFL, 0);
    run::Result R = run::finish(P);
    for (size_t At = 0; At + sizeof(Said) <= R.Out.size(); At += sizeof(Said)) {
      std::memcpy(Said, R.Out.data() + At, sizeof(Said));
      Counts[Said[0]] = Said[1];
    }
    // Killed before main: there may be no trace yet, or none with a header.
    if (Counts.empty() && !run::hasHeader(F / "t")) {
      ++TooEarly;
      continue;
    }
    Trace T = Trace::read(F / "t");
    ASSERT_EQ(T.lost(), 0u);
    for (auto &[Thread, Count] : Counts) {
      ASSERT_LE(Count, T.ofThread(Thread).count(UNDERLOCK_RECORD_ACQUIRED)) << "kill " << Kill;
      Announced += Count;
    }
  }
  printf("%llu acquisitions were announced, and are recorded\n", static_cast<unsigned long long>(Announced));
  EXPECT_GT(Announced, 100000u);
  EXPECT_LE(TooEarly, 20);
}

TEST(Survival, AnAbortKeepsTheAcquisitionBeforeIt) {
  Folder F;
  auto R = run::driver("trace=" + (F / "t"), {"abort"});
  EXPECT_EQ(R.signal(), SIGABRT);
  Trace T = Trace::read(F / "t");
  EXPECT_EQ(T.count(UNDERLOCK_RECORD_ACQUIRED), 1u);
  EXPECT_EQ(T.count(UNDERLOCK_RECORD_EXIT), 0u);
  EXPECT_EQ(T.main().last().state, UNDERLOCK_CHUNK_OPEN);
}

TEST(Survival, ARealDeadlockSaysWhoWaitsForWhat) {
  Folder F;
  run::Process P = run::start("trace=" + (F / "t"), {"deadlock"});
  // Until both wait. What is tried is the reading from outside, while the program hangs.
  bool BothWait = false;
  for (int Try = 0; Try < 1000 && !BothWait; ++Try) {
    usleep(10000);
    try {
      Trace T = Trace::read(F / "t");
      size_t Waiting = 0;
      for (auto &[Number, C] : T.Contexts)
        Waiting += C.last().waiting_lock != 0;
      BothWait = Waiting == 2;
    } catch (const std::runtime_error &) { // not all there yet
    }
  }
  kill(P.Pid, SIGKILL);
  run::Result R = run::finish(P);
  ASSERT_TRUE(BothWait);
  std::vector<uint64_t> Locks = run::numbers(R.Out);
  Trace T = Trace::read(F / "t");
  std::set<std::pair<uint64_t, uint64_t>> HeldAndWanted;
  for (auto &[Number, C] : T.Contexts) {
    const decode::Record Held = C.records().back();
    EXPECT_EQ(Held.Kind, unsigned(UNDERLOCK_RECORD_ACQUIRED));
    EXPECT_EQ(T.Sites.at(C.Places.at(C.last().waiting_place).Site).Function, "acquire_site_function");
    EXPECT_GE(C.last().waiting_since, Held.Time);
    HeldAndWanted.insert({Held.Lock, C.last().waiting_lock});
  }
  EXPECT_EQ(HeldAndWanted, (std::set<std::pair<uint64_t, uint64_t>>{{Locks[0], Locks[1]}, {Locks[1], Locks[0]}}));
}

TEST(Survival, AHandlerLeavesTheOuterNoteOfWaiting) {
  Folder F;
  auto R = run::driver("trace=" + (F / "t"), {"signal", "0"});
  EXPECT_EQ(R.signal(), SIGABRT);
  Trace T = Trace::read(F / "t");
  EXPECT_EQ(T.main().last().waiting_lock, run::numbers(R.Out).at(0));
  EXPECT_EQ(T.main().count(UNDERLOCK_RECORD_ACQUIRED), 1u); // the handler's
}

TEST(Survival, AHandlerThatWaitsIsTheOneThatIsNoted) {
  Folder F;
  auto R = run::driver("trace=" + (F / "t"), {"signal", "1"});
  EXPECT_EQ(R.signal(), SIGABRT);
  EXPECT_EQ(Trace::read(F / "t").main().last().waiting_lock, run::numbers(R.Out).at(1));
}

// 256 KiB: the header and three chunks. Needs no root, where a small file system would.
TEST(FullDisk, RecordsWhatFitsCountsTheRestAndLetsTheProgramGoOn) {
  Folder F;
  auto R = run::driver("trace=" + (F / "t"), {"full", "300000"}, [] {
    rlimit Limit = {256 << 10, 256 << 10};
    setrlimit(RLIMIT_FSIZE, &Limit);
  });
  ASSERT_EQ(R.exitStatus(), 0) << R.Err;
  EXPECT_NE(R.Err.find("the trace cannot grow"), std::string::npos) << R.Err;
  EXPECT_EQ(std::count(R.Err.begin(), R.Err.end(), '\n'), 1);
  Trace T = Trace::read(F / "t");
  EXPECT_EQ(T.main().Chunks.size(), 3u);
  size_t Seen = T.count(UNDERLOCK_RECORD_ACQUIRED) + T.count(UNDERLOCK_RECORD_RELEASED);
  EXPECT_GT(Seen, 10000u);
  // All that was not written is counted: the rest of the records, the last clock reading, and EXIT itself.
  EXPECT_EQ(Seen + T.lost(), run::numbers(R.Out).at(0) + 2);
  EXPECT_EQ(T.count(UNDERLOCK_RECORD_EXIT), 0u);
}

TEST(FullDisk, FromTheStartIsAnError) {
  Folder F;
  auto R = run::driver("trace=" + (F / "t"), {"nothing"}, [] {
    rlimit Limit = {8 << 10, 8 << 10};
    setrlimit(RLIMIT_FSIZE, &Limit);
  });
  EXPECT_EQ(R.exitStatus(), 2);
  EXPECT_NE(R.Err.find("cannot write the trace: File too large"), std::string::npos) << R.Err;
}

TEST(Settings, ThatAreWrongEndTheProgramBeforeMain) {
  struct {
    const char *Settings, *Message;
  } Cases[] = {
      {"colour=red", "unknown setting: 'colour=red'; known settings: trace=PATH"},
      {"trace", "unknown setting: 'trace'"},
      {"trace=", "a setting without a value: 'trace='"},
      {"frames=0", "not a number of frames: 'frames=0'"},
      {"frames=65", "not a number of frames: 'frames=65'; known settings: trace=PATH (%p in it: the process id), "
                    "frames=N (1 to 64)"},
      {"frames=8x", "not a number of frames: 'frames=8x'"},
      {"frames=", "not a number of frames: 'frames='"},
      {"pause=", "a setting without a value: 'pause='"},
      {"pause=/no/such/plan", "pause=/no/such/plan: No such file or directory"},
      {"pause=/dev/null", "pause=/dev/null: byte 1: not a plan of pauses"},
      {"frames=8,,trace=/dev/null", "unknown setting: ''"},
      {"trace=/no/such/folder/t", "/no/such/folder/t: cannot write the trace: No such file or directory"},
      {"trace=/", "/: cannot write the trace: Is a directory"},
      {"trace=/dev/null", "/dev/null: cannot write the trace: not a regular file"},
  };
  for (auto &Case : Cases) {
    auto R = run::driver(Case.Settings, {"stacks"});
    EXPECT_EQ(R.exitStatus(), 2) << Case.Settings;
    EXPECT_EQ(R.Out, "") << Case.Settings;
    EXPECT_EQ(R.Err.rfind("underlock: ", 0), 0u) << R.Err;
    EXPECT_NE(R.Err.find(Case.Message), std::string::npos) << R.Err;
  }
}

TEST(Settings, PutTheProcessIdIntoThePath) {
  Folder F;
  auto R = run::driver("trace=" + (F / "a.%p.b"), {"nothing"});
  EXPECT_EQ(F.files(), std::vector<std::string>{"a." + std::to_string(R.Pid) + ".b"});
}

TEST(Fork, TheChildHasATraceOfItsOwnAndHoldsWhatItsParentHeld) {
  Folder F;
  auto R = run::driver("trace=" + (F / "t"), {"fork", "0"});
  ASSERT_EQ(R.exitStatus(), 0) << R.Err;
  std::vector<uint64_t> Said = run::numbers(R.Out); // the child's id, and whether it holds the lock
  EXPECT_EQ(Said.at(1), uint64_t(UNDERLOCK_HELD));
  Trace Parent = Trace::read(F / "t");
  EXPECT_EQ(Parent.main().count(UNDERLOCK_RECORD_ACQUIRED), 1u);
  EXPECT_EQ(Parent.main().count(UNDERLOCK_RECORD_RELEASED), 1u);
  Trace Child = Trace::read((F / "t.") + std::to_string(Said.at(0)));
  EXPECT_EQ(Child.Header.process, Said.at(0));
  EXPECT_EQ(Child.Contexts.size(), 1u);
  EXPECT_EQ(Child.main().count(UNDERLOCK_RECORD_ACQUIRED), 2u); // the inherited one first
  EXPECT_EQ(Child.main().count(UNDERLOCK_RECORD_RELEASED), 2u);
  EXPECT_EQ(Child.main().records().at(0).Lock, Parent.main().records().at(0).Lock);
  EXPECT_EQ(Child.count(UNDERLOCK_RECORD_EXIT), 1u);
  EXPECT_FALSE(Child.Images.empty());
}

TEST(Fork, AChildCountsItsOwnReportsOfThreadSanitizer) {
  Folder F;
  auto R = run::driver("trace=" + (F / "t.%p"), {"reports"});
  ASSERT_EQ(R.exitStatus(), 0) << R.Err;
  EXPECT_EQ(Trace::read((F / "t.") + std::to_string(R.Pid)).lost(), 1u);
  EXPECT_EQ(Trace::read((F / "t.") + std::to_string(run::numbers(R.Out).at(0))).lost(), 0u);
}

TEST(Fork, ARawCloneIsNoticedToo) {
  Folder F;
  auto R = run::driver("trace=" + (F / "t.%p"), {"fork", "1"});
  ASSERT_EQ(R.exitStatus(), 0) << R.Err;
  EXPECT_NE(R.Out.find(" -1\n"), std::string::npos) << "what it holds is not known: " << R.Out;
  std::string ChildId = R.Out.substr(0, R.Out.find(' '));
  EXPECT_EQ(Trace::read((F / "t.") + std::to_string(R.Pid)).main().count(UNDERLOCK_RECORD_ACQUIRED), 1u);
  EXPECT_EQ(Trace::read((F / "t.") + ChildId).main().count(UNDERLOCK_RECORD_ACQUIRED), 1u);
}

TEST(Fork, AChildMakesThreadsAndOneThatOnlyExecsLeavesNoTrace) {
  Folder F;
  auto R = run::driver("trace=" + (F / "t.%p"), {"fork-more"});
  ASSERT_EQ(R.exitStatus(), 0) << R.Err;
  EXPECT_EQ(F.files().size(), 2u);
  Trace Child = Trace::read((F / "t.") + std::to_string(run::numbers(R.Out).at(0)));
  EXPECT_EQ(Child.Contexts.size(), 2u);
  EXPECT_EQ(Child.count(UNDERLOCK_RECORD_THREAD), 4u);
}
