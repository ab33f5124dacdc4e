/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * The POSIX port's sizes (core/port.h tells what they mean). A context takes some 48 KiB of address space; of that, only
 * what a thread uses becomes memory.
 */
#ifndef UNDERLOCK_POSIX_UNDERLOCK_PORT_H
#define UNDERLOCK_POSIX_UNDERLOCK_PORT_H

#define UNDERLOCK_CHUNK_SIZE 65536u
#define UNDERLOCK_CHUNK_FIRST 4096u
#define UNDERLOCK_HELD_LIMIT 512u
#define UNDERLOCK_PLACE_BUCKETS 1024u
#define UNDERLOCK_STRING_LIMIT 4095u
#define UNDERLOCK_LIVING 1
#define UNDERLOCK_PAUSES 1

#endif
