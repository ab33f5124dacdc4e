/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * One thread holds three hundred locks at once, all of a table, as to resize it. ThreadSanitizer gives up at 64. In the
 * broken twin another one takes two of them, the last before the first.
 *
 * https://github.com/google/sanitizers/issues/950
 *
 * model: posix
 * broken: order:inversion assumed; locks buckets[]; functions resize swap
 */
#include "turns.h"

#define BUCKETS 300

static pthread_mutex_t buckets[BUCKETS];
static int size;

static void resize(void)
{
	for (int i = 0; i < BUCKETS; i++)
		pthread_mutex_lock(&buckets[i]);
	size++;
	for (int i = BUCKETS; i-- > 0;)
		pthread_mutex_unlock(&buckets[i]);
}

static void swap(void)
{
#ifdef FIXED
	int first = 0, second = BUCKETS - 1;
#else
	int first = BUCKETS - 1, second = 0;
#endif

	pthread_mutex_lock(&buckets[first]);
	pthread_mutex_lock(&buckets[second]);
	size--;
	pthread_mutex_unlock(&buckets[second]);
	pthread_mutex_unlock(&buckets[first]);
}

int main(void)
{
	for (int i = 0; i < BUCKETS; i++)
		pthread_mutex_init(&buckets[i], NULL);
	return PLAY({ 0, resize }, { 1, swap });
}
