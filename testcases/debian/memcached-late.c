/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Preloaded into memcached: the thread that lets the hash table grow takes each of its locks 0.3 s late. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	int (*next)(pthread_mutex_t *) = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_lock");
	char name[16] = "";

	pthread_getname_np(pthread_self(), name, sizeof(name));
	if (!strcmp(name, "mc-assocmaint"))
		usleep(300000);
	return next(mutex);
}
