/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Locks misused, by KIND, each beside its right twin (FIXED):
 *   1  released and not held: a spinlock            both see it
 *   2  destroyed while held: a spinlock             both see it
 *   3  taken while another thread holds it: a lock  ThreadSanitizer alone; to Underlock a release was not seen, which it
 *      that does not wait                           says
 *   4  released and not held: a pthread mutex       both see it
 */
#include "locks.h"

static struct spinlock spin;
static struct flaglock flag;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *locker(void *unused)
{
	flag_lock(&flag);
	flag_unlock(&flag);
	return unused;
}

int main(void)
{
	pthread_t thread;

	spin_init(&spin);
	switch (KIND) {
	case 1:
#ifdef FIXED
		spin_lock(&spin);
#endif
		spin_unlock(&spin);
		break;
	case 2:
		spin_lock(&spin);
#ifdef FIXED
		spin_unlock(&spin);
#endif
		spin_destroy(&spin);
		break;
	case 3:
		flag_lock(&flag);
#ifdef FIXED
		flag_unlock(&flag);
#endif
		pthread_create(&thread, 0, locker, 0);
		pthread_join(thread, 0);
#ifndef FIXED
		flag_unlock(&flag);
#endif
		break;
	case 4:
#ifdef FIXED
		pthread_mutex_lock(&mutex);
#endif
		pthread_mutex_unlock(&mutex);
		break;
	}
	return 0;
}
