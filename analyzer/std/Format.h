// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RAPID's STD format (https://github.com/umangm/rapid): one event a line, three fields,
//
//     THREAD|OPERATION(OPERAND)|LOCATION
//
// with acq, rel (a lock), r, w (a variable), fork, join (a thread), begin and end (of an atomic block; an operand is
// not asked for), and dummy. No field has a | or white space in it; RAPID takes only whole numbers for locations, this
// any text.
//
// What `underlock export` writes has more in its names, and is read by other tools all the same:
//     a lock is CLASS#INSTANCE: CLASS as reports call it, INSTANCE a number. A lock without #NUMBER is its own class
//     %XX stands for a byte that a name cannot have: %, | and all that is not printable ASCII
// and beside it, where asked for, a table of locations: LOCATION|FILE:LINE:COLUMN|FUNCTION.
#ifndef UNDERLOCK_ANALYZER_STD_FORMAT_H
#define UNDERLOCK_ANALYZER_STD_FORMAT_H

#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace underlock::std_format {

enum class Operation { Acquire, Release, Read, Write, Fork, Join, Begin, End, Dummy };

struct Event {
  Operation What = Operation::Dummy;
  llvm::StringRef Thread, Operand, Location;
};

// What is wrong with a line, and where: columns count bytes from 1.
struct Mistake {
  unsigned Column = 1;
  std::string Text;
};

// Reads one line, without its line break. The event refers to the line.
std::optional<Mistake> parseLine(llvm::StringRef Line, Event &Out);

struct Location {
  std::string File, Function;
  uint32_t Line = 0, Column = 0;
};
// A line of a table of locations.
std::optional<Mistake> parseLocation(llvm::StringRef Line, std::string &Name, Location &Out);
// Where a table has nothing: `Foo.java:12` is a file and a line, a number a line of "location", all else a function.
Location guessLocation(llvm::StringRef Name);

std::string encodeName(llvm::StringRef Name);
std::string decodeName(llvm::StringRef Name);
// CLASS#INSTANCE, or all of it.
std::string classOf(llvm::StringRef Lock);

// Goes over the lines of a text: `Line` is called with each that is not empty and its number, until it returns false.
template <typename Callback> bool eachLine(llvm::StringRef Text, Callback Line) {
  for (uint64_t Number = 1; !Text.empty(); ++Number) {
    auto [This, Rest] = Text.split('\n');
    Text = Rest;
    This.consume_back("\r");
    if (!This.empty() && !Line(This, Number))
      return false;
  }
  return true;
}

} // namespace underlock::std_format

#endif
