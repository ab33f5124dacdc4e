// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names come from a trace, which may be damaged or foreign: what each output language takes of them.
#ifndef UNDERLOCK_ANALYZER_REPORT_ESCAPE_H
#define UNDERLOCK_ANALYZER_REPORT_ESCAPE_H

#include "llvm/ADT/StringRef.h"
#include <string>

namespace underlock::report {

// JSON takes UTF-8 alone: other bytes become U+FFFD.
std::string utf8(llvm::StringRef Text);

// XML and HTML, as text or in a quoted attribute: UTF-8 without control characters, markup as entities.
std::string xml(llvm::StringRef Text);

// The same in one line: an attribute's line breaks would be lost, and an empty line ends a piece of HTML in Markdown.
std::string xmlLine(llvm::StringRef Text);

// A path as the path of a URI: what is not allowed there, byte by byte as %XX.
std::string uriPath(llvm::StringRef Path);

} // namespace underlock::report

#endif
