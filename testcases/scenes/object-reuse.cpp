/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * An object with a std::mutex, which nothing ever destroys, is deleted, and the next one lies at the same address and is
 * locked in the other order; and so do the elements of an array, and an object that a shared pointer made. They are
 * other locks each time, and nothing is wrong. The broken twin keeps its objects.
 *
 * model: posix
 * broken: order:inversion assumed; locks Ledger.Lock Session.Lock; functions post audit
 * broken: order:inversion assumed; locks Ledger.Lock Row.Lock; functions postRow auditRow
 * broken: order:inversion assumed; locks Ledger.Lock Peer.Lock; functions postPeer auditPeer
 */
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <semaphore.h>
#include <thread>

struct Ledger {
  std::mutex Lock;
} TheLedger;

struct Session {
  virtual ~Session() = default;
  virtual int id() { return 0; }
  std::mutex Lock;
};
struct Guest : Session {
  int id() override { return 1; }
};
struct Row {
  std::mutex Lock;
};
struct Peer {
  std::mutex Lock;
};

static Session *TheSession;
static Row *Rows;
static std::shared_ptr<Peer> ThePeer;

static void post() {
  std::lock_guard Outer(TheSession->Lock), Inner(TheLedger.Lock);
}
static void audit() {
  std::lock_guard Outer(TheLedger.Lock), Inner(TheSession->Lock);
}
static void postRow() {
  std::lock_guard Outer(Rows[3].Lock), Inner(TheLedger.Lock);
}
static void auditRow() {
  std::lock_guard Outer(TheLedger.Lock), Inner(Rows[3].Lock);
}
static void postPeer() {
  std::lock_guard Outer(ThePeer->Lock), Inner(TheLedger.Lock);
}
static void auditPeer() {
  std::lock_guard Outer(TheLedger.Lock), Inner(ThePeer->Lock);
}

// A thread that is there from the beginning, and does one thing when told.
class Player {
public:
  explicit Player(std::function<void()> What) {
    sem_init(&May, 0, 0);
    Thread = std::thread([this, What] {
      while (sem_wait(&May))
        ;
      What();
    });
  }
  void play() {
    sem_post(&May);
    Thread.join();
  }

private:
  sem_t May;
  std::thread Thread;
};

static void open() {
  static void *Last[3];
  TheSession = new Guest;
  Rows = new Row[7];
  ThePeer = std::make_shared<Peer>();
  void *Now[3] = {TheSession, Rows, ThePeer.get()};
  for (int I = 0; I < 3; ++I)
    if (Last[I] && Last[I] != Now[I])
      std::abort(); // another address would prove nothing
    else
      Last[I] = Now[I];
}

static void close() {
  ThePeer.reset();
  delete[] Rows;
  delete TheSession;
}

int main() {
  Player Post(post), Audit(audit), PostRow(postRow), AuditRow(auditRow), PostPeer(postPeer), AuditPeer(auditPeer);
  open();
  Post.play();
  PostRow.play();
  PostPeer.play();
#ifdef FIXED
  close();
  open();
#endif
  Audit.play();
  AuditRow.play();
  AuditPeer.play();
  close();
}
