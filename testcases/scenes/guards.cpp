/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Every lock and guard of standard C++, each naming the member that it guards: never a blurred class. In the broken
 * twin one thread deposits (the account's lock, then the ledger's, through two kinds of guards) and another one audits,
 * in the other order. The fixed twin audits with a guard of both, which backs off.
 *
 * model: posix
 * broken: order:inversion assumed; locks Account.Lock Ledger.Lock; functions deposit audit
 */
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <thread>

struct Account {
  std::mutex Lock;
  std::shared_mutex Limits;
  std::recursive_mutex History;
  std::timed_mutex Slow;
  int Sum = 0, Limit = 0;
};

struct Ledger {
  std::mutex Lock;
  std::condition_variable Changed;
  int Entries = 0;
  void add() {
    ++Entries;
    Changed.notify_all();
  }
};

static void deposit(Account &A, Ledger &L) {
  std::lock_guard<std::mutex> Guard(A.Lock);
  std::shared_lock Limits(A.Limits);
  A.Sum++;
  std::unique_lock<std::mutex> Entry(L.Lock, std::defer_lock);
  Entry.lock();
  L.add();
}

static void audit(Account &A, Ledger &L) {
#ifdef FIXED
  std::scoped_lock Both(A.Lock, L.Lock);
#else
  std::unique_lock Entry(L.Lock);
  L.Changed.wait(Entry, [&] { return L.Entries > 0; });
  std::scoped_lock Guard(A.Lock);
#endif
  A.Sum += L.Entries;
}

// Nothing wrong here, and nothing to be confused with the above.
static void browse(Account &A) {
  std::lock_guard Outer(A.History), Inner(A.History);
  std::unique_lock Slow(A.Slow, std::chrono::milliseconds(100));
  std::unique_lock<std::shared_mutex> Limits(A.Limits);
  Limits.unlock();
  if (Limits.try_lock())
    A.Limit--;
}

int main() {
  Account A;
  Ledger L;
  std::thread Auditor([&] { audit(A, L); });
  deposit(A, L);
  browse(A);
  Auditor.join();
}
