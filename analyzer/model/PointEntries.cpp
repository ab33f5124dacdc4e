// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is about moments in the code: points, events, phases, delegations, and the contracts over them.
#include "analyzer/model/Loader.h"
#include "llvm/ADT/STLExtras.h"
#include <tuple>

using namespace llvm;

namespace underlock::model {

// {entry: F} {exit: F} {before-call: F, in: G} {after-call: F, in: G}
std::optional<Point> Loader::readPoint(const Value &V) {
  static constexpr std::pair<StringRef, Point::Kind> Kinds[] = {{"entry", Point::Kind::Entry},
                                                                {"exit", Point::Kind::Exit},
                                                                {"before-call", Point::Kind::BeforeCall},
                                                                {"after-call", Point::Kind::AfterCall}};
  FieldReader F(V, "a point", Into);
  Point P;
  unsigned Found = 0;
  for (const auto &[Name, At] : Kinds)
    if (std::string Function = F.text(Name); !Function.empty()) {
      P.At = At;
      P.Function = Function;
      ++Found;
    }
  if (P.At == Point::Kind::BeforeCall || P.At == Point::Kind::AfterCall)
    P.In = F.text("in");
  F.finish();
  if (Found == 1)
    return P;
  if (V.Is == Value::Kind::Map)
    Into.error(V.Where, "a point is one of 'entry', 'exit', 'before-call' and 'after-call'");
  return std::nullopt;
}

// {entry: F} {call: F, in: G}
Point Loader::readEventPoint(FieldReader &F, SMLoc Where) {
  std::string Entry = F.text("entry"), Call = F.text("call");
  Point At = {Call.empty() ? Point::Kind::Entry : Point::Kind::BeforeCall, Call.empty() ? Entry : Call, ""};
  if (!Call.empty())
    At.In = F.text("in");
  if (Entry.empty() == Call.empty())
    Into.error(Where, "an event is at the 'entry' of a function or at a 'call' of one: give one of the two");
  return At;
}

// An event that is elsewhere in other versions of the code is several of one id.
void Loader::readEvent(const Value &V) {
  FieldReader F(V, "an event", Into);
  Event E;
  E.Id = F.requiredText("id");
  E.Where = placeOf(V.Where);
  define("event", E.Id, V.Where);
  E.What = F.text("what");
  std::vector<Point> Points;
  for (const Value *P : F.list("at")) {
    FieldReader Given(*P, "a place of an event", Into);
    Points.push_back(readEventPoint(Given, P->Where));
    Given.finish();
  }
  if (Points.empty())
    Points.push_back(readEventPoint(F, V.Where));
  for (const Value *O : F.list("objects"))
    if (auto Number = asNumber(*O, "an object", Into))
      E.Objects.push_back(*Number);
  if (E.Objects.size() > 4)
    Into.error(F.optional("objects")->Where, "an event has four objects at most");
  E.Why = F.text("why");
  E.See = F.text("see");
  F.finish();
  for (Point &P : Points) {
    E.At = std::move(P);
    Out.Events.push_back(E);
  }
}

std::optional<Point> Loader::readEndpoint(const Value &V, bool &FromStart) {
  FromStart = V.Is == Value::Kind::Text && V.Text == "start";
  if (FromStart)
    return Point();
  return readPoint(V);
}

// {function: F} {call: F, in: G} {begin: POINT, end: POINT}
void Loader::readInterval(FieldReader &F, const Value &V, StringRef What, Point &From, Point &To, bool &FromStart) {
  std::string Function = F.text("function"), Call = F.text("call");
  const Value *Begin = F.optional("begin"), *End = F.optional("end");
  if (!Function.empty() + !Call.empty() + (Begin || End) != 1)
    Into.error(V.Where, What + " is a 'function', or a 'call', or a 'begin' and an 'end': give one of the three");
  if (!Function.empty()) {
    From = {Point::Kind::Entry, Function, ""};
    To = {Point::Kind::Exit, Function, ""};
  } else if (!Call.empty()) {
    std::string In = F.text("in");
    From = {Point::Kind::BeforeCall, Call, In};
    To = {Point::Kind::AfterCall, Call, In};
  } else if (Begin || End) {
    F.required("begin");
    F.required("end");
    if (Begin)
      From = readEndpoint(*Begin, FromStart).value_or(Point());
    if (End)
      To = readPoint(*End).value_or(Point());
  }
}

void Loader::readPhase(const Value &V) {
  FieldReader F(V, "a phase", Into);
  Phase P;
  P.Id = F.requiredText("id");
  P.Where = placeOf(V.Where);
  define("phase", P.Id, V.Where);
  P.Why = F.text("why");
  P.What = F.text("what");
  // Where it lies in each version of the code.
  std::vector<const Value *> At = F.list("at");
  if (At.empty())
    readInterval(F, V, "a phase", P.Begin, P.End, P.FromStart);
  for (const Value *Interval : At) {
    FieldReader Given(*Interval, "an interval", Into);
    bool FromStart = false;
    Point Begin, End;
    readInterval(Given, *Interval, "an interval", Begin, End, FromStart);
    Given.finish();
    if (FromStart)
      Into.error(Interval->Where, "a phase that begins with the recording does so in one way");
    if (Interval == At.front())
      std::tie(P.Begin, P.End) = std::tie(Begin, End);
    else
      P.Also.emplace_back(std::move(Begin), std::move(End));
  }
  readTitle(F, P);
  F.finish();
  Out.Phases.push_back(std::move(P));
}

// title: [{argument: 0, field: name}, {argument: 1}]
void Loader::readTitle(FieldReader &F, Phase &To) {
  const Value *Given = F.optional("title");
  for (const Value *Part : F.list("title")) {
    FieldReader P(*Part, "a part of a title", Into);
    TitlePart T;
    P.required("argument");
    T.Argument = P.number("argument", 0);
    T.Field = P.text("field");
    P.finish();
    To.Title.push_back(std::move(T));
  }
  if (To.Title.size() > 2)
    Into.error(Given->Where, "a title has two parts at most");
  auto AtEntry = [](const Point &P) { return P.At == Point::Kind::Entry; };
  if (!To.Title.empty() &&
      (To.FromStart || !AtEntry(To.Begin) || any_of(To.Also, [&](const auto &I) { return !AtEntry(I.first); })))
    Into.error(Given->Where,
               "a title is read from arguments at the entry of a function, and this phase does not begin there");
}

void Loader::readDelegation(const Value &V) {
  FieldReader F(V, "a delegation", Into);
  Delegation D;
  D.Id = F.requiredText("id");
  D.Where = placeOf(V.Where);
  define("delegation", D.Id, V.Where);
  D.Why = F.text("why");
  F.required("waiter");
  F.required("worker");
  for (const Value *Waiter : F.list("waiter"))
    readDelegate(*Waiter, "a waiter", D.Id, {"waits", Part::Waits}, {"waited", Part::Waited});
  for (const Value *Worker : F.list("worker"))
    readDelegate(*Worker, "a worker", D.Id, {"works", Part::Works}, {"worked", Part::Worked});
  F.finish();
  Out.Delegations.push_back(std::move(D));
}

// One side of a delegation, as two events.
void Loader::readDelegate(const Value &V, StringRef What, StringRef Id, std::pair<StringRef, Part> Begin,
                          std::pair<StringRef, Part> End) {
  FieldReader F(V, What, Into);
  Event From, To;
  bool FromStart = false;
  readInterval(F, V, What, From.At, To.At, FromStart);
  F.required("object");
  From.Objects.push_back(F.number("object", 0));
  F.finish();
  if (FromStart || From.At.At == Point::Kind::Exit)
    Into.error(V.Where, What + " begins where its object is an argument: at an entry, or before or after a call");
  for (auto [E, Name, Is] : {std::tuple(&From, Begin.first, Begin.second), std::tuple(&To, End.first, End.second)}) {
    E->Id = (Id + ":" + Name).str();
    E->Is = Is;
    E->Of = Out.Delegations.size();
    E->Where = placeOf(V.Where);
    Out.Events.push_back(std::move(*E));
  }
}

void Loader::readPhases(FieldReader &F, StringRef Key, std::vector<std::string> &Ids) {
  for (const Value *P : F.list(Key))
    if (auto Id = asText(*P, Key, Into)) {
      References.push_back({"phase", *Id, P->Where});
      Ids.push_back(*Id);
    }
}

Severity Loader::readSeverity(FieldReader &F) {
  return F.choice<Severity>("severity",
                            {{"error", Severity::Error}, {"warning", Severity::Warning}, {"note", Severity::Note}},
                            Severity::Error);
}

void Loader::readContract(const Value &V) {
  FieldReader F(V, "a contract", Into);
  Contract C;
  C.Id = F.requiredText("id");
  C.Where = placeOf(V.Where);
  define("contract", C.Id, V.Where);
  C.Event = F.requiredText("event");
  if (const Value *E = F.optional("event"); E && !C.Event.empty())
    References.push_back({"event", C.Event, E->Where});
  C.Requires = F.texts("requires");
  C.Forbids = F.texts("forbids");
  C.Unless = F.texts("unless");
  C.RequiredMode = F.choice<Mode>("mode", {{"exclusive", Mode::Exclusive}, {"any", Mode::Any}}, Mode::Any);
  readPhases(F, "except-during", C.ExceptDuring);
  readPhases(F, "excluded-during", C.ExcludedDuring);
  if (C.Requires.empty() && C.Forbids.empty() && C.ExcludedDuring.empty() && V.Is == Value::Kind::Map)
    Into.error(V.Where, "a contract says which lock its event 'requires' or 'forbids', or which phases it is "
                        "'excluded-during'");
  if (!C.ExcludedDuring.empty() && !(C.Requires.empty() && C.Forbids.empty()))
    Into.error(V.Where, "which locks an event needs and which phases it is 'excluded-during' are two contracts");
  if (!C.Unless.empty() && C.ExcludedDuring.empty())
    Into.error(V.Where, "'unless' belongs to 'excluded-during', and this contract has none");
  C.Level = readSeverity(F);
  C.Why = F.requiredText("why");
  C.See = F.text("see");
  F.finish();
  Out.Contracts.push_back(std::move(C));
}

} // namespace underlock::model
