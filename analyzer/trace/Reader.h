// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers and strings out of bytes that nobody vouches for. Every read is bounded; the first one that fails is kept,
// and from then on all reads give zero, so that a record is read without a test at each field and judged once at its
// end.
#ifndef UNDERLOCK_ANALYZER_TRACE_READER_H
#define UNDERLOCK_ANALYZER_TRACE_READER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"

namespace underlock {

// Numbers of contexts, sites, units and places are 32 bits wide; DenseMap keeps the two highest for itself, and no run
// gets there.
constexpr uint64_t HighestNumber = 0xfffffffd;
// Of locks and tokens: no lock lives beyond, and hash tables keep these two for themselves.
constexpr uint64_t HighestKey = ~UINT64_C(2);
constexpr llvm::StringLiteral NoLockThere = "a lock at the end of the address space: damaged";

class Reader {
public:
  enum class Problem { None, PastEnd, LongNumber };

  Reader() = default;
  explicit Reader(llvm::ArrayRef<uint8_t> Bytes) : Begin(Bytes.data()), At(Begin), End(Begin + Bytes.size()) {}

  bool atEnd() const { return At == End; }
  size_t position() const { return At - Begin; }
  size_t left() const { return End - At; }
  Problem problem() const { return Wrong; }

  uint8_t byte() {
    if (LLVM_UNLIKELY(At == End))
      return fail(Problem::PastEnd);
    return *At++;
  }

  uint64_t word() {
    if (LLVM_UNLIKELY(left() < 8))
      return fail(Problem::PastEnd);
    uint64_t Value = llvm::support::endian::read64le(At);
    At += 8;
    return Value;
  }

  uint64_t varint() {
    if (LLVM_LIKELY(At != End && *At < 0x80))
      return *At++;
    uint64_t Value = 0;
    for (unsigned Shift = 0;; Shift += 7) {
      if (At == End)
        return fail(Problem::PastEnd);
      uint8_t Byte = *At++;
      // The tenth byte has room for the 64th bit alone, and nothing may follow it.
      if (Shift == 63 && Byte > 1)
        return fail(Problem::LongNumber);
      Value |= uint64_t(Byte & 0x7f) << Shift;
      if (Byte < 0x80)
        return Value;
    }
  }

  int64_t svarint() {
    uint64_t Value = varint();
    return static_cast<int64_t>((Value >> 1) ^ (0 - (Value & 1)));
  }

  llvm::ArrayRef<uint8_t> bytes(uint64_t Size) {
    if (LLVM_UNLIKELY(Size > left())) {
      fail(Problem::PastEnd);
      return {};
    }
    llvm::ArrayRef<uint8_t> Out(At, Size);
    At += Size;
    return Out;
  }

  llvm::StringRef string() { return llvm::toStringRef(bytes(varint())); }

private:
  uint64_t fail(Problem What) {
    if (Wrong == Problem::None)
      Wrong = What;
    At = End;
    return 0;
  }

  const uint8_t *Begin = nullptr, *At = nullptr, *End = nullptr;
  Problem Wrong = Problem::None;
};

} // namespace underlock

#endif
