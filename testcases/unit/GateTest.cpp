// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The gate's pieces by themselves: days, globs, floors, the sections of a model, rules. testcases/gate has the whole.
#include "Judge.h"
#include "analyzer/gate/Compare.h"
#include "analyzer/gate/Floors.h"
#include "analyzer/gate/Item.h"
#include "analyzer/gate/Rules.h"
#include "analyzer/gate/Suppressions.h"
#include <gtest/gtest.h>

using namespace underlock;
using namespace underlock::gate;

namespace {

const std::string Head = "underlock: 1\nname: test\n";

struct Parsed {
  std::optional<model::Model> M;
  std::string Said;
};

Parsed parsed(const std::string &Body) {
  Parsed P;
  llvm::raw_string_ostream Errors(P.Said);
  P.M = model::parse(Head + Body, "test.yaml", UNDERLOCK_MODELS, Errors);
  return P;
}

void refused(const std::string &Body, const std::string &Message) {
  Parsed P = parsed(Body);
  EXPECT_FALSE(P.M) << Body;
  EXPECT_NE(P.Said.find("test.yaml:" + Message), std::string::npos) << Body << "\nsaid:\n" << P.Said;
}

TEST(Gate, DaysAreThoseOfTheCalendar) {
  EXPECT_EQ(model::dateFrom("2028-02-29"), (model::Date{2028, 2, 29}));
  for (const char *Bad : {"", "2027-02-29", "2027-13-01", "2027-00-10", "2027-1-1", "27-01-01", "2027-01-32",
                          "2027/01/01", "2027-01-01 ", "2027-0a-01", "+027-01-01"})
    EXPECT_FALSE(model::dateFrom(Bad)) << Bad;
  EXPECT_LT(*model::dateFrom("2026-12-31"), *model::dateFrom("2027-01-01"));
  EXPECT_EQ(model::text(*model::dateFrom("2027-01-09")), "2027-01-09");
}

TEST(Gate, GlobsTakeTheNamesOfLocksAsTheyAre) {
  EXPECT_TRUE(matches("table[]", "table[]"));
  EXPECT_TRUE(matches("tab*[]", "table[]"));
  EXPECT_FALSE(matches("tab*[]", "table"));
  EXPECT_TRUE(matches("queue.*", "queue.lock"));
  EXPECT_FALSE(matches("queue", "queue.lock")) << "the whole name is meant";
  EXPECT_TRUE(matches("f(char*)", "f(char*)"));
  EXPECT_TRUE(matches("[qp]ueue", "queue"));
}

TEST(Gate, SectionsOfAModel) {
  Parsed P = parsed(R"(
severities: {order:inversion: warning, self:relock: note}
suppressions:
  - {finding: order:*, class: "locks[]", function: main, why: old, until: 2027-01-31}
  - finding: 0123456789abcdef
    why: known
floors: {contracts: 100%, marks: 3, contexts: 4}
)");
  ASSERT_TRUE(P.M) << P.Said;
  const model::Policy &G = P.M->Gate;
  ASSERT_EQ(G.Severities.size(), 2u);
  EXPECT_EQ(G.Severities[0].Rule, "order:inversion");
  EXPECT_EQ(G.Severities[0].Level, model::Severity::Warning);
  EXPECT_EQ(G.Severities[1].Where.Line, 4u);
  ASSERT_EQ(G.Suppressions.size(), 2u);
  EXPECT_EQ(G.Suppressions[0].Class, "locks[]");
  EXPECT_EQ(model::text(*G.Suppressions[0].Until), "2027-01-31");
  EXPECT_EQ(G.Suppressions[1].Where.Line, 7u);
  EXPECT_FALSE(G.Suppressions[1].Until);
  ASSERT_EQ(G.Floors.size(), 3u);
  EXPECT_TRUE(G.Floors[0].Percent);
  EXPECT_FALSE(G.Floors[1].Percent);
  EXPECT_EQ(P.M->marksHash(), parsed("").M->marksHash()) << "a gate changes without a rebuild";
}

TEST(Gate, SectionsThatAreWrong) {
  refused("severities: {order:inversion: fatal}",
          "3:31: error: unknown severity 'fatal'; known are error, warning, note");
  refused("severities: warning", "3:13: error: severities must be a map");
  refused("suppressions: [{finding: order:inversion}]", "3:16: error: a suppression needs the key 'why'");
  refused("suppressions: [{why: w}]", "3:16: error: a suppression says which findings it means");
  refused("suppressions: [{class: a, why: w, until: soon}]", "3:42: error: 'soon' is no day");
  refused("suppressions: [{class: '[a', why: w}]", "3:24: error: '[a' is no pattern");
  refused("suppressions: [{clas: a, function: b, why: w}]",
          "3:17: error: unknown key 'clas' in a suppression, did you");
  refused("floors: {contract: 1}", "3:10: error: unknown floor 'contract', did you mean 'contracts'?");
  refused("floors: {contracts: all}", "3:21: error: a floor is a number, or a percentage, and 'all' is neither");
  refused("floors: {contexts: 10%}", "3:20: error: a floor of contexts is a number");
  refused("floors: {marks: 200%}", "3:17: error: a floor of 200% is more than all");
  refused("floors: [marks]", "3:9: error: floors must be a map");
}

TEST(Gate, RulesAreThoseThatThereAre) {
  Parsed P =
      parsed("extends: [posix]\nevents: [{id: e, entry: f}]\ncontracts: [{id: c, event: e, requires: l, why: w}]\n"
             "severities: {contract:c: note, self:relock: note}\n");
  ASSERT_TRUE(P.M) << P.Said;
  std::string Said;
  llvm::raw_string_ostream Errors(Said);
  EXPECT_TRUE(checkRules(*P.M, Errors)) << Said;
  P.M->Gate.Severities.push_back({"contract:d", model::Severity::Note, {"m.yaml", 7, 9}});
  EXPECT_FALSE(checkRules(*P.M, Errors));
  EXPECT_TRUE(llvm::StringRef(Said).starts_with("m.yaml:7:9: error: unknown rule 'contract:d', did you mean")) << Said;
  for (const char *Pattern : {"self:*", "self:reloc?", "self:relo[c]k", "tsan:*", "tsan:data-rac?", "tsan:[a-z]*"}) {
    P.M->Gate.Severities.back().Rule = Pattern;
    Said.clear();
    EXPECT_FALSE(checkRules(*P.M, Errors)) << Pattern << ": a severity is that of one rule";
    EXPECT_NE(Said.find("' is a pattern, and a severity is that of one rule"), std::string::npos) << Said;
  }
  P.M->Gate.Severities.back().Rule = "tsan:data-race";
  EXPECT_TRUE(checkRules(*P.M, Errors)) << Said;
  P.M->Gate.Severities.pop_back();
  P.M->Gate.Suppressions.push_back({"self:*", "", "", "w", {}, {"m.yaml", 8, 9}});
  EXPECT_TRUE(checkRules(*P.M, Errors)) << Said;
}

// Two contracts, of which one is exercised; a lock and an event are seen, of two contexts.
test::Judged seen() {
  return test::judge(test::program(R"(
contracts:
  - {id: kept, event: removed, requires: L, why: w}
  - {id: idle, event: looked-up, requires: L, why: w}
)"),
                     "t1 acquire L\nt1 event removed 7\nt1 release L\nt2 acquire L\nt2 release L\n");
}

std::string below(const test::Judged &J, const std::string &Name, const std::string &Value) {
  std::string Problem;
  Coverage C;
  C.add(*J.R, J.Contracts);
  return C.below({*model::floorFrom(Name, Value, Problem)});
}

TEST(Gate, Floors) {
  test::Judged J = seen();
  ASSERT_EQ(J.Errors, "");
  for (auto [Name, Value, Enough] : {std::tuple("contracts", "50%", true),
                                     {"contracts", "51%", false},
                                     {"contracts", "1", true},
                                     {"contracts", "2", false},
                                     {"contexts", "2", true},
                                     {"contexts", "3", false},
                                     {"marks", "2", true},
                                     {"marks", "3", false}})
    EXPECT_EQ(below(J, Name, Value).empty(), Enough) << Name << ' ' << Value;
  EXPECT_NE(below(J, "contracts", "2")
                .find("1 of 2 contracts exercised, and the floor is 2; not exercised: "
                      "contract idle ("),
            std::string::npos);
  EXPECT_EQ(below(test::judge(test::program(), "t1 acquire L\nt1 release L\n"), "contracts", "100%"),
            "the model has no contracts, and the floor is 100%");
  // Of each kind the last one, wherever it was said.
  std::string Problem;
  model::Floor Low = *model::floorFrom("marks", "1", Problem), High = *model::floorFrom("marks", "9", Problem);
  auto Both = effective({High, *model::floorFrom("contexts", "1", Problem)}, {Low});
  ASSERT_EQ(Both.size(), 2u);
  EXPECT_EQ(Both.back().Number, 1u);
}

TEST(Gate, WhatIsShippedIsThatWhereverTheModelCameFrom) {
  // As out of a pack: no file of these is on this machine.
  std::map<std::string, std::string> Files = {
      {"/elsewhere/posix.yaml",
       Head + "locks: [{id: m, kind: mutex, marks: [{acquire: m_lock}, {release: m_unlock}]}]\n"},
      {"/home/queue.yaml", Head + "extends: [posix]\nevents: [{id: e, entry: f}]\n"}};
  std::string Problem;
  auto M = model::load({"/home/queue.yaml"}, "/elsewhere", llvm::errs(), &Files);
  ASSERT_TRUE(M);
  Recording R(*M);
  Coverage C;
  C.add(R, {});
  EXPECT_EQ(C.below({*model::floorFrom("marks", "1", Problem)}),
            "0 of 1 marks seen, and the floor is 1; not seen: event e (/home/queue.yaml:4:10)");
}

TEST(Gate, NoLineBreakInABaseline) {
  auto Report = [](const std::string &Title, const std::string &Name) {
    return R"({"format": 1, "recordings": [{"trace": "t", "proves nothing": false, "findings": [{"fingerprint":
      "0123456789abcdef", "analysis": "order", "rule": "inversion", "certainty": "assumed", "severity": "error", "title":
      ")" + Title +
           R"(", "identity": [")" + Name +
           R"("], "steps": [{"site": {"file": "a.c", "function": "f", "line": 3}}]}]}]})";
  };
  auto Said = [](const std::string &Text) {
    std::string Out;
    llvm::raw_string_ostream Errors(Out);
    return readReport("r.json", Text, Errors) ? "" : Out;
  };
  EXPECT_EQ(Said(Report("a and b", "größe")), "");
  for (const char *Bad : {"\\n", "\\r", "\\u0000", "\\u001b[2J", "\\u007f"}) {
    std::string Text = std::string("a") + Bad + "fedcba9876543210  order:inversion  b";
    EXPECT_NE(Said(Report(Text, "b")).find("there is a line break or another control character in it at"),
              std::string::npos);
    EXPECT_NE(Said(Report(Text, "b")).find(".title"), std::string::npos) << Said(Report(Text, "b"));
    EXPECT_NE(Said(Report("a", Text)).find(".identity"), std::string::npos) << Said(Report("a", Text));
  }
}

Item item(const char *Print, Certainty Sure, unsigned Line, Standing S = Standing::None) {
  Item I;
  I.Fingerprint = Print;
  I.Sure = Sure;
  I.Line = Line;
  I.Stands = S;
  return I;
}

TEST(Gate, Comparing) {
  Difference D = compare({item("a", Certainty::Assumed, 1), item("b", Certainty::Assumed, 2),
                          item("c", Certainty::Possible, 3), item("d", Certainty::Observed, 4)},
                         {item("a", Certainty::Assumed, 1), item("b", Certainty::Assumed, 20),
                          item("c", Certainty::Observed, 3), item("e", Certainty::Assumed, 5)});
  EXPECT_EQ(D.Same, 1u);
  ASSERT_EQ(D.Moved.size(), 1u);
  EXPECT_EQ(D.Moved[0].New.Line, 20u);
  ASSERT_EQ(D.MoreCertain.size(), 1u);
  EXPECT_EQ(D.MoreCertain[0].Old.Sure, Certainty::Possible);
  ASSERT_EQ(D.New.size(), 1u);
  EXPECT_EQ(D.New[0].Fingerprint, "e");
  ASSERT_EQ(D.Gone.size(), 1u);
  EXPECT_EQ(D.Gone[0].Fingerprint, "d");
}

TEST(Gate, TheSameFindingInSeveralRecordingsIsOne) {
  auto One =
      distinct({item("a", Certainty::Possible, 1, Standing::Known), item("a", Certainty::Observed, 1, Standing::New),
                item("a", Certainty::Assumed, 1, Standing::Suppressed)});
  ASSERT_EQ(One.size(), 1u);
  EXPECT_EQ(One[0].Sure, Certainty::Observed);
  EXPECT_EQ(One[0].Stands, Standing::New) << "it fails where it is not suppressed";
}

} // namespace
