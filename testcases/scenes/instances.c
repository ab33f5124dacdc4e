/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Two accounts, two transfers between them: two locks of one class, in the order of the arguments. The fixed twin goes
 * by address. Locks of one class in one order are no finding, however many.
 *
 * model: posix
 * broken: order:inversion assumed; locks account.lock; functions salary rent
 */
#include "turns.h"

struct account {
	pthread_mutex_t lock;
	int sum;
};

static struct account mine = { PTHREAD_MUTEX_INITIALIZER, 0 }, theirs = { PTHREAD_MUTEX_INITIALIZER, 0 };

static void transfer(struct account *from, struct account *to, int sum)
{
	struct account *first = from, *second = to;

#ifdef FIXED
	if (first > second) {
		first = to;
		second = from;
	}
#endif
	pthread_mutex_lock(&first->lock);
	pthread_mutex_lock(&second->lock);
	from->sum -= sum;
	to->sum += sum;
	pthread_mutex_unlock(&second->lock);
	pthread_mutex_unlock(&first->lock);
}

static void salary(void)
{
	transfer(&theirs, &mine, 3);
}

static void rent(void)
{
	transfer(&mine, &theirs, 1);
}

int main(void)
{
	return PLAY({ 0, salary }, { 1, rent });
}
