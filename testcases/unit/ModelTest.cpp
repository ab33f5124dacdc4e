// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Model files: what is read, and that everything wrong is said with its place, the line, a caret, and what is known.
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "testcases/unit/Parsed.h"

using namespace underlock::model;
using namespace underlock::test;
using llvm::StringRef;

namespace {

// A folder that goes away with the test.
class Folder {
public:
  Folder() { EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("underlock-model", Path)); }
  ~Folder() { llvm::sys::fs::remove_directories(Path); }
  std::string write(StringRef Name, StringRef Text) {
    llvm::SmallString<128> File(Path);
    llvm::sys::path::append(File, Name);
    std::error_code E;
    llvm::raw_fd_ostream(File, E) << Text;
    EXPECT_FALSE(E);
    return File.str().str();
  }
  llvm::SmallString<128> Path;
};

TEST(Model, ReadsEveryKey) {
  Parsed P = parsed(R"(
threads: any
themselves-during: [boot]
lock-types: [mutex, spinlock]
see-through: [{function: spinlock_check, argument: 1}]
frees:
  - {function: [gone, going], size: malloc}
  - {function: operator, memory: 1, size: new}
  - {function: sized, memory: 2, size: 3}
task-ends: [{before-call: do_task_dead}, {entry: all_over}]
boundaries: [vfs_write]
ignore:
  - {file: "kernel/sched/*", why: "handed over"}
  - {function: foo, why: "because"}
locks:
  - id: mutex
    kind: mutex
    recursive: true
    owner: false
    marks:
      - {acquire: [a, b], lock: 2, mode: shared, success: zero}
      - {try: t, success: nonzero}
      - {release: r, mode: any}
      - {init: i}
      - {destroy: d}
      - {wait: w, lock: 1}
  - {id: sem, kind: semaphore}
events:
  - {id: gone, what: "it goes", entry: go, objects: [0, 3], why: w, see: s}
  - {id: called, call: go, in: there}
phases:
  - {id: boot, begin: start, end: {entry: rest_init}, why: "alone"}
  - {id: step, begin: {before-call: f, in: g}, end: {after-call: f, in: g}}
  - {id: whole, function: f}
  - {id: around, call: f, in: g}
contracts:
  - id: c
    event: gone
    requires: [x, y]
    forbids: z
    mode: exclusive
    except-during: boot
    severity: warning
    why: >-
      over two
      lines
    see: there
)");
  ASSERT_TRUE(P.M) << P.Said;
  const Model &M = *P.M;
  EXPECT_EQ(M.Name, "test");
  EXPECT_EQ(M.Who, Threads::Any);
  EXPECT_EQ(M.ThemselvesDuring, std::vector<std::string>{"boot"});
  EXPECT_EQ(M.LockTypes.size(), 2u);
  EXPECT_EQ(M.SeeThroughs.at(0).Argument, 1u);
  ASSERT_EQ(M.Frees.size(), 4u);
  EXPECT_EQ(M.Frees[1].Function, "going");
  EXPECT_TRUE(M.Frees[1].Known == Free::Size::Malloc && M.Frees[2].Known == Free::Size::New);
  EXPECT_TRUE(M.Frees[3].Known == Free::Size::Argument && M.Frees[3].Memory == 2 && M.Frees[3].SizeArgument == 3);
  ASSERT_EQ(M.TaskEnds.size(), 2u);
  EXPECT_TRUE(M.TaskEnds[0].At.Function == "do_task_dead" && M.TaskEnds[1].At.At == Point::Kind::Entry);
  EXPECT_EQ(M.Boundaries.at(0), "vfs_write");
  EXPECT_EQ(M.Ignores.at(0).File, "kernel/sched/*");
  EXPECT_EQ(M.Ignores.at(1).Function, "foo");

  const Lock &L = *M.findLock("mutex");
  EXPECT_TRUE(L.Recursive);
  EXPECT_FALSE(L.Owner);
  ASSERT_EQ(L.Marks.size(), 7u);
  EXPECT_EQ(L.Marks[1].Function, "b");
  EXPECT_EQ(L.Marks[1].Lock, 2u);
  EXPECT_EQ(L.Marks[1].LockMode, Mode::Shared);
  EXPECT_EQ(L.Marks[1].If, Success::OneOf);
  EXPECT_EQ(L.Marks[1].Returns, std::vector<int64_t>{0});
  EXPECT_EQ(L.Marks[2].If, Success::NonZero);
  EXPECT_EQ(L.Marks[3].LockMode, Mode::Any);
  EXPECT_EQ(L.Marks[6].What, Verb::Wait);
  EXPECT_FALSE(M.findLock("sem")->Owner) << "anybody may give back a semaphore";

  EXPECT_EQ(M.findEvent("gone")->At.At, Point::Kind::Entry);
  EXPECT_EQ(M.findEvent("gone")->Objects, (std::vector<unsigned>{0, 3}));
  EXPECT_EQ(M.findEvent("called")->At.At, Point::Kind::BeforeCall);
  EXPECT_EQ(M.findEvent("called")->At.In, "there");
  EXPECT_TRUE(M.findPhase("boot")->FromStart);
  EXPECT_EQ(M.findPhase("whole")->End.At, Point::Kind::Exit);
  EXPECT_EQ(M.findPhase("around")->Begin.In, "g");
  EXPECT_EQ(M.findPhase("step")->End.At, Point::Kind::AfterCall);

  const Contract &C = M.Contracts.at(0);
  EXPECT_EQ(C.Requires, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(C.Forbids, std::vector<std::string>{"z"});
  EXPECT_EQ(C.RequiredMode, Mode::Exclusive);
  EXPECT_EQ(C.ExceptDuring, std::vector<std::string>{"boot"});
  EXPECT_EQ(C.Level, Severity::Warning);
  EXPECT_EQ(C.Why, "over two lines");
  EXPECT_EQ(M.findLock("nothing"), nullptr);
}

TEST(Model, ShippedModelsLoad) {
  for (const char *Name : {"posix", "linux", "linux-waits", "std"}) {
    std::string Said;
    llvm::raw_string_ostream Errors(Said);
    EXPECT_TRUE(load({Name}, UNDERLOCK_MODELS, Errors)) << Said;
  }
}

TEST(Model, UnknownKeysAreErrorsWithAHint) {
  refused("lokcs: []\n", "test.yaml:3:1: error: unknown key 'lokcs' in a model, did you mean 'locks'?");
  refused("locks: [{id: m, kind: mutex, colour: red}]\n",
          "test.yaml:3:30: error: unknown key 'colour' in a lock; known are id, kind, recursive, owner, marks\n");
  refused("locks: [{id: m, kind: mutex, marks: [{init: i, success: zero}]}]\n", "unknown key 'success' in a mark");
  refused("events: [{id: e, entry: f, in: g}]\n", "test.yaml:3:28: error: unknown key 'in' in an event");
}

TEST(Model, UnknownValuesAreErrorsWithAHint) {
  refused("locks: [{id: m, kind: mutx}]\n", "test.yaml:3:23: error: unknown kind 'mutx', did you mean 'mutex'?");
  refused("threads: some\n", "test.yaml:3:10: error: unknown threads 'some'; known are themselves, any");
  refused("locks: [{id: m, kind: mutex, recursive: perhaps}]\n", "unknown recursive 'perhaps'");
  refused("events: [{id: e, entry: f, objects: [one]}]\n", "test.yaml:3:38: error: an object must be a number");
  refused("events: [{id: e, entry: f, objects: [0, 1, 2, 3, 4]}]\n", "four objects at most");
}

TEST(Model, ADelegationIsTwoIntervalsWithAnObjectEach) {
  const char Text[] =
      "underlock: 1\nname: test\ndelegations:\n"
      "  - id: d\n"
      "    waiter: [{function: w, object: 2}, {begin: {before-call: q, in: v}, end: {exit: v}, object: 1}]\n"
      "    worker: {call: f, in: g, object: 0}\n";
  std::string Errors;
  llvm::raw_string_ostream Stream(Errors);
  std::optional<Model> M = parse(Text, "test.yaml", "", Stream);
  ASSERT_TRUE(M) << Errors;
  ASSERT_EQ(M->Delegations.size(), 1u);
  ASSERT_EQ(M->Events.size(), 6u);
  const Event &Queued = M->Events[2], &Left = M->Events[3], &Done = M->Events[5];
  EXPECT_EQ(Queued.Is, Part::Waits);
  EXPECT_EQ(Queued.At.At, Point::Kind::BeforeCall);
  EXPECT_EQ(Queued.At.In, "v");
  EXPECT_EQ(Queued.Objects, std::vector<unsigned>{1});
  EXPECT_EQ(Left.Is, Part::Waited);
  EXPECT_EQ(Left.At.At, Point::Kind::Exit);
  EXPECT_TRUE(Left.Objects.empty());
  EXPECT_EQ(Done.Is, Part::Worked);
  EXPECT_EQ(Done.At.At, Point::Kind::AfterCall);

  std::string Worker = "worker: {function: f, object: 0}}]\n";
  refused("delegations: [{id: d, " + Worker, "a delegation needs the key 'waiter'");
  refused("delegations: [{id: d, waiter: {function: w}, " + Worker, "a waiter needs the key 'object'");
  refused("delegations: [{id: d, waiter: {object: 0}, " + Worker, "a waiter is a 'function', or a 'call'");
  refused("delegations: [{id: d, waiter: {begin: start, end: {exit: w}, object: 0}, " + Worker,
          "a waiter begins where");
  refused("delegations: [{id: d, waiter: {begin: {exit: w}, end: {exit: w}, object: 0}, " + Worker,
          "a waiter begins where");
}

TEST(Model, ALifetimeIsEventsAndAContract) {
  const std::string Grace = "grace-periods: [{id: rcu, marks: [{read-lock: r}, {read-unlock: u}, {wait: s}]}]\n";
  auto Lifetime = [](const std::string &Marks) { return "lifetimes: [{id: l, marks: [" + Marks + "], why: w}]\n"; };
  const std::string Rest = ", {use: g}, {free: h}";
  Parsed P = parsed(
      Grace + Lifetime("{lookup: [f, {entry: e}], object: 2, key: 1}, {lookup: c, counted: true}, {lookup: n, key: 0}, "
                       "{get: k, success: nonzero}, {free: h, after: rcu}, {until: v}" +
                       Rest));
  ASSERT_TRUE(P.M) << P.Said;
  ASSERT_EQ(P.M->Contracts.size(), 1u);
  EXPECT_EQ(P.M->Contracts[0].analysis(), "lifetime");
  EXPECT_EQ(P.M->Contracts[0].Id, "l");
  const std::vector<Event> &E = P.M->Events;
  ASSERT_EQ(E.size(), 12u);
  EXPECT_EQ(E[2].Id, "rcu:wait");
  EXPECT_EQ(E[2].At.At, Point::Kind::AfterCall);
  EXPECT_EQ(E[3].Id, "l:lookup");
  EXPECT_EQ(E[3].At.At, Point::Kind::AfterCall);
  EXPECT_EQ(E[3].Objects, (std::vector<unsigned>{2, 1}));
  EXPECT_EQ(E[3].If, Success::Always);
  EXPECT_EQ(E[4].At.At, Point::Kind::Entry);
  EXPECT_EQ(E[5].Id, "l:lookup-counted");
  EXPECT_EQ(E[5].Objects, std::vector<unsigned>{Event::Returned});
  EXPECT_EQ(E[5].If, Success::NonZero);
  EXPECT_TRUE(E[5].Counted);
  EXPECT_EQ(E[6].Objects, (std::vector<unsigned>{Event::Absent, 0}));
  EXPECT_EQ(E[7].If, Success::NonZero);
  EXPECT_EQ(E[8].Id, "l:free-after-rcu");
  EXPECT_EQ(E[8].After, 0u);
  EXPECT_EQ(E[9].At.At, Point::Kind::Exit);
  EXPECT_TRUE(E[9].Objects.empty());
  EXPECT_EQ(E[10].At.At, Point::Kind::BeforeCall);

  refused(Lifetime("{use: g}, {free: h}"), "test.yaml:3:13: error: a lifetime needs marks that 'lookup' its objects");
  refused(Lifetime("{lookup: f}, {use: g}"), "and marks that 'free' them");
  refused(Lifetime("{lookup: f}, {free: h}"), "needs a mark 'use', 'put' or 'until'");
  refused(Lifetime("{find: f}" + Rest), "a mark needs a verb, one of lookup, create, get");
  refused(Lifetime("{lookup: f, use: f}" + Rest), "this one has 'lookup' and 'use'");
  refused(Lifetime("{lookup: f, counted: maybe}" + Rest), "counted");
  refused(Lifetime("{lookup: f}, {until: {exit: f}, object: 0}" + Rest), "'until' is of no object");
  refused(Lifetime("{lookup: f}, {put: {exit: f}}" + Rest), "at an exit there are no arguments");
  refused(Lifetime("{lookup: f}, {put: f, object: returned}" + Rest), "nothing is returned yet here");
  refused(Lifetime("{lookup: f}, {put: f, success: zero}" + Rest), "'success' is of what a call returned");
  refused(Lifetime("{lookup: {entry: f}}" + Rest), "which argument is its 'object' or 'key'");
  refused(Lifetime("{lookup: f}, {put: f, object: first}" + Rest), "must be a number");
  refused(Grace + Lifetime("{lookup: f}, {free: k, after: rcy}" + Rest),
          "unknown grace period 'rcy', did you mean 'rcu'?");
  refused("lifetimes: [{id: l, why: w}]\n", "a lifetime needs the key 'marks'");
  refused("lifetimes: [{id: l, marks: [{lookup: f}, {use: g}, {free: h}]}]\n", "a lifetime needs the key 'why'");
  refused(Lifetime("{lookup: f}" + Rest) +
              "events: [{id: e, entry: f}]\ncontracts: [{id: l, event: e, requires: m, why: w}]\n",
          "contract 'l' is defined twice");
  refused(Grace + "lifetimes: [{id: l, why: w, except-during: [boot], marks: [{lookup: f}, {use: g}, {free: h}]}]\n",
          "unknown phase 'boot'");
}

TEST(Model, AGracePeriodWaitsForStatesToo) {
  auto Grace = [](const std::string &Also) {
    return "grace-periods: [{id: rcu" + Also + ", marks: [{read-lock: r}, {read-unlock: u}, {wait: s}]}]\n";
  };
  Parsed P = parsed(Grace(", also: [irqs-off, hard-irq]")), None = parsed(Grace(""));
  ASSERT_TRUE(P.M) << P.Said;
  EXPECT_EQ(P.M->GracePeriods[0].Also, GracePeriod::IrqsOff | GracePeriod::HardIrq);
  ASSERT_TRUE(None.M) << None.Said;
  EXPECT_EQ(None.M->GracePeriods[0].Also, 0u);
  EXPECT_EQ(parsed(Grace(", also: soft-irq")).M->GracePeriods[0].Also, unsigned(GracePeriod::SoftIrq));
  EXPECT_EQ(parsed(Grace(", also: [softirqs-off, preemption-off]")).M->GracePeriods[0].Also,
            GracePeriod::SoftirqsOff | GracePeriod::PreemptionOff);
  // The plugin has no use for it.
  EXPECT_EQ(P.M->marksHash(), None.M->marksHash());
  refused(Grace(", also: [irqs-of]"), "test.yaml:3:34: error: unknown state 'irqs-of', did you mean 'irqs-off'?");
  refused(Grace(", also: [hard-irq, hard-irq]"), "'hard-irq' is in 'also' twice");
  refused(Grace(", also: [{irqs: off}]"), "a state");
  refused(Grace(", als: irqs-off"), "als");
}

TEST(Model, ReferencesMustResolve) {
  refused("events: [{id: vf-remove, entry: f}]\ncontracts: [{id: c, event: vf-remov, requires: l, why: w}]\n",
          "test.yaml:4:28: error: unknown event 'vf-remov', did you mean 'vf-remove'?");
  refused("events: [{id: e, entry: f}]\ncontracts: [{id: c, event: e, requires: l, why: w, except-during: [boot]}]\n",
          "unknown phase 'boot'; none is known");
  refused("themselves-during: boot\n", "test.yaml:3:20: error: unknown phase 'boot'");
}

TEST(Model, NothingIsDefinedTwice) {
  refused("locks: [{id: m, kind: mutex}, {id: m, kind: mutex}]\n", "test.yaml:3:31: error: lock 'm' is defined twice");
  refused("locks: [{id: m, kind: mutex, kind: mutex}]\n", "test.yaml:3:30: error: key 'kind' is given twice");
  refused("events: [{id: e, entry: f}, {id: e, entry: g}]\n", "event 'e' is defined twice");
  refused("phases: [{id: e, function: f}, {id: e, function: g}]\n", "phase 'e' is defined twice");
  refused("locks: [{id: m, kind: mutex, marks: [{acquire: f}, {release: f}]}]\n",
          "function 'f' is marked twice for its argument 0");
  // One function, two locks: that is no mistake.
  EXPECT_TRUE(parsed("locks: [{id: m, kind: mutex, marks: [{acquire: f}, {acquire: f, lock: 1}]}]\n").M);
  // An event and a phase may share a name.
  EXPECT_TRUE(parsed("events: [{id: e, entry: f}]\nphases: [{id: e, function: f}]\n").M);
}

TEST(Model, WhatIsMandatoryIsAskedFor) {
  refused("locks: [{kind: mutex}]\n", "test.yaml:3:9: error: a lock needs the key 'id'");
  refused("locks: [{id: m}]\n", "a lock needs the key 'kind'");
  refused("locks: [{id: m, kind: mutex, marks: [{lock: 0}]}]\n", "a mark needs a verb");
  refused("waits: [{id: w, kind: completion, marks: [{acquire: f}]}]\n", "needs a verb: wait, signal");
  refused("waits: [{id: w, kind: completion, marks: [{object: 0}]}]\n", "a mark of what is waited for needs a verb");
  refused("waits: [{id: w, kind: mutex, marks: [{wait: f}]}]\n", "mutex");
  refused("waits: [{id: w, kind: reference, marks: [{wait: f}, {signal: g}]}]\n", "only a completion is signalled");
  refused("waits: [{id: w, kind: thread, marks: [{wait: f}, {hold: g}]}]\n", "only a reference is held and dropped");
  refused("locks: [{id: w, kind: mutex, marks: [{acquire: f}]}]\nwaits: [{id: w, kind: thread, marks: [{wait: g}]}]\n",
          "lock 'w' is defined twice");
  refused("locks: [{id: m, kind: mutex, marks: [{acquire: f, release: g}]}]\n", "a mark has one verb");
  refused("locks: [{id: m, kind: mutex, marks: [{try: f}]}]\n", "a try needs the key 'success'");
  refused("locks: [{id: m, kind: mutex, marks: [{acquire: f, mode: any}]}]\n", "only a release can be of any mode");
  refused("locks: [{id: m, kind: mutex, marks: [{try: f, success: [zero, nonzero]}]}]\n",
          "test.yaml:3:63: error: unknown success 'nonzero'");
  refused("locks: [{id: m, kind: mutex, marks: [{try: f, success: null}]}]\n", "unknown success 'null'");
  refused("locks: [{id: m, kind: mutex, marks: [{try: f, success: []}]}]\n", "and this is empty");
  refused("task-ends: [{function: f}]\n", "unknown key 'function' in a point");
  refused("frees: [{function: f}]\n", "test.yaml:3:9: error: a frees entry needs the key 'size'");
  refused("frees: [{size: 0}]\n", "a frees entry needs the key 'function'");
  refused("frees: [{function: f, size: large}]\n",
          "test.yaml:3:29: error: the size of what is freed is the number of an argument, or malloc, or new");
  refused("frees: [{function: f, size: [0, 1]}]\n", "the size of what is freed is");
  refused("frees: [{function: f, size: 1}, {function: [g, f], size: new}]\n", "freeing function 'f' is defined twice");
  refused("ignore: [{file: x}]\n", "an ignore entry needs the key 'why'");
  refused("ignore: [{why: x}]\n", "names either a 'file' or a 'function'");
  refused("ignore: [{file: '[', why: x}]\n", "is no pattern");
  refused("events: [{id: e}]\n", "give one of the two");
  refused("phases: [{id: p}]\n", "give one of the three");
  refused("phases: [{id: p, begin: start}]\n", "a phase needs the key 'end'");
  refused("events: [{id: e, at: [{in: g}]}]\n", "give one of the two");
  refused("events: [{id: e, at: [{entry: f}], entry: g}]\n", "unknown key 'entry'");
  refused("phases: [{id: p, at: [{call: f}, {in: g}]}]\n", "an interval is a 'function', or a 'call'");
  refused("phases: [{id: p, at: [{begin: start, end: {entry: f}}]}]\n", "does so in one way");
  refused("phases: [{id: p, at: [{function: f}, {call: g}], title: [{argument: 0}]}]\n", "does not begin there");
  refused("phases: [{id: p, function: f, title: [{field: a}]}]\n", "a part of a title needs the key 'argument'");
  refused("phases: [{id: p, function: f, title: [{argument: 0}, {argument: 1}, {argument: 2}]}]\n",
          "a title has two parts at most");
  refused("phases: [{id: p, call: f, in: g, title: [{argument: 0}]}]\n", "does not begin there");
  refused("phases: [{id: p, begin: start, end: {in: f}}]\n", "a point is one of");
  refused("events: [{id: e, entry: f}]\ncontracts: [{id: c, event: e, why: w}]\n", "'requires' or 'forbids'");
  refused("events: [{id: e, entry: f}]\ncontracts: [{id: c, event: e, requires: l}]\n",
          "a contract needs the key 'why'");
}

// Where one thing lies in several versions of the code.
TEST(Model, ReadsSeveralPlaces) {
  Parsed P = parsed(R"(
events: [{id: e, at: [{call: f, in: g}, {entry: h}], objects: [1]}]
phases: [{id: p, at: [{call: f, in: g}, {function: h}], why: w}]
grace-periods:
  - {id: rcu, marks: [{read-lock: l}, {read-unlock: u}]}
  - {id: srcu, may-sleep: true, marks: [{read-lock: sl}, {read-unlock: su}]}
)");
  ASSERT_TRUE(P.M) << P.Said;
  const Model &M = *P.M;
  ASSERT_EQ(M.Events[1].Id, "e");
  EXPECT_TRUE(M.Events[0].At.Function == "f" && M.Events[0].At.In == "g" && M.Events[0].Objects.size() == 1);
  EXPECT_TRUE(M.Events[1].At.Function == "h" && M.Events[1].At.At == Point::Kind::Entry && M.Events[1].Objects[0] == 1);
  ASSERT_EQ(M.Phases.size(), 1u);
  const Phase &Ph = M.Phases[0];
  EXPECT_TRUE(Ph.Begin.Function == "f" && Ph.End.At == Point::Kind::AfterCall);
  ASSERT_EQ(Ph.Also.size(), 1u);
  EXPECT_TRUE(Ph.Also[0].first.Function == "h" && Ph.Also[0].second.At == Point::Kind::Exit);
  EXPECT_FALSE(M.GracePeriods[0].MaySleep);
  EXPECT_TRUE(M.GracePeriods[1].MaySleep);
  // The second place is a mark like the first.
  Parsed One = parsed("phases: [{id: p, at: [{call: f, in: g}], why: w}]\n"),
         Two = parsed("phases: [{id: p, at: [{call: f, in: g}, {function: h}], why: w}]\n");
  EXPECT_NE(One.M->marksHash(), Two.M->marksHash());
}

TEST(Model, TheFormatHasAVersion) {
  std::string Said;
  llvm::raw_string_ostream Errors(Said);
  EXPECT_FALSE(parse("name: x\n", "a.yaml", "", Errors));
  EXPECT_NE(Said.find("a.yaml:1:1: error: a model needs the key 'underlock'"), std::string::npos) << Said;
  EXPECT_FALSE(parse("underlock: 2\nname: x\n", "a.yaml", "", Errors));
  EXPECT_NE(Said.find("a.yaml:1:12: error: this model is written in version '2'"), std::string::npos) << Said;
}

TEST(Model, BadYamlIsAnErrorNotACrash) {
  for (const char *Text : {"",
                           "\n",
                           "- a\n",
                           "text",
                           "{",
                           "[",
                           "a: b: c",
                           "a: [1, 2",
                           "underlock: *x\n",
                           "? [a]\n: b\n",
                           "a: 'open",
                           "\t",
                           "%YAML 9.9\n---\na: b",
                           "--- a\n--- b\n",
                           "underlock: 1\n---\nunderlock: 1\n",
                           "&a *a",
                           "\xff\xfe",
                           "{{{{",
                           "a: !!x y",
                           "underlock: {a: 1}\nname: []\n"}) {
    std::string Said;
    llvm::raw_string_ostream Errors(Said);
    EXPECT_FALSE(parse(Text, "bad.yaml", "", Errors)) << Text;
    EXPECT_NE(Said.find("error: "), std::string::npos) << Text << ": " << Said;
  }
  std::string Deep(5000, '['), Said;
  llvm::raw_string_ostream Errors(Said);
  EXPECT_FALSE(parse(Deep, "deep.yaml", "", Errors));
}

TEST(Model, Extends) {
  Folder F;
  F.write("base.yaml",
          "underlock: 1\nname: base\nthreads: any\nlocks: [{id: l, kind: mutex, marks: [{acquire: lock}]}]\n"
          "events: [{id: e, entry: f}]\n");
  std::string Own = F.write("own.yaml", "underlock: 1\nname: own\nextends: [./base.yaml, posix]\n"
                                        "contracts: [{id: c, event: e, requires: x, why: w}]\n");
  std::string Said;
  llvm::raw_string_ostream Errors(Said);
  auto M = load({Own}, UNDERLOCK_MODELS, Errors);
  ASSERT_TRUE(M) << Said;
  EXPECT_EQ(M->Name, "own");
  EXPECT_EQ(M->Paths.size(), 3u);
  EXPECT_NE(M->findLock("l"), nullptr);
  EXPECT_NE(M->findLock("pthread-mutex"), nullptr);

  // What two models extend is read once.
  auto Both = load({Own, "posix"}, UNDERLOCK_MODELS, Errors);
  ASSERT_TRUE(Both) << Said;
  EXPECT_EQ(Both->Name, "own");

  std::string Twice = F.write("twice.yaml", "underlock: 1\nname: twice\nextends: ./base.yaml\n"
                                            "locks: [{id: k, kind: mutex, marks: [{release: lock}]}]\n");
  EXPECT_FALSE(load({Twice}, UNDERLOCK_MODELS, Errors));
  EXPECT_NE(Said.find("twice.yaml:4:48: error: function 'lock' is marked twice"), std::string::npos) << Said;
  EXPECT_NE(Said.find("base.yaml:4:48: note: the first mark is here"), std::string::npos) << Said;
}

TEST(Model, WhatCannotBeReadIsNamed) {
  Folder F;
  std::string Said;
  llvm::raw_string_ostream Errors(Said);
  EXPECT_FALSE(load({"posx"}, UNDERLOCK_MODELS, Errors));
  EXPECT_NE(Said.find("cannot read the model 'posx'"), std::string::npos) << Said;
  EXPECT_FALSE(load({}, UNDERLOCK_MODELS, Errors));
  std::string Lost = F.write("lost.yaml", "underlock: 1\nname: lost\nextends: nowhere\n");
  Said.clear();
  EXPECT_FALSE(load({Lost}, UNDERLOCK_MODELS, Errors));
  EXPECT_NE(Said.find("lost.yaml:3:10: error: cannot read the model 'nowhere'"), std::string::npos) << Said;
  std::string Loop = F.write("loop.yaml", "underlock: 1\nname: loop\nextends: ./loop.yaml\n");
  EXPECT_FALSE(load({Loop}, UNDERLOCK_MODELS, Errors));
  EXPECT_NE(Said.find("extends itself"), std::string::npos) << Said;
}

TEST(Model, SuccessIsOneOrSeveralValues) {
  auto Mark = [](const std::string &Success) {
    return parsed("locks: [{id: m, kind: mutex, marks: [{acquire: f, success: " + Success + "}]}]\n");
  };
  Parsed Both = Mark("[zero, 130]"), Negative = Mark("-11"), NonZero = Mark("nonzero"), Zero = Mark("zero");
  ASSERT_TRUE(Both.M && Negative.M && NonZero.M && Zero.M);
  EXPECT_EQ(Both.M->Locks[0].Marks[0].If, Success::OneOf);
  EXPECT_EQ(Both.M->Locks[0].Marks[0].Returns, (std::vector<int64_t>{0, 130}));
  EXPECT_EQ(Negative.M->Locks[0].Marks[0].Returns, std::vector<int64_t>{-11});
  EXPECT_EQ(NonZero.M->Locks[0].Marks[0].If, Success::NonZero);
  EXPECT_NE(Both.M->marksHash(), Zero.M->marksHash());
  EXPECT_NE(Negative.M->marksHash(), Zero.M->marksHash());
  EXPECT_EQ(Zero.M->marksHash(), Mark("[0]").M->marksHash());
}

TEST(Model, HashFollowsTheMarksAlone) {
  const std::string Marks = "locks: [{id: m, kind: mutex, marks: [{acquire: f}]}]\nevents: [{id: e, entry: f}]\n";
  uint64_t Hash = parsed(Marks).M->marksHash();
  EXPECT_EQ(Hash, parsed(Marks + "contracts: [{id: c, event: e, requires: l, why: w}]\n").M->marksHash());
  EXPECT_EQ(Hash, parsed("boundaries: [main]\n" + Marks).M->marksHash());
  EXPECT_NE(Hash, parsed("lock-types: [mutex]\n" + Marks).M->marksHash());
  EXPECT_NE(Hash, parsed("frees: [{function: f, size: 0}]\n" + Marks).M->marksHash());
  EXPECT_NE(parsed("frees: [{function: f, size: new}]\n").M->marksHash(),
            parsed("frees: [{function: f, size: malloc}]\n").M->marksHash());
  EXPECT_NE(Hash, parsed("task-ends: [{entry: f}]\n" + Marks).M->marksHash());
  auto Lifetime = [](const std::string &Found) {
    return parsed("lifetimes: [{id: l, why: w, marks: [{lookup: f" + Found + "}, {use: g}, {free: h}]}]\n")
        .M->marksHash();
  };
  EXPECT_NE(Lifetime(", object: 0"), Lifetime(", object: 0, success: zero"));
  EXPECT_NE(Lifetime(", object: 0"), Lifetime(", object: 0, key: 1"));
  EXPECT_NE(Lifetime(""), Lifetime(", counted: true"));
  EXPECT_NE(Hash, parsed("locks: [{id: m, kind: mutex, marks: [{acquire: f, mode: shared}]}]\nevents: [{id: e, entry: "
                         "f}]\n")
                      .M->marksHash());
}

} // namespace
