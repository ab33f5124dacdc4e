// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers and strings as a trace has them: what Reader.h reads.
#ifndef UNDERLOCK_ANALYZER_TRACE_ENCODER_H
#define UNDERLOCK_ANALYZER_TRACE_ENCODER_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Endian.h"
#include <string>

namespace underlock {

class Encoder {
public:
  Encoder &byte(uint8_t Value) {
    Data.push_back(static_cast<char>(Value));
    return *this;
  }
  Encoder &word(uint64_t Value) {
    char Bytes[8];
    llvm::support::endian::write64le(Bytes, Value);
    Data.append(Bytes, 8);
    return *this;
  }
  Encoder &varint(uint64_t Value) {
    for (; Value >= 0x80; Value >>= 7)
      byte(static_cast<uint8_t>(Value) | 0x80);
    return byte(static_cast<uint8_t>(Value));
  }
  Encoder &string(llvm::StringRef Text) {
    varint(Text.size());
    Data.append(Text.begin(), Text.end());
    return *this;
  }

  llvm::StringRef data() const { return Data; }
  size_t size() const { return Data.size(); }
  void clear() { Data.clear(); }

private:
  std::string Data;
};

} // namespace underlock

#endif
