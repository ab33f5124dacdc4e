// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The entries of `lifetimes` and `grace-periods`. A mark is one verb with a function, a point, or a list of these. The
// id of its event, `session:lookup`, says all that the analysis has to know, so that marks of one verb are one event
// however many functions there are.
#include "analyzer/model/Loader.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace underlock::model {

struct Loader::LifeVerb {
  StringRef Key;
  Life Is;
  Point::Kind At;  // of a function that is named without a point
  unsigned Object; // unless told; Absent: it has none
};

// What makes or finds an object is behind the call, what needs it is before.
ArrayRef<Loader::LifeVerb> Loader::lifeVerbs(bool OfLifetime) {
  static constexpr Point::Kind Before = Point::Kind::BeforeCall, After = Point::Kind::AfterCall;
  static constexpr LifeVerb OfObjects[] = {{"lookup", Life::LookUp, After, Event::Returned},
                                           {"create", Life::Create, After, Event::Returned},
                                           {"get", Life::Get, After, 0},
                                           {"unpublish", Life::Unpublish, After, 0},
                                           {"use", Life::Use, Before, 0},
                                           {"put", Life::Put, Before, 0},
                                           {"free", Life::Free, Before, 0},
                                           {"until", Life::Until, Point::Kind::Exit, Event::Absent}};
  static constexpr LifeVerb OfGrace[] = {{"read-lock", Life::ReadLock, After, Event::Absent},
                                         {"read-unlock", Life::ReadUnlock, Before, Event::Absent},
                                         {"wait", Life::Grace, After, Event::Absent}};
  return OfLifetime ? ArrayRef<LifeVerb>(OfObjects) : ArrayRef<LifeVerb>(OfGrace);
}

// object: 0, key: 1, object: returned
std::optional<unsigned> Loader::readLifeArgument(FieldReader &F, StringRef Key, bool MayReturn) {
  const Value *V = F.optional(Key);
  if (!V)
    return std::nullopt;
  if (V->Is == Value::Kind::Text && V->Text == "returned") {
    if (!MayReturn)
      Into.error(V->Where, "nothing is returned yet here: only behind a call there is what it returned");
    return Event::Returned;
  }
  unsigned Number = F.number(Key, 0);
  return Number;
}

void Loader::readLifeObjects(FieldReader &F, const Value &V, const LifeVerb &Is, Event &To) {
  bool Behind = To.At.At == Point::Kind::AfterCall;
  std::optional<unsigned> Object = readLifeArgument(F, "object", Behind), Key = readLifeArgument(F, "key", Behind);
  if (Is.Object == Event::Absent) {
    if (Object || Key)
      Into.error(V.Where, "'" + Is.Key + "' is of no object: leave out 'object' and 'key'");
    return;
  }
  if (To.At.At == Point::Kind::Exit) {
    Into.error(V.Where, "at an exit there are no arguments, and '" + Is.Key + "' needs its object");
    return;
  }
  bool Usual = !Object && !Key && !(Is.Object == Event::Returned && !Behind);
  To.Objects.push_back(Object ? *Object : Usual ? Is.Object : Event::Absent);
  if (Key)
    To.Objects.push_back(*Key);
  else if (To.Objects.front() == Event::Absent)
    Into.error(V.Where, "'" + Is.Key + "' needs to be told which argument is its 'object' or 'key'");
  // A pointer that is null is nothing found.
  if (To.Objects.front() == Event::Returned && To.If == Success::Always)
    To.If = Success::NonZero;
}

bool Loader::readLifePoint(const Value &Function, Point::Kind Usual, Event &To) {
  if (Function.Is == Value::Kind::Map) {
    std::optional<Point> P = readPoint(Function);
    To.At = P.value_or(Point());
    return P.has_value();
  }
  std::optional<std::string> Name = asText(Function, "a function", Into);
  if (Name)
    To.At = {Usual, *Name, ""};
  return Name.has_value();
}

Life Loader::readLifeMark(const Value &V, StringRef Id, unsigned Of, bool OfLifetime) {
  FieldReader F(V, "a mark", Into);
  const LifeVerb *Is = nullptr;
  std::string Known;
  for (const LifeVerb &Candidate : lifeVerbs(OfLifetime)) {
    Known += (Known.empty() ? "" : ", ") + Candidate.Key.str();
    if (!F.optional(Candidate.Key))
      continue;
    if (Is) {
      Into.error(V.Where, "a mark has one verb, and this one has '" + Is->Key + "' and '" + Candidate.Key + "'");
      return Life::None;
    }
    Is = &Candidate;
  }
  if (!Is) {
    if (V.Is == Value::Kind::Map)
      Into.error(V.Where, "a mark needs a verb, one of " + Known);
    return Life::None;
  }
  Event Common;
  Common.Role = Is->Is;
  Common.Of = Of;
  Common.Where = placeOf(V.Where);
  Common.Id = (Id + ":" + Is->Key).str();
  if (Is->Is == Life::LookUp && F.boolean("counted", false)) {
    Common.Counted = true;
    Common.Id += "-counted";
  }
  if (Is->Is == Life::Free)
    if (std::string After = F.text("after"); !After.empty()) {
      auto It = find_if(Out.GracePeriods, [&](const GracePeriod &G) { return G.Id == After; });
      SmallVector<StringRef, 4> Ids;
      for (const GracePeriod &G : Out.GracePeriods)
        Ids.push_back(G.Id);
      if (It == Out.GracePeriods.end())
        Into.error(F.optional("after")->Where, "unknown grace period '" + After + "'" + suggestion(After, Ids));
      else
        Common.After = It - Out.GracePeriods.begin();
      Common.Id += "-after-" + After;
    }
  readSuccess(F, Common.If, Common.Returns);
  for (const Value *Function : F.list(Is->Key)) {
    Event New = Common;
    if (!readLifePoint(*Function, Is->At, New))
      continue;
    readLifeObjects(F, V, *Is, New);
    if (F.optional("success") && New.At.At != Point::Kind::AfterCall)
      Into.error(F.optional("success")->Where, "'success' is of what a call returned, and this is not behind one");
    Out.Events.push_back(std::move(New));
  }
  F.finish();
  return Is->Is;
}

// also: [irqs-off, preemption-off]
unsigned Loader::readReadSides(FieldReader &F) {
  static constexpr std::pair<StringRef, GracePeriod::State> States[] = {{"irqs-off", GracePeriod::IrqsOff},
                                                                        {"softirqs-off", GracePeriod::SoftirqsOff},
                                                                        {"preemption-off", GracePeriod::PreemptionOff},
                                                                        {"hard-irq", GracePeriod::HardIrq},
                                                                        {"soft-irq", GracePeriod::SoftIrq}};
  SmallVector<StringRef, 5> Names;
  for (const auto &[Name, Is] : States)
    Names.push_back(Name);
  unsigned Also = 0;
  for (const Value *V : F.list("also")) {
    std::optional<std::string> Text = asText(*V, "a state", Into);
    if (!Text)
      continue;
    const auto *It = find_if(States, [&](const auto &S) { return S.first == *Text; });
    if (It == std::end(States))
      Into.error(V->Where, "unknown state '" + *Text + "'" + suggestion(*Text, Names));
    else if (Also & It->second)
      Into.error(V->Where, "'" + *Text + "' is in 'also' twice");
    else
      Also |= It->second;
  }
  return Also;
}

void Loader::readGracePeriod(const Value &V) {
  FieldReader F(V, "a grace period", Into);
  GracePeriod G;
  G.Id = F.requiredText("id");
  G.Where = placeOf(V.Where);
  define("grace period", G.Id, V.Where);
  G.Why = F.text("why");
  G.MaySleep = F.boolean("may-sleep", false);
  G.Also = readReadSides(F);
  F.required("marks");
  unsigned Index = Out.GracePeriods.size();
  Out.GracePeriods.push_back(G);
  for (const Value *M : F.list("marks"))
    readLifeMark(*M, G.Id, Index, /*OfLifetime=*/false);
  if (Index == 64)
    Into.error(V.Where, "a model has 64 grace periods at most");
  F.finish();
}

// Its contract is that no object is freed between its look-up and its last use.
void Loader::readLifetime(const Value &V) {
  FieldReader F(V, "a lifetime", Into);
  Contract C;
  C.Id = F.requiredText("id");
  C.Where = placeOf(V.Where);
  define("contract", C.Id, V.Where);
  unsigned Index = Out.Lifetimes.size();
  C.Lifetime = Index;
  C.Event = C.Id + ":free";
  readPhases(F, "except-during", C.ExceptDuring);
  C.Level = readSeverity(F);
  C.Why = F.requiredText("why");
  C.See = F.text("see");
  Out.Contracts.push_back(C);

  Lifetime L;
  L.Id = C.Id;
  L.What = F.text("what");
  L.Where = C.Where;
  F.required("marks");
  Out.Lifetimes.push_back(L);
  std::vector<Life> Marked;
  for (const Value *M : F.list("marks"))
    Marked.push_back(readLifeMark(*M, C.Id, Index, /*OfLifetime=*/true));
  F.finish();
  if (is_contained(Marked, Life::None)) // has been reported
    return;
  auto Has = [&](Life Is) { return is_contained(Marked, Is); };
  if (!Has(Life::LookUp) || !Has(Life::Free))
    Into.error(V.Where, "a lifetime needs marks that 'lookup' its objects and marks that 'free' them");
  if (!Has(Life::Use) && !Has(Life::Until) && !Has(Life::Put))
    Into.error(V.Where, "how long is it used what was looked up? A lifetime needs a mark 'use', 'put' or 'until'");
  Out.Lifetimes[Index].Unpublished = Has(Life::Unpublish);
}

} // namespace underlock::model
