/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A way out of a thread that forgets the lock. Nobody has wanted it since, so nothing hangs, there is no race, and
 * ThreadSanitizer says nothing.
 *
 * https://github.com/confluentinc/librdkafka/issues/259
 *
 * model: posix
 * broken: self:held-at-exit observed; stack serve broker_thread; held broker.lock; locks broker.lock
 */
#include <pthread.h>

struct broker {
	pthread_mutex_t lock;
	int fails, served;
};

static int serve(struct broker *broker)
{
	pthread_mutex_lock(&broker->lock);
	if (broker->fails) {
#ifdef FIXED
		pthread_mutex_unlock(&broker->lock);
#endif
		return -1;
	}
	broker->served++;
	pthread_mutex_unlock(&broker->lock);
	return 0;
}

static void *broker_thread(void *broker)
{
	for (int i = 0; i < 10; i++)
		if (serve(broker))
			break;
	return NULL;
}

static void run(struct broker *broker)
{
	pthread_t thread;

	pthread_create(&thread, NULL, broker_thread, broker);
	pthread_join(thread, NULL);
}

int main(void)
{
	struct broker good = { PTHREAD_MUTEX_INITIALIZER, 0, 0 }, bad = { PTHREAD_MUTEX_INITIALIZER, 1, 0 };

	run(&good);
	run(&bad);
	return 0;
}
