// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The Linux port, on a kernel that is not there (fakekernel/kernel.h): which task has which context, and when that
// ends. The port's tables stay from test to test, so each one has tasks and locks of its own.
#include "Decode.h"
#include "fakekernel/kernel.h"
#include "underlock/underlock.h"
#include "underlock_port.h"
#include <gtest/gtest.h>

using decode::Context;
using decode::Record;
using decode::Trace;

static unsigned char Memory[4096 + 64 * UNDERLOCK_CHUNK_SIZE];

// It was linked without a build id.
asm(".pushsection .rodata\n.globl __start_notes\n.globl __stop_notes\n__start_notes:\n__stop_notes: .zero "
    "16\n.popsection");

extern "C" {
struct task_struct *fake_current;
unsigned int fake_preempt_count;
char fake_stext[1];

struct underlock_file_header *underlock_memory_header(void) {
  return reinterpret_cast<underlock_file_header *>(Memory);
}
void *underlock_memory_chunk(uint32_t Index) {
  return Index < 64 ? Memory + 4096 + Index * UNDERLOCK_CHUNK_SIZE : nullptr;
}

// Nobody is paused here.
uint64_t underlock_port_nanoseconds(void) { return 0; }
void underlock_port_sleep(uint32_t *, uint32_t, uint64_t) {}
void underlock_port_wake(uint32_t *) {}
void underlock_port_pause_news(uint32_t, int) {}
void underlock_port_pause(void *, const struct underlock_site *, uint64_t) {}
}

namespace {

underlock_unit Unit = {0, UNDERLOCK_HOOK_ABI, 99, "linux", "file.c"};
underlock_site site(underlock_verb Verb) {
  return {0, uint8_t(Verb), UNDERLOCK_MODE_EXCLUSIVE, 0, 0, 7, 3, &Unit, "mutex", "file.c", "function", "&a->b", "a.b"};
}
underlock_site Acquire = site(UNDERLOCK_VERB_ACQUIRE), Release = site(UNDERLOCK_VERB_RELEASE);

struct LinuxPort : testing::Test {
  // What lies at this address is this task from now on.
  static void runs(task_struct &At, int Pid) {
    static uint64_t Now = 0;
    At.pid = Pid;
    At.nr_cpus_allowed = 2;
    At.start_time = ++Now;
    snprintf(At.comm, sizeof(At.comm), "task%d", Pid);
    fake_current = &At;
  }
  static void acquire(const void *Lock) {
    __underlock_v1_acquired(&Acquire, Lock, __underlock_v1_begin(&Acquire, Lock));
  }
  static void release(const void *Lock) { __underlock_v1_release(&Release, Lock); }
  static Trace trace() { return Trace(std::vector<unsigned char>(std::begin(Memory), std::end(Memory))); }
  static std::vector<unsigned> kinds(const Context &C) {
    std::vector<unsigned> Out;
    for (const Record &R : C.records())
      Out.push_back(R.Kind);
    return Out;
  }
  static size_t ends(const Context &C) {
    auto All = C.records();
    return std::count_if(All.begin(), All.end(), [](const Record &R) {
      return R.Kind == UNDERLOCK_RECORD_THREAD && R.What == UNDERLOCK_THREAD_END;
    });
  }
  static bool sealed(const Context &C) { return C.last().state == UNDERLOCK_CHUNK_SEALED; }
  // Whatever happened, it is over, and nothing was lost.
  void TearDown() override {
    EXPECT_EQ(fake_preempt_count, 0u);
    Trace T = trace();
    for (auto &[Number, C] : T.Contexts)
      EXPECT_EQ(C.lost(), 0u);
  }
  static constexpr unsigned Acquired = UNDERLOCK_RECORD_ACQUIRED, Released = UNDERLOCK_RECORD_RELEASED,
                            OfThread = UNDERLOCK_RECORD_THREAD;
};

TEST_F(LinuxPort, ATaskGoesOn) {
  static task_struct A;
  int Lock;
  runs(A, 10);
  acquire(&Lock);
  EXPECT_EQ(kinds(trace().ofThread(10)), std::vector<unsigned>{Acquired});
  EXPECT_FALSE(sealed(trace().ofThread(10)));
}

TEST_F(LinuxPort, ATaskEndsWithWhatItHolds) {
  static task_struct A;
  int Lock;
  runs(A, 20);
  acquire(&Lock);
  __underlock_v1_end();
  EXPECT_EQ(kinds(trace().ofThread(20)), (std::vector<unsigned>{Acquired, OfThread}));
  EXPECT_EQ(ends(trace().ofThread(20)), 1u);
  EXPECT_TRUE(sealed(trace().ofThread(20)));
}

TEST_F(LinuxPort, OnItsWayOutItIsTheProcessor) {
  static task_struct A;
  int Lock, Other;
  runs(A, 30);
  acquire(&Lock);
  release(&Lock);
  __underlock_v1_end();
  acquire(&Other);
  release(&Other);
  __underlock_v1_end();
  Trace T = trace();
  EXPECT_EQ(kinds(T.ofThread(30)), (std::vector<unsigned>{Acquired, Released, OfThread}));
  const Context &Processor = T.ofThread(1);
  EXPECT_EQ(Processor.last().kind, UNDERLOCK_CONTEXT_HARDIRQ);
  EXPECT_EQ(Processor.records().back().Lock, uint64_t(&Other));
}

// What lies at its address later is another context, with nothing of it.
TEST_F(LinuxPort, ItsAddressIsUsedAgain) {
  static task_struct A, B;
  int Lock, Other;
  runs(A, 40);
  acquire(&Lock);
  __underlock_v1_end();
  runs(B, 42);
  acquire(&Other);
  runs(A, 41);
  EXPECT_EQ(underlock_holds(&Lock), UNDERLOCK_NOT_HELD);
  acquire(&Other);
  EXPECT_EQ(underlock_holds(&Other), UNDERLOCK_HELD);
  release(&Other);
  fake_current = &B;
  release(&Other);
  Trace T = trace();
  EXPECT_EQ(kinds(T.ofThread(40)), (std::vector<unsigned>{Acquired, OfThread}));
  EXPECT_EQ(kinds(T.ofThread(41)), (std::vector<unsigned>{Acquired, Released}));
  EXPECT_EQ(kinds(T.ofThread(42)), (std::vector<unsigned>{Acquired, Released}));
  EXPECT_EQ(T.ofThread(41).last().sequence, 0u);
  EXPECT_EQ(T.ofThread(41).Names, std::vector<std::string>{"task41"});
}

// One whose end no hook has seen ends when the next one comes.
TEST_F(LinuxPort, AnEndThatIsNotSeen) {
  static task_struct A;
  int Lock;
  runs(A, 50);
  acquire(&Lock);
  runs(A, 51);
  EXPECT_EQ(ends(trace().ofThread(50)), 0u);
  acquire(&Lock);
  EXPECT_EQ(ends(trace().ofThread(50)), 1u);
  EXPECT_EQ(ends(trace().ofThread(51)), 0u);
}

// Who has recorded nothing has nothing to end: it begins and ends.
TEST_F(LinuxPort, ATaskThatDidNothing) {
  static task_struct A;
  runs(A, 60);
  __underlock_v1_end();
  EXPECT_EQ(kinds(trace().ofThread(60)), std::vector<unsigned>{OfThread});
  runs(A, 61);
  __underlock_v1_end();
  EXPECT_EQ(kinds(trace().ofThread(61)), std::vector<unsigned>{OfThread});
}

TEST_F(LinuxPort, AnInterruptEndsNoTask) {
  static task_struct A;
  int Lock;
  runs(A, 70);
  acquire(&Lock);
  for (unsigned Count : {SOFTIRQ_OFFSET, 0x10000u, 0x100000u}) {
    fake_preempt_count = Count;
    __underlock_v1_end();
  }
  fake_preempt_count = 0;
  release(&Lock);
  EXPECT_EQ(kinds(trace().ofThread(70)), (std::vector<unsigned>{Acquired, Released}));
}

} // namespace
