// SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only
/*
 * The trace in a machine's own memory, in .bss: contiguous, where it can be read from outside while the guest hangs or
 * after it is gone. `underlock extract` finds the header by its magic number and checksum, at the beginning of a page.
 */
#include <linux/build_bug.h>
#include <linux/cache.h>
#include <linux/mm.h>

#include "underlock_port.h"
#include "trace.h"

#ifndef UNDERLOCK_TRACE_SIZE
#define UNDERLOCK_TRACE_SIZE (128u << 20)
#endif
#define CHUNKS (UNDERLOCK_TRACE_SIZE / UNDERLOCK_CHUNK_SIZE)

static struct {
	struct underlock_file_header header;
	uint8_t chunks[CHUNKS][UNDERLOCK_CHUNK_SIZE];
} trace __aligned(PAGE_SIZE);

struct underlock_file_header *underlock_memory_header(void)
{
	BUILD_BUG_ON(offsetof(typeof(trace), chunks) != UNDERLOCK_HEADER_SIZE);
	return &trace.header;
}

void *underlock_memory_chunk(uint32_t index)
{
	return index < CHUNKS ? trace.chunks[index] : NULL;
}
