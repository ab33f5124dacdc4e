/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * The Linux port's sizes (core/port.h tells what they mean). All memory is static: the trace (on UML an address range), and
 * contexts, some 13 KiB each, for TASKS tasks (port.c) and three for each processor.
 */
#ifndef UNDERLOCK_LINUX_UNDERLOCK_PORT_H
#define UNDERLOCK_LINUX_UNDERLOCK_PORT_H

#define UNDERLOCK_CHUNK_SIZE 16384u
#define UNDERLOCK_CHUNK_FIRST UNDERLOCK_CHUNK_SIZE
#define UNDERLOCK_HELD_LIMIT 64u
#define UNDERLOCK_PLACE_BUCKETS 256u
#define UNDERLOCK_STRING_LIMIT 400u
#define UNDERLOCK_LIVING 0
#define UNDERLOCK_PAUSES 1

#endif
