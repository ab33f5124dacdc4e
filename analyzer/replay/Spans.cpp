// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From where to where each edit holds, found in the stacks of what was recorded.
#include "analyzer/replay/Spans.h"
#include "llvm/ADT/STLExtras.h"

using namespace underlock;

static bool contains(llvm::ArrayRef<StackStep> Steps, uint32_t Function) {
  return llvm::any_of(Steps, [&](const StackStep &S) { return S.Function == Function; });
}

static llvm::ArrayRef<StackStep> outerPart(const StackSteps &S, const OnStack &At) {
  return llvm::ArrayRef(S).take_front(At.Prefix);
}
static llvm::ArrayRef<StackStep> innerPart(const StackSteps &S, const OnStack &At) {
  return llvm::ArrayRef(S).drop_front(std::min(At.Prefix, S.size()));
}

SpanFinder::State &SpanFinder::stateOf(ContextId C) {
  if (C >= States.size())
    States.resize(C + 1);
  if (C >= Found.ByContext.size())
    Found.ByContext.resize(C + 1);
  return States[C];
}

void SpanFinder::doubt(const std::string &Text) {
  if (!llvm::is_contained(Found.Doubts, Text))
    Found.Doubts.push_back(Text);
}

// ---- What is on a stack ----

// The whole stack; null when it is cut so deep that its outer part cannot be told.
const StackSteps *SpanFinder::stackNow(State &S, StackId Stack) {
  const StackSteps &Steps = Stacks.steps(Stack);
  S.Blind = false;
  if (!Stacks.cut(Stack)) {
    uint64_t Outermost = Steps.empty() ? 0 : Steps.front().Address;
    auto Known = llvm::find_if(S.Roots, [&](const Root &K) { return K.Outermost == Outermost; });
    if (Known == S.Roots.end())
      S.Roots.push_back({Outermost, {}});
    else
      S.Roots.erase(Known + 1, S.Roots.end());
    S.Roots.back().Last = Steps;
    return &S.Roots.back().Last;
  }
  for (size_t I = S.Roots.size(); I-- > 0;)
    if (std::optional<StackSteps> Whole = StackReader::complete(S.Roots[I].Last, Steps)) {
      S.Roots.resize(I + 1);
      S.Roots.back().Last = std::move(*Whole);
      return &S.Roots.back().Last;
    }
  S.Blind = true;
  ++Found.Blind;
  return nullptr;
}

// Is what happens now on top of the span's stack, or behind the span?
bool SpanFinder::isOnTopOf(const State &S, const Open &O) {
  return S.Roots.back().Outermost != O.Outermost &&
         llvm::any_of(S.Roots, [&](const Root &K) { return K.Outermost == O.Outermost; });
}

std::vector<SpanFinder::Match> SpanFinder::matchesOn(StackId Stack, const StackSteps &Now, llvm::StringRef Next) {
  auto Look = [&] {
    std::vector<Match> Out;
    for (unsigned E = 0; E < Edits.size(); ++E)
      if (Edits[E].What == Edit::Kind::Take)
        for (const OnStack &At : Stacks.find(Edits[E].Where, Now, Next))
          Out.push_back({E, At});
    llvm::sort(Out, [](const Match &A, const Match &B) {
      return std::tuple(A.Where.Prefix, A.Where.Frame, A.Edit) < std::tuple(B.Where.Prefix, B.Where.Frame, B.Edit);
    });
    return Out;
  };
  if (Stacks.cut(Stack) || !Next.empty())
    return Look();
  auto [It, New] = ByStack.try_emplace(Stack);
  if (New)
    It->second = Look();
  return It->second;
}

// ---- With a stack ----

void SpanFinder::close(const Moment &M, Open &O, uint64_t Number) {
  Found.ByContext[M.Context][O.Index].End = O.LeftAt ? *O.LeftAt : O.OnTop.value_or(Number);
}

// Where the function calls the other one that is meant, as far as the stack tells: not before the call, and not where
// that one is inlined.
std::optional<uint64_t> SpanFinder::callOn(const StackSteps &S, const OnStack &At) {
  if (At.Prefix != At.Frame + 1 || At.Prefix >= S.size() || S[At.Prefix].Address == S[At.Frame].Address)
    return std::nullopt;
  return S[At.Frame].Address;
}

// Is it what goes on there? While one call of another function follows the other at the same place, that is one span.
bool SpanFinder::goesOn(const Open &O, const Match &At, const StackSteps &Now) const {
  if (At.Edit != O.At.Edit || At.Where.Frame != O.At.Where.Frame)
    return false;
  std::optional<uint64_t> Call = callOn(Now, At.Where);
  if (!Edits[At.Edit].Where.Line && Call && O.Call && *Call != *O.Call)
    return false;
  return llvm::ArrayRef(Now).take_front(At.Where.Frame) == llvm::ArrayRef(O.Outer).take_front(At.Where.Frame);
}

// The model may mark a call of the span's function: that is before the call, and belongs to it.
void SpanFinder::event(const Moment &M, PlaceRef At, llvm::ArrayRef<uint64_t>) {
  const model::Event *E = R.Sites[At.Site].Event;
  with(M, At.Stack, E ? callAt(E->At) : "");
}

void SpanFinder::with(const Moment &M, StackId Stack, llvm::StringRef Next) {
  uint64_t Number = Count.next(M.Context);
  State &S = stateOf(M.Context);
  machine(S, M.State.value_or(0));
  const StackSteps *Now = stackNow(S, Stack);
  std::vector<Match> Here;
  if (Now)
    Here = matchesOn(Stack, *Now, Next);
  if ((S.Spans.empty() && Here.empty()) ||
      !Now) // a stack without its outer part is a deep one: what was on it still is
    return leave(S);
  uint64_t NotBefore = 0; // spans behind each other do not overlap
  std::vector<Open> Still;
  for (Open &O : S.Spans) {
    if (!O.LeftAt && isOnTopOf(S, O)) {
      O.OnTop = O.OnTop.value_or(Number);
      Still.push_back(std::move(O));
      continue;
    }
    auto Same = llvm::find_if(Here, [&](const Match &At) { return goesOn(O, At, *Now); });
    bool GoesOn = Same != Here.end();
    if (GoesOn && !O.Doubt.empty())
      doubt(O.Doubt);
    if (GoesOn && !O.LeftAt) {
      Here.erase(Same);
      O.Doubt.clear();
      O.OnTop.reset();
      inside(O, M, Number);
      Still.push_back(std::move(O));
      continue;
    }
    close(M, O, Number);
    NotBefore = std::max({NotBefore, O.LastInside + 1, O.LeftAt.value_or(0), O.OnTop.value_or(0)});
  }
  S.Spans = std::move(Still);
  for (const Match &At : Here)
    open(M, S, At, *Now, Number, NotBefore);
  leave(S);
}

void SpanFinder::machine(State &S, uint8_t Off) {
  S.OffBefore = S.Off;
  S.Off = Off;
}

// This is inside of the span for certain.
void SpanFinder::inside(Open &O, const Moment &M, uint64_t Number) {
  O.LastInside = Number;
  O.OffInside &= M.State.value_or(0xff);
  if ((O.OffInside & ~O.OffBefore) == 0)
    Found.ByContext[M.Context][O.Index].Machine = O.OffInside;
}

// What stood without a stack is behind.
void SpanFinder::leave(State &S) {
  for (const Stackless &Before : S.Since)
    for (unsigned E : Before.Alone)
      doubt(Before.Text + " is all that is recorded of one " + Edits[E].Where.text() + ", and says little of it");
  S.Since.clear();
}

// Is it the function at whose entry the edit's span begins?
bool SpanFinder::entered(unsigned E, uint32_t Function) {
  const Around &Where = Edits[E].Where;
  return Edits[E].What == Edit::Kind::Take && !Where.Line &&
         Stacks.named(Function, Where.Callee.empty() ? Where.Function : Where.Callee);
}

// Where the span has begun that the stack shows: here, or at something before that is certain to be inside already.
uint64_t SpanFinder::beginOf(State &S, const Match &At, const StackSteps &Now, uint64_t Number, uint64_t NotBefore) {
  llvm::ArrayRef<StackStep> Outer = outerPart(Now, At.Where), Inner = innerPart(Now, At.Where);
  std::string Doubt;
  for (Stackless &Before : llvm::reverse(S.Since)) {
    bool Within = contains(Inner, Before.Function), Further = contains(Outer, Before.Function);
    if (Before.Number < NotBefore) {
      // What another function has taken may have outlived the call before, which it was counted to.
      if (Before.Release && Within && Before.TakenIn != Before.Function)
        Doubt = Before.Text + " may be inside of one " + Edits[At.Edit].Where.text() + " or of the next";
      break;
    }
    if (Further && !Within)
      break;
    // The function itself; where a call of it is meant, it may have been called by another.
    bool Enters = !Inner.empty() && Before.Function == Inner.front().Function && !Edits[At.Edit].Where.isCall();
    if (Enters && !Further && !Before.OnStack) {
      Number = Before.Number;
      Doubt.clear();
      llvm::erase(Before.Alone, At.Edit);
    } else if (Before.Release && (Within || contains(Outer, Before.TakenIn))) {
      Doubt = Before.Text + " may be before or inside " + Edits[At.Edit].Where.text();
      llvm::erase(Before.Alone, At.Edit);
    }
  }
  if (!Doubt.empty())
    doubt(Doubt);
  return Number;
}

void SpanFinder::open(const Moment &M, State &S, const Match &At, const StackSteps &Now, uint64_t Number,
                      uint64_t NotBefore) {
  Open O;
  O.At = At;
  O.Outer.assign(Now.begin(), Now.begin() + At.Where.Prefix);
  O.Outermost = Now.front().Address;
  O.Call = callOn(Now, At.Where);
  O.Index = Found.ByContext[M.Context].size();
  O.Began = M.Time;
  O.OffBefore = S.OffBefore;
  Span New;
  New.Edit = At.Edit;
  New.Begin = beginOf(S, At, Now, Number, NotBefore);
  uint64_t Address = Now[At.Where.Frame].Address;
  std::vector<Frame> Frames = R.Names ? R.Names->frames(Address) : std::vector<Frame>();
  if (size_t Inner = Frames.size() - std::min<size_t>(Frames.size(), Now[At.Where.Frame].Inline + 1))
    Frames.erase(Frames.begin(), Frames.begin() + Inner);
  New.Here = std::move(Frames);
  for (size_t I = At.Where.Frame - Now[At.Where.Frame].Inline; I-- > 0;)
    if (Now[I].Inline == 0)
      New.Outer.push_back(Now[I].Address);
  Found.ByContext[M.Context].push_back(std::move(New));
  inside(O, M, Number);
  ++Found.Uses[At.Edit];
  S.Spans.push_back(std::move(O));
}

// ---- Without one ----

SpanFinder::Side SpanFinder::sideOf(const Open &O, const State &S, const Moment &M, const Stackless &What,
                                    const Hold *Old) {
  bool Within = contains(innerPart(S.last(), O.At.Where), What.Function), Further = contains(O.Outer, What.Function);
  Side ByFunction = Within == Further ? Side::Unknown : Within ? Side::Inside : Side::Outside;
  if (!Old)
    return ByFunction;
  if (Old->Since >= O.Began) {
    // It was taken inside. A function that is further out gives it back when the span returned with it; or it is at
    // work inside as well: then it is on the stack of the acquisition.
    const StackSteps &Taken = Stacks.steps(Old->Place.Stack);
    bool TakenWithin = contains(innerPart(Taken, O.At.Where), What.Function);
    return ByFunction == Side::Outside && !TakenWithin ? Side::Outside : Side::Inside;
  }
  if (ByFunction != Side::Unknown)
    return ByFunction;
  bool HoldsFromInside = llvm::any_of(M.Held, [&](const Hold &H) { return H.own() && H.Since >= O.Began; });
  if (HoldsFromInside)
    return Side::Inside;
  return Within || contains(O.Outer, What.TakenIn) ? Side::Doubtful : Side::Outside;
}

void SpanFinder::without(const Moment &M, SiteId At, const Hold *Old) {
  uint64_t Number = Count.next(M.Context);
  if (At == None)
    return;
  State &S = stateOf(M.Context);
  machine(S, 0);
  Stackless What;
  What.Number = Number;
  What.Function = Stacks.number(R.Sites[At].Function);
  What.OnStack = contains(S.last(), What.Function);
  if (Old) {
    What.Release = true;
    What.TakenIn = Stacks.number(R.Sites[Old->Place.Site].Function);
    What.Text = "the release of " + R.lockName(Old->Lock) + " in " + R.Sites[At].Function + " (" + R.Sites[At].File +
                ":" + std::to_string(R.Sites[At].Line) + ")";
  }
  for (unsigned E = 0; E < Edits.size(); ++E)
    if (What.Release && entered(E, What.Function))
      What.Alone.push_back(E);
  for (Open &O : S.Spans) {
    if (O.LeftAt || O.OnTop)
      continue;
    switch (sideOf(O, S, M, What, Old)) {
    case Side::Inside:
      inside(O, M, Number);
      llvm::erase(What.Alone, O.At.Edit);
      break;
    case Side::Outside:
      O.LeftAt = Number;
      break;
    case Side::Doubtful:
      O.Doubt = What.Text + " may be inside or behind " + Edits[O.At.Edit].Where.text();
      break;
    case Side::Unknown:
      break;
    }
  }
  S.Since.push_back(std::move(What));
}

void SpanFinder::released(const Moment &M, const Hold &Old, SiteId At) {
  // What is given back for another context (a semaphore) says nothing about this one's spans.
  const model::Lock *Kind = R.classOf(Old.Lock).Lock;
  without(M, At, Kind && !Kind->Owner ? nullptr : &Old);
}

void SpanFinder::contextEnd(const Moment &M) {
  uint64_t Number = Count.next(M.Context);
  State &S = stateOf(M.Context);
  for (Open &O : S.Spans)
    close(M, O, Number);
  leave(S);
  S = State();
}

// ---- What is dropped ----

bool SpanFinder::dropsHere(const Edit &E, InstanceId Lock) const {
  return E.What == Edit::Kind::Drop && R.className(Lock) == E.Lock;
}

void SpanFinder::acquired(const Moment &M, const Hold &New) {
  with(M, New.Place.Stack);
  for (unsigned E = 0; E < Edits.size(); ++E) {
    if (!dropsHere(Edits[E], New.Lock))
      continue;
    bool Inside = Edits[E].Where.everywhere();
    if (!Inside)
      Inside = !Stacks.find(Edits[E].Where, Stacks.steps(New.Place.Stack)).empty();
    const State &S = stateOf(M.Context);
    if (!Inside && !S.Blind && !Stacks.find(Edits[E].Where, S.last()).empty()) {
      Inside = true;
      Found.DroppedByHistory.insert({M.Context, New.Since, New.Lock});
    }
    Found.Uses[E] += Inside;
  }
}

SpansFound SpanFinder::take() {
  // Whose context has no end in the recording: they are over where that was seen, and else go on to the end.
  for (ContextId C = 0; C < States.size(); ++C)
    for (const Open &O : States[C].Spans)
      if (O.LeftAt || O.OnTop)
        Found.ByContext[C][O.Index].End = O.LeftAt ? *O.LeftAt : *O.OnTop;
  for (llvm::StringRef Name : Stacks.functions())
    Found.Similar.push_back(Name.str());
  return std::move(Found);
}
