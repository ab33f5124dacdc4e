// SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only
/*
 * The trace of a kernel in userspace: a file of the host, named on the kernel's command line: underlock=FILE
 *
 * The command line is read before the kernel proper starts, on a stack that has no `current` at its end. So recording
 * begins with the first hook on the stack of the first task, in start_kernel().
 */
#include <linux/align.h>
#include <linux/init.h>
#include <linux/printk.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <init.h>

#include "context.h"
#include "host_file.h"
#include "trace.h"

/* An address range is taken at once; the file grows by steps of whole chunks. */
#define STEP (64ul * UNDERLOCK_CHUNK_SIZE)
#define SIZE_LIMIT (UNDERLOCK_HEADER_SIZE + 4096 * STEP)

bool underlock_recording;

static char *memory;
static unsigned long file_size;
static bool ended;

static int __init name_recording(char *path, int *add)
{
	*add = 0; /* it is not for the kernel's own parameters */
	file_size = UNDERLOCK_HEADER_SIZE + STEP;
	memory = underlock_host_map(path, SIZE_LIMIT, file_size);
	return 1;
}

__uml_setup("underlock=", name_recording,
"underlock=FILE\n"
"    The host's file that Underlock records the kernel's locks and events\n"
"    into; %p in its name is the process id, and then nothing is overwritten.\n\n"
);

bool underlock_start_recording(unsigned long frame)
{
	if (!memory || ended || frame - (unsigned long)task_stack_page(&init_task) >= THREAD_SIZE)
		return false;
	underlock_recording = true;
	return true;
}

struct underlock_file_header *underlock_memory_header(void)
{
	return (struct underlock_file_header *)memory;
}

void *underlock_memory_chunk(uint32_t index)
{
	const unsigned long start = UNDERLOCK_HEADER_SIZE + (unsigned long)index * UNDERLOCK_CHUNK_SIZE;
	const unsigned long end = start + UNDERLOCK_CHUNK_SIZE;

	if (end > __atomic_load_n(&file_size, __ATOMIC_RELAXED)) {
		const unsigned long more = UNDERLOCK_HEADER_SIZE + ALIGN(end - UNDERLOCK_HEADER_SIZE, STEP);

		if (more > SIZE_LIMIT || underlock_host_grow(more - STEP, more))
			return NULL;
		__atomic_store_n(&file_size, more, __ATOMIC_RELAXED);
	}
	return memory + start;
}

static int __init say_where_to(void)
{
	pr_info("underlock: %s\n", underlock_recording ? "the recording goes into the file that underlock= names" :
						       "nothing is recorded: underlock=FILE says where to");
	return 0;
}
core_initcall(say_where_to);

/* The kernel ends in order, and nothing is recorded from here on. */
static void end_recording(void)
{
	if (!underlock_recording)
		return;
	underlock_context_exit(underlock_port_context());
	ended = true;
	underlock_recording = false;
}
__uml_exitcall(end_recording);
