/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A program that takes one lock and gives it back, whatever its arguments are. */
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

int main(void)
{
	pthread_mutex_lock(&lock);
	pthread_mutex_unlock(&lock);
	return 0;
}
