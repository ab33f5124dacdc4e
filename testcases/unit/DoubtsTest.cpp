// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a recording says that cannot have been so (analyzer/replay/Doubts.h), and that it is told.
#include "testcases/unit/Judge.h"
#include <gtest/gtest.h>

using namespace underlock;
using namespace underlock::test;

namespace {

Judged judged(const std::string &Trace) {
  Judged J = judge(program(), Trace);
  EXPECT_EQ(J.Errors, "");
  return J;
}

const char Unmarked[] = "a was taken 1 time(s) while the recording still showed it held elsewhere";
const char Overlap[] = "1 section(s) of one lock overlap in time";
const char Back[] = "record(s) stand before an earlier one of another context";

TEST(Doubts, AReleaseThatIsNeverSeenIsToldWithItsLock) {
  Judged J = judged("t1 acquire a\nt2 acquire a\nt2 release a\n");
  EXPECT_TRUE(J.says(Unmarked));
  EXPECT_FALSE(J.says(Overlap));
}

TEST(Doubts, AReleaseThatComesLateIsAMatterOfClocks) {
  Judged J = judged("t1 acquire a\nt2 acquire a\nt1 release a\nt2 release a\n");
  EXPECT_TRUE(J.says(Overlap));
  EXPECT_FALSE(J.says(Unmarked));
}

TEST(Doubts, NoneWithoutReason) {
  Judged J = judged("t1 acquire a\nt1 release a\nt2 acquire a\nt2 release a\n");
  for (const char *Text : {Unmarked, Overlap, Back})
    EXPECT_FALSE(J.says(Text)) << Text;
}

// A text whose n-th record is as early as the first.
class SteppedBack : public Source {
public:
  SteppedBack(Source &From, unsigned Which) : From(From), Which(Which) {}
  Status next(Record &Out) override {
    Status S = From.next(Out);
    if (S == Status::Record && Seen++ == 0)
      First = Out.Time;
    else if (S == Status::Record && Seen - 1 == Which)
      Out.Time = First;
    return S;
  }
  const std::vector<Waiting> &waiting() const override { return From.waiting(); }

private:
  Source &From;
  unsigned Which, Seen = 0;
  Ticks First = 0;
};

TEST(Doubts, AClockThatRanBackwardsIsTold) {
  std::optional<model::Model> M = model::parse(program(), "test.yaml", UNDERLOCK_MODELS, llvm::errs());
  ASSERT_TRUE(M);
  Recording R(*M);
  TextSource Text("t1 acquire a\nt1 release a\nt2 acquire b\nt2 release b\n", R, llvm::errs());
  SteppedBack From(Text, 2);
  ASSERT_TRUE(replay(From, R, {}));
  std::vector<std::string> Said;
  for (const Remark &M : R.Remarks)
    Said.push_back(M.Text);
  EXPECT_EQ(Said, std::vector<std::string>{"1 record(s) stand before an earlier one of another context: the clock ran "
                                           "backwards between processors, so the order of locks is not exact"});
}

} // namespace
