/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * The Linux port's sizes (core/port.h tells what they mean). All memory is static: a chunk and a context for each task
 * that lives at a time, some 12 KiB a context.
 */
#ifndef UNDERLOCK_LINUX_UNDERLOCK_PORT_H
#define UNDERLOCK_LINUX_UNDERLOCK_PORT_H

#define UNDERLOCK_CHUNK_SIZE 16384u
#define UNDERLOCK_CHUNK_FIRST UNDERLOCK_CHUNK_SIZE
#define UNDERLOCK_HELD_LIMIT 64u
#define UNDERLOCK_PLACE_BUCKETS 256u
#define UNDERLOCK_STRING_LIMIT 400u

#endif
