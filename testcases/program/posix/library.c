/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A library, compiled as -DNAME=one, two, …: locks when it is loaded, used and unloaded, and calls back. */
#include <pthread.h>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define OWN(name) JOIN(NAME, name)

static pthread_mutex_t OWN(_lock) = PTHREAD_MUTEX_INITIALIZER;

static void OWN(_pair)(void)
{
	pthread_mutex_lock(&OWN(_lock));
	pthread_mutex_unlock(&OWN(_lock));
}

__attribute__((constructor)) static void OWN(_loaded)(void)
{
	OWN(_pair)();
}

__attribute__((destructor)) static void OWN(_unloaded)(void)
{
	OWN(_pair)();
}

void use(void (*call)(void))
{
	OWN(_pair)();
	call();
	__asm__ volatile("");
}
