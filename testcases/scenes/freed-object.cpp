/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * `delete this` under a guard of the object's own lock: the guard's unlock comes after it. Another thread deletes a queue
 * that its worker has locked. The fixed twin deletes when nobody holds anything.
 *
 * model: posix
 * broken: self:freed-held observed; held Job.Lock; locks Job.Lock
 * broken: self:freed-held observed; held none; locks Queue.Lock
 */
#include <mutex>
#include <semaphore.h>
#include <thread>

struct Job {
  std::mutex Lock;
  int References = 2;
  void put() {
    bool Last;
    {
      std::unique_lock Guard(Lock);
      Last = --References == 0;
#ifndef FIXED
      if (Last) {
        Guard.release(); // nobody is to write to freed memory in a test
        delete this;
        return;
      }
#endif
    }
    if (Last)
      delete this;
  }
};

struct Queue {
  std::mutex Lock;
};

int main() {
  Job *TheJob = new Job;
  TheJob->put();
  TheJob->put();

  sem_t Locked, Deleted;
  sem_init(&Locked, 0, 0);
  sem_init(&Deleted, 0, 0);
  Queue *TheQueue = new Queue;
  std::thread Worker([&] {
    TheQueue->Lock.lock();
#ifdef FIXED
    TheQueue->Lock.unlock();
#endif
    sem_post(&Locked);
    while (sem_wait(&Deleted))
      ;
  });
  while (sem_wait(&Locked))
    ;
  delete TheQueue;
  sem_post(&Deleted);
  Worker.join();
}
