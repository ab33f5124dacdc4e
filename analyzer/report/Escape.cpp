// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text that no format takes for anything else.
#include "analyzer/report/Escape.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

using namespace underlock;

std::string report::utf8(llvm::StringRef Text) {
  return llvm::json::isUTF8(Text) ? Text.str() : llvm::json::fixUTF8(Text);
}

// U+FFFE and U+FFFF are UTF-8 and still no XML.
static bool isNoCharacter(llvm::StringRef Rest) {
  return Rest.starts_with("\xEF\xBF\xBE") || Rest.starts_with("\xEF\xBF\xBF");
}

std::string report::xml(llvm::StringRef Text) {
  std::string Clean = utf8(Text), Out;
  for (size_t I = 0; I < Clean.size(); ++I) {
    char C = Clean[I];
    if (C == '&')
      Out += "&amp;";
    else if (C == '<')
      Out += "&lt;";
    else if (C == '>')
      Out += "&gt;";
    else if (C == '"')
      Out += "&quot;";
    else if (C == '\'')
      Out += "&#39;";
    else if (isNoCharacter(llvm::StringRef(Clean).substr(I))) {
      Out += "\xEF\xBF\xBD";
      I += 2;
    } else if (static_cast<unsigned char>(C) >= 0x20 || C == '\n' || C == '\t')
      Out += C;
    else
      Out += "\xEF\xBF\xBD";
  }
  return Out;
}

std::string report::xmlLine(llvm::StringRef Text) {
  std::string Out = xml(Text);
  for (char &C : Out)
    if (C == '\n' || C == '\t')
      C = ' ';
  return Out;
}

std::string report::uriPath(llvm::StringRef Path) {
  static constexpr llvm::StringLiteral Plain = "-._~/!$&'()*+,;=@";
  std::string Out;
  for (unsigned char C : Path)
    if (llvm::isAlnum(C) || Plain.contains(static_cast<char>(C)))
      Out += static_cast<char>(C);
    else
      Out += {'%', llvm::hexdigit(C >> 4), llvm::hexdigit(C & 15)};
  return Out;
}
