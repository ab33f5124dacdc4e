// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Locks that die with their memory; and when an acquisition need not wait to read the clock.
#include "Core.h"

using namespace underlock::test;

namespace {

// ---- Memory that is given back ----

struct Freed : Run {
  static constexpr uint64_t Base = 0x7abc00000000; // where no other test has a lock; the first of a region
  void give(uint64_t Memory, uint64_t Size) { __underlock_v1_free(&Free, reinterpret_cast<void *>(Memory), Size); }
  // The locks that died since the last look, by record, all at the site of the free.
  std::vector<uint64_t> died() {
    std::vector<uint64_t> Out;
    decode::Trace T = trace();
    auto All = only(T).records();
    for (; Looked < All.size(); ++Looked)
      if (All[Looked].Kind == UNDERLOCK_RECORD_DESTROY) {
        EXPECT_EQ(T.siteOf(only(T), All[Looked]).Verb, unsigned(UNDERLOCK_VERB_FREE));
        Out.push_back(All[Looked].Lock);
      }
    return Out;
  }
  void use(uint64_t Lock) {
    acquire(Acquire, Lock);
    release(Lock);
  }
  underlock_site Free = site(UNDERLOCK_VERB_FREE), Destroy = site(UNDERLOCK_VERB_DESTROY);
  size_t Looked = 0;
  using Locks = std::vector<uint64_t>;
};

TEST_F(Freed, LocksDieWithTheirMemoryOnce) {
  use(Base + 0x1010);
  use(Base + 0x1014); // as near as two can be
  use(Base + 0x10fc);
  use(Base + 0x1100);
  give(Base + 0x1000, 0x10); // beside them
  give(Base + 0x1104, 0x1000);
  EXPECT_EQ(died(), Locks());
  give(Base + 0x1014, 0xec);
  EXPECT_EQ(died(), (Locks{Base + 0x1014, Base + 0x10fc}));
  give(Base + 0x1000, 0x200);
  EXPECT_EQ(died(), (Locks{Base + 0x1010, Base + 0x1100}));
  give(Base + 0x1000, 0x200);
  EXPECT_EQ(died(), Locks());
  use(Base + 0x1010); // another one, though its address stands in the chunk's slots
  give(Base + 0x1000, 0x200);
  EXPECT_EQ(died(), Locks{Base + 0x1010});
}

TEST_F(Freed, WhateverMakesALockKnownAndWhoeverUsedIt) {
  auto *At = [](uint64_t Lock) { return reinterpret_cast<const void *>(Lock); }(Base + 0x2000);
  __underlock_v1_init(&Destroy, At);
  give(Base + 0x2000, 8);
  EXPECT_EQ(died(), Locks{Base + 0x2000});
  __underlock_v1_name(&Destroy, At);
  give(Base + 0x2000, 8);
  EXPECT_EQ(died(), Locks{Base + 0x2000});
  __underlock_v1_failed(&Acquire, At, __underlock_v1_try(&Acquire, At));
  give(Base + 0x2000, 8);
  EXPECT_EQ(died(), Locks{Base + 0x2000});
  underlock_context *Mine = test_running;
  test_running = make();
  use(Base + 0x2000);
  test_running = Mine;
  give(Base + 0x2000, 8);
  EXPECT_EQ(died(), Locks{Base + 0x2000});
  use(Base + 0x2000);
  __underlock_v1_destroy(&Free, At);
  EXPECT_EQ(died(), Locks{Base + 0x2000});
  give(Base + 0x2000, 8);
  EXPECT_EQ(died(), Locks());
}

TEST_F(Freed, BlocksOfAnySize) {
  const uint64_t Region = 1ull << 28, Page = 1ull << 17;
  Locks Wanted = {Base + 3 * Region - 4, Base + 3 * Region, Base + 5 * Region + Page - 4, Base + 5 * Region + Page};
  for (uint64_t Lock : Wanted)
    use(Lock);
  give(Base + Region, 9 * Region);
  EXPECT_EQ(died(), Wanted);
  // Beyond all that can be: nothing is there, and nothing goes wrong.
  const uint64_t Last = 0x7ffff0000000;
  give(Last, ~0ull - 2);
  give(~0ull - 7, 8);
  give(Last, 1ull << 48);
  use(1ull << 50);
  use(~0ull - 16);
  give(1ull << 50, 8);
  EXPECT_EQ(died(), Locks());
}

// munmap() of a size that was computed wrongly fails, and gives nothing back.
TEST_F(Freed, ASizeThatNoBlockHasIsNone) {
  use(Base + 0x7000);
  for (uint64_t Size : {UNDERLOCK_SIZE_NONE, ~0ull - 4096, ~0ull - 2})
    give(Base + 0x7000, Size);
  EXPECT_EQ(died(), Locks());
  give(Base + 0x7000, UNDERLOCK_SIZE_NONE - 1);
  EXPECT_EQ(died().front(), Base + 0x7000); // and those of the tests before
}

TEST_F(Freed, TheSizeIsAskedOfWhoKnowsIt) {
  Asked.clear();
  use(Base + 0x3000 + 60);
  use(Base + 0x3000 + 64);
  give(Base + 0x3000, UNDERLOCK_SIZE_OF_NEW); // and this one says that it does not know
  EXPECT_EQ(died(), Locks());
  give(Base + 0x3000, UNDERLOCK_SIZE_OF_MALLOC);
  EXPECT_EQ(died(), Locks{Base + 0x3000 + 60});
  ASSERT_EQ(Asked.size(), 2u);
  EXPECT_EQ(Asked[1].first, reinterpret_cast<void *>(Base + 0x3000));
}

TEST_F(Freed, NothingIsRecordedOfMemoryWithoutLocks) {
  use(Base + 0x4000);
  size_t Sites = trace().Sites.size();
  for (uint64_t I = 1; I < 1000; ++I)
    give(Base + 0x4000 + I * 8, 8);
  EXPECT_EQ(only(trace()).records().size(), 2u);
  EXPECT_EQ(trace().Sites.size(), Sites);
}

TEST_F(Freed, WhatLiesThereNextIsHeldByNobody) {
  acquire(Acquire, Base + 0x5000);
  acquire(Acquire, Base + 0x5008);
  acquire(Acquire, Base + 0x6000);
  acquire(Acquire, Base + 0x5008);
  give(Base + 0x5000, 0x100);
  EXPECT_EQ(died(), (Locks{Base + 0x5000, Base + 0x5008}));
  EXPECT_EQ(holds(Base + 0x5000), UNDERLOCK_NOT_HELD);
  EXPECT_EQ(holds(Base + 0x5008), UNDERLOCK_NOT_HELD);
  EXPECT_EQ(holds(Base + 0x6000), UNDERLOCK_HELD);
}

TEST_F(Freed, WithoutMemoryForTheSetItIsSaid) {
  MemoryLeft = false;
  use(Base - (1ull << 28));
  MemoryLeft = true;
  EXPECT_EQ(test_running->dropped, 1u);
  EXPECT_EQ(only(trace()).records().size(), 2u);
}

// ---- The clock is read at once only where nobody else can have had the lock ----

struct Owner : Freed {
  // Whether the acquisition waits before it reads the clock.
  bool waits(uint64_t Lock) { return waits(Lock, Acquire); }
  bool waits(uint64_t Lock, underlock_site &Site) {
    uint64_t Before = test_waits;
    acquire(Site, Lock);
    bool Waited = test_waits > Before;
    release(Lock);
    return Waited;
  }
  void inOther(const std::function<void()> &What) {
    std::swap(test_running, Other);
    What();
    std::swap(test_running, Other);
  }
  static const void *at(uint64_t Lock) { return reinterpret_cast<const void *>(Lock); }
  underlock_context *Other = make();
  underlock_site Shared = site(UNDERLOCK_VERB_ACQUIRE, UNDERLOCK_MODE_SHARED);
};

TEST_F(Owner, WhoHadItLastDoesNotWait) {
  uint64_t Lock = Base + 0x9000;
  EXPECT_TRUE(waits(Lock));
  EXPECT_FALSE(waits(Lock));
  inOther([&] { EXPECT_TRUE(waits(Lock)); });
  EXPECT_TRUE(waits(Lock));
  EXPECT_FALSE(waits(Lock));
  // Another lock is another one, whether or not it falls into the same cell, and no address is cut.
  for (uint64_t I = 1; I < 10000; ++I)
    EXPECT_TRUE(waits(Lock + 4 * I));
  for (unsigned Bit = 2; Bit < 64; ++Bit) {
    waits(Lock);
    EXPECT_TRUE(waits(Lock ^ 1ull << Bit)) << Bit;
  }
  for (uint64_t Odd : {1, 2, 3}) {
    waits(Lock);
    EXPECT_TRUE(waits(Lock + Odd));
  }
}

TEST_F(Owner, ReadersAreNotToldApart) {
  uint64_t Lock = Base + 0x9000;
  waits(Lock);
  EXPECT_TRUE(waits(Lock, Shared));
  EXPECT_TRUE(waits(Lock, Shared));
  EXPECT_TRUE(waits(Lock)); // another reader may have come after this one, and gone later
  EXPECT_FALSE(waits(Lock));
}

TEST_F(Owner, WhatBreaksTheChain) {
  uint64_t Lock = Base + 0x9000;
  auto Known = [&] {
    waits(Lock);
    return !waits(Lock);
  };
  EXPECT_TRUE(Known());
  inOther([&] { release(Lock); }); // handed over: the other one gives it back
  EXPECT_TRUE(waits(Lock));
  EXPECT_TRUE(Known());
  __underlock_v1_destroy(&Destroy, at(Lock));
  EXPECT_TRUE(waits(Lock));
  EXPECT_TRUE(Known());
  __underlock_v1_init(&Destroy, at(Lock));
  EXPECT_TRUE(waits(Lock));
  EXPECT_TRUE(Known());
  inOther([&] { give(Lock - 8, 64); });
  EXPECT_TRUE(waits(Lock));
  EXPECT_EQ(test_running->number & 0xfff80000, 0u);
  EXPECT_TRUE(Known());
  // A condition variable's wait: whoever had the lock meanwhile has said so.
  acquire(Acquire, Lock);
  uint64_t Before = test_waits;
  uint32_t Place = __underlock_v1_wait(&Acquire, at(Lock));
  inOther([&] { EXPECT_TRUE(waits(Lock)); });
  __underlock_v1_acquired(&Acquire, at(Lock), Place);
  EXPECT_EQ(test_waits, Before + 2);
}

TEST_F(Owner, ContextsBeyondTheBitsAlwaysWait) {
  uint64_t Lock = Base + 0x9000;
  test_running->number += 1u << 19;
  EXPECT_TRUE(waits(Lock));
  EXPECT_TRUE(waits(Lock));
  test_running->number -= 1u << 19;
  EXPECT_TRUE(waits(Lock));
  EXPECT_FALSE(waits(Lock));
}

} // namespace
