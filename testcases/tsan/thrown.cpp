// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A lock function that throws, caught here or further out: it has taken nothing, and ThreadSanitizer looks again from then
// on, so the race behind it is found (broken; none when FIXED). A thread that ended while it looked away would end the
// program.
#include "locks.h"

static struct spinlock lock;
static int total;
static volatile int turn;

struct Interrupted {};

extern "C" __attribute__((noinline)) void throwing_lock(struct spinlock *L, int Throws) {
  if (Throws)
    throw Interrupted();
  spin_lock(L);
}

static void __attribute__((noinline)) passesBy(int Throws) {
  throwing_lock(&lock, Throws);
  spin_unlock(&lock);
}

static void count() {
#ifdef FIXED
  spin_lock(&lock);
#endif
  ++total;
#ifdef FIXED
  spin_unlock(&lock);
#endif
}

static void *worker(void *) {
  passesBy(0);
  try {
    passesBy(1);
  } catch (const Interrupted &) {
  }
  try {
    throwing_lock(&lock, 1);
    spin_unlock(&lock);
  } catch (const Interrupted &) {
  }
  count();
  turn_set(&turn, 1);
  return nullptr;
}

int main() {
  pthread_t Thread;
  pthread_create(&Thread, nullptr, worker, nullptr);
  turn_wait(&turn, 1);
  count();
  pthread_join(Thread, nullptr);
  return 0;
}
