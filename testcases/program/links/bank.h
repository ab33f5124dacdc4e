/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A header that both a unit with Underlock and one without it include: inline functions that lock, called directly, through
 * a vtable and through a pointer; and what takes a lock out of line (vault.cpp).
 */
#ifndef UNDERLOCK_LINKS_BANK_H
#define UNDERLOCK_LINKS_BANK_H

#include <mutex>

struct Ledger {
  std::mutex Lock;
  int Entries = 0;
};

struct Account {
  std::mutex Lock;
  int Sum = 0;
  virtual ~Account() = default;
  virtual void deposit(Ledger &L) {
    std::lock_guard<std::mutex> Guard(Lock);
    std::unique_lock<std::mutex> Entry(L.Lock);
    Sum += ++L.Entries;
  }
};

inline void audit(Account &A, Ledger &L) {
  std::lock_guard<std::mutex> Entry(L.Lock);
  std::lock_guard<std::mutex> Guard(A.Lock);
  L.Entries += A.Sum;
}

struct Vault {
  std::mutex Inner, Outer;
};
void open(std::mutex &First, std::mutex &Second);

Account *otherAccount();
extern void (*otherAudit)(Account &, Ledger &);

#endif
