/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Preloaded into pbzip2: memory runs out once, at the 20th `new(std::nothrow)` of a single object. The first few are
 * made when it starts; from then on there is one for each block that the producer puts into the queue.
 */
#include <stddef.h>
#include <stdlib.h>

void *_ZnwmRKSt9nothrow_t(size_t size, const void *nothrow)
{
	static int calls;

	(void)nothrow;
	return __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) == 20 ? NULL : malloc(size);
}
