/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * loads LIBRARY…: loads, uses and unloads one after the other, from a thread that ends then, and calls back where it locks.
 * `kill` instead of a library: the program is killed there, and the library before it is still loaded.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t mine = PTHREAD_MUTEX_INITIALIZER;
static char **libraries;

static void called_back(void)
{
	pthread_mutex_lock(&mine);
	pthread_mutex_unlock(&mine);
}

static void *load(void *unused)
{
	for (; *libraries; libraries++) {
		void *library = dlopen(*libraries, RTLD_NOW);
		void (*use)(void (*)(void)) = library ? (void (*)(void (*)(void)))dlsym(library, "use") : NULL;

		if (!use) {
			fprintf(stderr, "%s\n", dlerror());
			return &libraries;
		}
		use(called_back);
		if (libraries[1] && !strcmp(libraries[1], "kill"))
			raise(SIGKILL);
		dlclose(library);
	}
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	void *failed;

	libraries = argv + 1;
	pthread_create(&thread, NULL, load, NULL);
	pthread_join(thread, &failed);
	return argc < 2 || failed ? 3 : 0;
}
