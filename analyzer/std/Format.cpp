// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lines of STD to events, and names to what a name may be made of.
#include "analyzer/std/Format.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace underlock;
using namespace underlock::std_format;
using llvm::StringRef;

// A record has to fit a chunk, and no tool writes a name as long.
static constexpr size_t LongestName = 1000;

static bool isBad(char C) { return static_cast<unsigned char>(C) <= ' ' || C == 0x7f; }

// A field that begins at column `Column`.
static std::optional<Mistake> checkName(StringRef Name, const char *What, size_t Column) {
  if (Name.empty())
    return Mistake{unsigned(Column), std::string(What) + " is missing"};
  const char *Bad = llvm::find_if(Name, isBad);
  if (Bad != Name.end())
    return Mistake{unsigned(Column + (Bad - Name.begin())),
                   llvm::formatv("{0} has white space or a control character ({1:x2}) in it", What,
                                 unsigned(static_cast<unsigned char>(*Bad)))
                       .str()};
  if (Name.size() > LongestName)
    return Mistake{unsigned(Column),
                   llvm::formatv("{0} is {1} bytes long; {2} are the most", What, Name.size(), LongestName).str()};
  return std::nullopt;
}

static constexpr std::pair<llvm::StringLiteral, Operation> Operations[] = {
    {"acq", Operation::Acquire}, {"rel", Operation::Release}, {"r", Operation::Read},
    {"w", Operation::Write},     {"fork", Operation::Fork},   {"join", Operation::Join},
    {"begin", Operation::Begin}, {"end", Operation::End},     {"dummy", Operation::Dummy}};

static std::optional<Mistake> parseOperation(StringRef Text, size_t Column, Event &Out) {
  StringRef Name = Text.take_until([](char C) { return C == '('; });
  auto Known = llvm::find_if(Operations, [&](const auto &O) { return O.first == Name; });
  if (Known == std::end(Operations))
    return Mistake{unsigned(Column),
                   (Name.empty() ? "no operation" : "no operation is called '" + Name.take_front(40).str() + "'") +
                       std::string("; there are acq, rel, r, w, fork, join, begin, end, dummy")};
  Out.What = Known->second;
  Out.Operand = Text.drop_front(Name.size());
  // An atomic block's ends have an operand in some traces, and RAPID does not look.
  if (Out.Operand.empty() && (Out.What == Operation::Begin || Out.What == Operation::End))
    return std::nullopt;
  if (!Out.Operand.consume_front("("))
    return Mistake{unsigned(Column + Name.size()), "expected '(' and an operand"};
  size_t At = Column + Name.size() + 1;
  if (!Out.Operand.consume_back(")"))
    return Mistake{unsigned(Column + Text.size()), "expected ')' behind the operand"};
  if (Out.What == Operation::Begin || Out.What == Operation::End)
    return std::nullopt;
  return checkName(Out.Operand, "the operand", At);
}

std::optional<Mistake> std_format::parseLine(StringRef Line, Event &Out) {
  auto [Thread, Rest] = Line.split('|');
  auto [What, Location] = Rest.split('|');
  size_t WhatAt = Thread.size() + 2, LocationAt = WhatAt + What.size() + 1;
  if (Thread.size() == Line.size() || WhatAt - 1 + What.size() == Line.size())
    return Mistake{unsigned(Line.size() + 1), "expected '|': a line is THREAD|OPERATION(OPERAND)|LOCATION"};
  if (size_t More = Location.find('|'); More != StringRef::npos)
    return Mistake{unsigned(LocationAt + More), "a fourth field: a line is THREAD|OPERATION(OPERAND)|LOCATION"};
  Out.Thread = Thread;
  Out.Location = Location;
  if (auto Wrong = checkName(Thread, "the thread", 1))
    return Wrong;
  if (auto Wrong = parseOperation(What, WhatAt, Out))
    return Wrong;
  if ((Out.What == Operation::Fork || Out.What == Operation::Join) && Out.Operand == Thread)
    return Mistake{unsigned(WhatAt + 5), "a thread cannot start or await itself"};
  return checkName(Location, "the location", LocationAt);
}

// ---- Locations ----

// FILE:LINE[:COLUMN], from the right.
static bool readPosition(StringRef Text, Location &Out) {
  auto [Front, Last] = Text.rsplit(':');
  uint32_t Number;
  if (Front.size() == Text.size() || Last.getAsInteger(10, Number))
    return false;
  auto [File, Middle] = Front.rsplit(':');
  Out.File = Front.str();
  Out.Line = Number;
  if (File.size() != Front.size() && !Middle.getAsInteger(10, Out.Line)) {
    Out.File = File.str();
    Out.Column = Number;
  }
  return !Out.File.empty();
}

std::optional<Mistake> std_format::parseLocation(StringRef Line, std::string &Name, Location &Out) {
  auto [Which, Rest] = Line.split('|');
  auto [Position, Function] = Rest.split('|');
  if (Which.empty() || Rest.size() == Position.size())
    return Mistake{1, "a line of a table of locations is LOCATION|FILE:LINE:COLUMN|FUNCTION"};
  Out = {};
  if (!readPosition(Position, Out))
    return Mistake{unsigned(Which.size() + 2), "expected FILE:LINE:COLUMN"};
  size_t FunctionAt = Which.size() + Position.size() + 3;
  for (auto [Text, At] : {std::pair(Which, size_t(1)), {Position, Which.size() + 2}, {Function, FunctionAt}})
    if (auto Wrong = checkName(Text, "the field", At))
      return Wrong;
  Name = Which.str();
  Out.File = decodeName(Out.File);
  Out.Function = decodeName(Function);
  return std::nullopt;
}

Location std_format::guessLocation(StringRef Name) {
  Location Out;
  if (!Name.getAsInteger(10, Out.Line)) {
    Out.File = "location";
    Out.Function = ("(location " + Name + ")").str(); // no function, and no report takes it for one
    return Out;
  }
  if (!readPosition(Name, Out))
    Out.File = "location";
  Out.Function = Name.str();
  return Out;
}

// ---- Names ----

std::string std_format::encodeName(StringRef Name) {
  std::string Out;
  for (char C : Name)
    if (isBad(C) || static_cast<unsigned char>(C) > 0x7e || C == '%' || C == '|')
      Out += "%" + llvm::toHex(StringRef(&C, 1));
    else
      Out += C;
  return Out;
}

std::string std_format::decodeName(StringRef Name) {
  std::string Out;
  for (size_t I = 0; I < Name.size(); ++I) {
    uint8_t Byte;
    if (Name[I] == '%' && I + 2 < Name.size() && llvm::tryGetHexFromNibbles(Name[I + 1], Name[I + 2], Byte)) {
      Out += static_cast<char>(Byte);
      I += 2;
    } else {
      Out += Name[I];
    }
  }
  return Out;
}

std::string std_format::classOf(StringRef Lock) {
  auto [Class, Instance] = Lock.rsplit('#');
  bool HasInstance = !Class.empty() && !Instance.empty() && llvm::all_of(Instance, llvm::isDigit);
  return decodeName(HasInstance ? Class : Lock);
}
