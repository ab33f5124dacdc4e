/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Memory of the living set (core/living.h), and the sizes of blocks that the program gives back.
 *
 * malloc_usable_size() may be asked about blocks that come from the malloc() of the same library, and about those of
 * operator new where that is the C++ library's, which calls malloc(). A program that has an operator new of its own gives
 * memory back by another function in the end, which is marked itself. Who owns them is looked up once, before main: later
 * the look-up might have to wait for a library that is being loaded.
 */
#define _GNU_SOURCE
#include "process.h"
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>

static int knows_malloc, knows_new;

void *underlock_port_memory(size_t size)
{
	int saved = errno;
	void *memory = underlock_posix_map_wiped_on_fork(size);

	if (memory)
		madvise(memory, size, MADV_NOHUGEPAGE); /* a few pages of it will be used */
	errno = saved;
	return memory;
}

void underlock_posix_give_back(void *memory, size_t size)
{
	int saved = errno;

	munmap(memory, size);
	errno = saved;
}

void underlock_port_memory_back(void *memory, size_t size)
{
	underlock_posix_give_back(memory, size);
}

uint64_t underlock_port_block_size(const void *memory, uint64_t who)
{
	return (who == UNDERLOCK_SIZE_OF_MALLOC ? knows_malloc : knows_new) ? malloc_usable_size((void *)(uintptr_t)memory) : 0;
}

/* Into `info`, the library that has this function. */
static int library_of(const char *function, Dl_info *info)
{
	void *found = dlsym(RTLD_DEFAULT, function);

	return found && dladdr(found, info) && info->dli_fname;
}

static int is_cxx_library(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return !strncmp(name, "libstdc++.so", 12) || !strncmp(name, "libc++.so", 9) || !strncmp(name, "libc++abi.so", 12);
}

void underlock_posix_find_allocator(void)
{
	/* Those that give memory back without saying its size, `size: new` in the model; the others say it, whoever has them. */
	static const char *const functions[] = {
		"_ZdlPv", "_ZdlPvRKSt9nothrow_t", "_ZdlPvSt11align_val_t", "_ZdlPvSt11align_val_tRKSt9nothrow_t",
		"_ZdaPv", "_ZdaPvRKSt9nothrow_t", "_ZdaPvSt11align_val_t", "_ZdaPvSt11align_val_tRKSt9nothrow_t",
	};
	Dl_info size, other;
	size_t at;

	if (!library_of("malloc_usable_size", &size))
		return;
	knows_malloc = library_of("malloc", &other) && other.dli_fbase == size.dli_fbase && library_of("free", &other) &&
		       other.dli_fbase == size.dli_fbase;
	knows_new = knows_malloc;
	for (at = 0; at < sizeof(functions) / sizeof(*functions) && knows_new; at++)
		knows_new = library_of(functions[at], &other) &&
			    (other.dli_fbase == size.dli_fbase || is_cxx_library(other.dli_fname));
}
