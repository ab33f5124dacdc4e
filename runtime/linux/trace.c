// SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only
/* The Linux port: who gets which chunk of the trace's memory (trace.h), and the file header before them. */
#include <linux/elf.h>
#include <linux/string.h>

#include "context.h"
#include "trace.h"

static uint32_t next_chunk;

/* The flow that gets the first chunk writes the header: there is one processor then, and no other task. */
static void write_header(void)
{
	struct underlock_file_header *header = underlock_memory_header();
	const char *const program = "vmlinux";

	header->platform = UNDERLOCK_PLATFORM_LINUX;
	header->machine = ELF_ARCH;
	__builtin_memcpy(header->program, program, strlen(program));
	underlock_finish_file_header(header, underlock_port_ticks_release());
}

/* A chunk that there is no room for stays unused: the counter does not go on, since it would wrap one day. */
void *underlock_port_chunk_new(void)
{
	uint32_t index = __atomic_load_n(&next_chunk, __ATOMIC_RELAXED);
	void *chunk;

	do {
		chunk = underlock_memory_chunk(index);
		if (!chunk)
			return NULL;
	} while (!__atomic_compare_exchange_n(&next_chunk, &index, index + 1, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	if (index == 0)
		write_header();
	return chunk;
}

void underlock_port_chunk_done(void *chunk)
{
}

/* Everything is recorded here: nothing is shared, and nothing waited for. */
void underlock_port_yield(void)
{
}
