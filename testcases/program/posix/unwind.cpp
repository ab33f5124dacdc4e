/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Ways out of a function that are no return: an exception through guards releases what they hold; a jump releases
 * nothing; a wait for a condition that is cancelled has its mutex while it is unwound. Prints what is held after each.
 */
#include <condition_variable>
#include <csetjmp>
#include <cstdio>
#include <mutex>
#include <pthread.h>
#include <stdexcept>
#include <underlock/underlock.h>

static std::mutex Guarded, Inner;
static pthread_mutex_t Jumped = PTHREAD_MUTEX_INITIALIZER;
static std::mutex Waited;
static std::condition_variable Never;
static jmp_buf Back;
static pthread_barrier_t Begun;

[[gnu::noinline]] static void throwing() {
  std::lock_guard<std::mutex> First(Guarded);
  std::unique_lock<std::mutex> Second(Inner);
  throw std::runtime_error("out");
}

[[gnu::noinline]] static void jumping() {
  pthread_mutex_lock(&Jumped);
  longjmp(Back, 1);
}

static void *waiting(void *) {
  std::unique_lock<std::mutex> Lock(Waited);
  pthread_barrier_wait(&Begun);
  for (;;)
    Never.wait(Lock);
}

int main() {
  try {
    throwing();
  } catch (const std::runtime_error &) {
  }
  printf("thrown %d %d\n", underlock_holds(&Guarded), underlock_holds(&Inner));
  if (!setjmp(Back))
    jumping();
  printf("jumped %d\n", underlock_holds(&Jumped));
  pthread_mutex_unlock(&Jumped);
  printf("released %d\n", underlock_holds(&Jumped));

  pthread_t Thread;
  pthread_barrier_init(&Begun, nullptr, 2);
  pthread_create(&Thread, nullptr, waiting, nullptr);
  pthread_barrier_wait(&Begun);
  {
    std::lock_guard<std::mutex> OnceItWaits(Waited);
  }
  pthread_cancel(Thread);
  pthread_join(Thread, nullptr);
  return 0;
}
