/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Two transfers between two accounts, in both directions: std::lock() takes both locks in any order, and backs off
 * instead of waiting while it holds one. In the broken twin the journal's lock is not among them: one transfer takes it
 * before, the other one after.
 *
 * model: posix
 * broken: order:inversion assumed; locks Account.Lock Journal; functions salary rent
 */
#include "turns.h"

#include <mutex>

struct Account {
  std::mutex Lock;
  int Sum = 0;
};

static Account &Mine = *new Account, &Theirs = *new Account;
static std::mutex Journal;
static int Entries;

static void move(Account &From, Account &To, int Sum) {
  From.Sum -= Sum;
  To.Sum += Sum;
  ++Entries;
}

static void salary() {
#ifdef FIXED
  std::lock(Theirs.Lock, Mine.Lock, Journal);
#else
  std::lock(Theirs.Lock, Mine.Lock);
  Journal.lock();
#endif
  move(Theirs, Mine, 3);
  Journal.unlock();
  Mine.Lock.unlock();
  Theirs.Lock.unlock();
}

static void rent() {
#ifdef FIXED
  std::lock(Journal, Mine.Lock, Theirs.Lock);
#else
  Journal.lock();
  std::lock(Mine.Lock, Theirs.Lock);
#endif
  move(Mine, Theirs, 1);
  Theirs.Lock.unlock();
  Mine.Lock.unlock();
  Journal.unlock();
}

int main() { return PLAY({0, salary}, {1, rent}); }
