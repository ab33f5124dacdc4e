// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Model files: what is waited for and is no lock (`waits`), as it is read, and what is wrong in it.
#include "testcases/unit/Parsed.h"

using namespace underlock::model;
using namespace underlock::test;

namespace {

TEST(Model, WhatIsWaitedForIsNoLock) {
  Parsed P =
      parsed("waits:\n"
             "  - {id: ref, kind: reference, what: file, gives-up: [a, b], ends: true,\n"
             "     marks: [{hold: get, object: 1, success: nonzero}, {drop: put}, {wait: drain}]}\n"
             "  - {id: done, kind: completion, marks: [{wait: wait_for, success: zero}, {signal: [one, all]}]}\n");
  ASSERT_TRUE(P.M) << P.Said;
  const Lock &Ref = *P.M->findLock("ref"), &Done = *P.M->findLock("done");
  EXPECT_TRUE(!Ref.isLock() && !Done.isLock() && Ref.Ends && !Done.Ends);
  EXPECT_EQ(Ref.What, "file");
  EXPECT_EQ(Ref.GivesUp, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(Ref.Marks.size(), 3u);
  EXPECT_TRUE(Ref.Marks[0].What == Verb::Try && Ref.Marks[0].LockMode == Mode::Shared && Ref.Marks[0].Lock == 1);
  EXPECT_TRUE(Ref.Marks[1].What == Verb::Release && Ref.Marks[2].What == Verb::Await);
  ASSERT_EQ(Done.Marks.size(), 3u);
  EXPECT_TRUE(Done.Marks[0].If == Success::OneOf && Done.Marks[2].What == Verb::Signal);
  EXPECT_NE(P.M->marksHash(), parsed("").M->marksHash());
}

TEST(Model, WhatIsHeldWhileAFunctionRuns) {
  auto Of = [](const std::string &Object) {
    return parsed("waits:\n  - {id: run, kind: reference, spins: true,\n"
                  "     marks: [{hold-during: [f, g]" +
                  Object + "}, {wait: drain}]}\n");
  };
  Parsed P = Of(", object: {argument: 1, field: irq}");
  ASSERT_TRUE(P.M) << P.Said;
  const Lock &Run = *P.M->findLock("run");
  EXPECT_TRUE(Run.Spins);
  ASSERT_EQ(Run.Marks.size(), 3u);
  const LockMark &M = Run.Marks[1];
  EXPECT_TRUE(M.What == Verb::Try && M.During && M.LockMode == Mode::Shared && M.If == Success::Always);
  EXPECT_TRUE(M.Function == "g" && M.Lock == 1 && M.Field == "irq");
  EXPECT_FALSE(Run.Marks[2].During);
  ASSERT_TRUE(Of(", object: 2").M) << Of(", object: 2").Said;
  EXPECT_EQ(Of(", object: 2").M->findLock("run")->Marks[0].Lock, 2u);
  EXPECT_NE(P.M->marksHash(), Of(", object: 1").M->marksHash());
  EXPECT_NE(P.M->marksHash(), Of(", object: {argument: 1, field: nr}").M->marksHash());
}

TEST(Model, WhatIsWrongWithWhatIsHeldWhileAFunctionRuns) {
  const std::string Ref = "waits: [{id: w, kind: reference, marks: [{wait: f}, ";
  refused("waits: [{id: w, kind: thread, marks: [{wait: f}, {hold-during: g}]}]\n", "only a reference is held and");
  refused("locks: [{id: w, kind: mutex, marks: [{hold-during: g}]}]\n", "a mark needs a verb: acquire");
  refused(Ref + "{hold-during: g, success: zero}]}]\n", "unknown key 'success'");
  refused(Ref + "{hold-during: g, hold: h}]}]\n", "a mark has one verb, and this one has 'hold' and 'hold-during'");
  refused(Ref + "{hold-during: [g, g]}]}]\n", "function 'g' is marked twice for its argument 0");
  refused(Ref + "{hold-during: g, object: name}]}]\n", "must be a number");
  refused(Ref + "{hold-during: g, object: {argument: 1}}]}]\n",
          "test.yaml:3:78: error: the object of a 'hold-during' needs the key 'field'");
  refused(Ref + "{hold-during: g, object: {field: irq}}]}]\n",
          "the object of a 'hold-during' needs the key 'argument'");
  refused(Ref + "{hold: g, object: {argument: 1, field: irq}}, {drop: h}]}]\n", "must be a number");
  refused(Ref + "{hold-during: g, object: {argument: 1, field: irq, offset: 2}}]}]\n", "unknown key 'offset'");
  // What is held during a function, and what a call of it does, are two matters; so are two fields.
  EXPECT_TRUE(parsed(Ref + "{hold-during: g, object: {argument: 0, field: a}}, {hold-during: g, object: {argument: 0, "
                           "field: b}}]}]\n")
                  .M);
  EXPECT_TRUE(parsed(Ref + "{hold-during: g}, {drop: g}, {hold: h}]}]\n").M);
}

} // namespace
