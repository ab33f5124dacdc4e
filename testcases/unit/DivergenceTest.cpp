// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// divergence: the function that is entered with a contract's lock and without; and recordings that have none.
#include "analyzer/report/Report.h"
#include "testcases/unit/Judge.h"
#include <gtest/gtest.h>

using namespace underlock;
using namespace underlock::test;

static const char UnderL[] = "contracts: [{id: c, event: removed, requires: L, why: w}]\n";

// The function where the ways part, and what it calls; "" where there is none.
static std::string apart(const std::string &Trace) {
  Judged J = judge(program(UnderL), Trace);
  EXPECT_EQ(J.Errors, "");
  EXPECT_EQ(J.Findings.size(), 1u) << Trace;
  return J.Findings.empty() || !J.Findings[0].Apart ? "" : J.Findings[0].Apart->Function;
}

static const std::string Bare = "t1 event removed @ remove_it < callback < core < unbind < main\n";
static std::string under(const std::string &Taken, const std::string &Event) {
  return "t1 acquire L @ " + Taken + "\nt1 event removed @ " + Event + "\nt1 release L @ x\n";
}

TEST(Divergence, WhereTheWaysJoin) {
  EXPECT_EQ(apart(Bare + under("unplug < main", "remove_it < callback < core < unplug < main")), "core");
  EXPECT_EQ(apart(Bare + under("take < unplug < main", "remove_it < callback < core < unplug < main")), "core");
  // The way with the longest part in common tells most.
  EXPECT_EQ(apart(Bare + under("k < main", "remove_it < k < main") +
                  under("unplug < main", "remove_it < callback < core < unplug < main")),
            "core");
  EXPECT_EQ(apart(Bare + under("k < main", "remove_it < k < main")), "remove_it");
}

TEST(Divergence, WhereThereIsNone) {
  EXPECT_EQ(apart(Bare), "");
  // Taken inside of what both enter: there, a lock is right.
  EXPECT_EQ(apart(Bare + under("core < unplug < main", "remove_it < callback < core < unplug < main")), "");
  // Another event's way says nothing.
  EXPECT_EQ(
      apart(Bare + "t1 acquire L @ unplug < main\nt1 event looked-up @ remove_it < callback < core < unplug < main\n"),
      "");
}

TEST(Divergence, FunctionsWithoutANameAreToldApart) {
  const std::string Bare = "t1 event removed @ remove_it < ?1 < unbind < main\n";
  // The same one is part of what both ways have in common, and another one is not.
  EXPECT_EQ(apart(Bare + under("unplug < main", "remove_it < ?1 < unplug < main")), "0x400010");
  EXPECT_EQ(apart(Bare + under("unplug < main", "remove_it < ?2 < unplug < main")), "remove_it");
}

TEST(Divergence, WhatItSays) {
  Judged J = judge(program(UnderL), Bare + Bare +
                                        under("take < unplug < main", "remove_it < callback < core < unplug < main") +
                                        under("k < main", "other < k < main"));
  ASSERT_EQ(J.Findings.size(), 1u);
  ASSERT_TRUE(J.Findings[0].Apart);
  const Divergence &D = *J.Findings[0].Apart;
  EXPECT_EQ(D.Lock, "L");
  EXPECT_EQ(D.Common, 3u);
  EXPECT_EQ(D.WithCount, 1u);
  EXPECT_EQ(D.OtherWays, 1u);
}
