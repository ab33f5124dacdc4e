// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Deposits through the vtable, audits through a pointer, in both orders; opens a vault both ways; and takes both of an
// account's and a ledger's locks at once, which orders nothing.
#include "bank.h"
#include <atomic>
#include <thread>

static void both(Account &A, Ledger &L) {
  std::scoped_lock All(A.Lock, L.Lock);
  A.Sum += L.Entries;
}

int main() {
  Account *A = new Account;
  Ledger L;
  Vault V;
  void (*Audit)(Account &, Ledger &) = audit;
  std::atomic<bool> Done = false; // one after the other, and nothing that Underlock knows of makes it so
  std::thread First([&] {
    A->deposit(L);
    open(V.Outer, V.Inner);
    Done = true;
  });
  std::thread Second([&] {
    while (!Done)
      std::this_thread::yield();
    Audit(*A, L);
    open(V.Inner, V.Outer);
  });
  First.join();
  Second.join();
  both(*A, L);
  delete A;
  delete otherAccount();
  return otherAudit == nullptr;
}
