// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stacks as steps from function to function, and where edits are on them.
#include "analyzer/replay/StackReader.h"
#include "llvm/ADT/STLExtras.h"

using namespace underlock;
using llvm::StringRef;

// Demangled C++ functions come with their parameters, which a person leaves out.
static StringRef withoutParameters(StringRef Name) {
  size_t At = Name.starts_with("operator()") ? Name.find('(', 10) : Name.find('(');
  return At == 0 ? Name : Name.take_front(At);
}

uint32_t StackReader::number(StringRef Function) {
  auto [It, New] = Numbers.try_emplace(sourceFunction(Function), Names.size());
  if (New)
    Names.push_back(It->getKey());
  return It->second;
}

bool StackReader::named(uint32_t Function, StringRef Name) {
  StringRef Full = Names[Function];
  return !Full.empty() && (Full == Name || withoutParameters(Full) == Name);
}

std::vector<StringRef> StackReader::functions() const {
  std::vector<StringRef> Out;
  for (StringRef Name : Names)
    if (!Name.empty())
      Out.push_back(withoutParameters(Name));
  return Out;
}

const std::vector<StackStep> &StackReader::stepsAt(uint64_t Address) {
  auto [It, New] = ByAddress.try_emplace(Address);
  if (!New)
    return It->second;
  std::vector<Frame> Frames = R.Names ? R.Names->frames(Address) : std::vector<Frame>();
  if (Frames.empty())
    Frames.emplace_back();
  for (const Frame &F : llvm::reverse(Frames)) {
    StackStep S;
    S.Address = Address;
    S.Function = number(F.Function);
    S.Line = F.Line;
    S.Inline = It->second.size();
    S.Copy = sourceFunction(F.Function).size() != F.Function.size();
    It->second.push_back(S);
  }
  return It->second;
}

const StackSteps &StackReader::steps(StackId S) {
  static const StackSteps NoStack;
  if (S == None)
    return NoStack;
  if (S >= ByStack.size())
    ByStack.resize(R.Stacks.size());
  if (!ByStack[S]) {
    ByStack[S] = std::make_unique<StackSteps>();
    for (uint64_t Address : llvm::reverse(R.Stacks[S]))
      llvm::append_range(*ByStack[S], stepsAt(Address));
  }
  return *ByStack[S];
}

std::optional<StackSteps> StackReader::complete(const StackSteps &Before, const StackSteps &Cut) {
  size_t Best = 0, At = 0;
  bool Unclear = false;
  for (size_t I = 0; I < Before.size() && !Cut.empty(); ++I) {
    size_t Run = 0;
    while (I + Run < Before.size() && Run < Cut.size() && Before[I + Run] == Cut[Run])
      ++Run;
    if (Run > 0 && Run == Best)
      Unclear = true;
    if (Run > Best) {
      Best = Run;
      At = I;
      Unclear = false;
    }
  }
  // A single frame may be there by chance, and a recursion may be hidden behind it.
  if (Best == 0 || Best * 2 < Cut.size() || Unclear)
    return std::nullopt;
  StackSteps Out(Before.begin(), Before.begin() + At);
  llvm::append_range(Out, Cut);
  return Out;
}

std::vector<OnStack> StackReader::find(const Around &Where, const StackSteps &In, StringRef Next) {
  std::vector<OnStack> Out;
  for (size_t I = 0; I < In.size(); ++I) {
    if (!named(In[I].Function, Where.Function))
      continue;
    // A part of the function that the compiler moved out is called by the rest of it.
    if (In[I].Copy && I > 0 && In[I - 1].Function == In[I].Function)
      continue;
    bool Innermost = I + 1 == In.size();
    if (!Where.isCall())
      Out.push_back({I, I});
    else if (Where.Line  ? In[I].Line == Where.Line
             : Innermost ? !Next.empty() && named(number(Next), Where.Callee)
                         : named(In[I + 1].Function, Where.Callee))
      Out.push_back({I, I + 1});
  }
  return Out;
}
