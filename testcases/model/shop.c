/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A program that has everything that shop.yaml speaks of, and keeps its contract. */
#include <pthread.h>

struct shop_lock {
	pthread_rwlock_t inner;
};

struct shop {
	struct shop_lock lock;
	int shelves;
};

static struct shop shop = { { PTHREAD_RWLOCK_INITIALIZER }, 2 };

__attribute__((noinline)) void shop_lock(struct shop_lock *lock)
{
	pthread_rwlock_wrlock(&lock->inner);
}

__attribute__((noinline)) void shop_lock_shared(struct shop_lock *lock)
{
	pthread_rwlock_rdlock(&lock->inner);
}

__attribute__((noinline)) void shop_unlock(struct shop_lock *lock)
{
	pthread_rwlock_unlock(&lock->inner);
}

static struct shop_lock *lock_of(struct shop_lock *lock)
{
	return lock;
}

static void spin_forever(void)
{
}

/* Inlined at -O2: no symbol is left of it. */
static void shelf_remove(struct shop *of)
{
	of->shelves--;
}

static int serve(struct shop *of)
{
	shop_lock_shared(lock_of(&of->lock));
	spin_forever();
	shop_unlock(&of->lock);
	shop_lock(&of->lock);
	shelf_remove(of);
	shop_unlock(&of->lock);
	return of->shelves;
}

int main(void)
{
	return serve(&shop) != 1;
}
