/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * Where the trace of a kernel lies: what trace.c asks of a machine's folder (x86/, um/).
 *
 * It is one piece of memory with a file's layout: the header, then chunks that are zero until they are used.
 */
#ifndef UNDERLOCK_LINUX_TRACE_H
#define UNDERLOCK_LINUX_TRACE_H

#include <linux/types.h>

#include "underlock/trace.h"

/* NULL: nothing is recorded. */
struct underlock_file_header *underlock_memory_header(void);

/* The chunk with this number, counted from 0; NULL: there is no room for so many. Several may ask at a time. */
void *underlock_memory_chunk(uint32_t index);

#endif
