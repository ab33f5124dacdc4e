/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * An exception between lock() and unlock(), caught further out. A guard gives the lock back on every way out.
 *
 * https://github.com/FREEDM-DGI/FREEDM/issues/258
 *
 * model: posix
 * broken: self:held-at-exit observed; stack parse work; held Config.Lock; locks Config.Lock
 */
#include <mutex>
#include <stdexcept>
#include <thread>

struct Config {
  std::mutex Lock;
  int Entries = 0;
};

static void parse(Config &C, int Line) {
#ifdef FIXED
  std::lock_guard Guard(C.Lock);
#else
  C.Lock.lock();
#endif
  if (Line < 0)
    throw std::invalid_argument("no such line");
  ++C.Entries;
#ifndef FIXED
  C.Lock.unlock();
#endif
}

static void work(Config &C) {
  try {
    parse(C, 1);
    parse(C, -1);
  } catch (const std::invalid_argument &) {
  }
}

int main() {
  Config C;
  std::thread([&] { work(C); }).join();
}
