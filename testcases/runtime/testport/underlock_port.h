/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A port for unit tests of the core: everything small, so that every limit is met. Core.cpp has the rest of it. */
#ifndef UNDERLOCK_TESTPORT_UNDERLOCK_PORT_H
#define UNDERLOCK_TESTPORT_UNDERLOCK_PORT_H

#define UNDERLOCK_CHUNK_SIZE 4096u
#define UNDERLOCK_CHUNK_FIRST UNDERLOCK_CHUNK_SIZE
#define UNDERLOCK_HELD_LIMIT 16u
#define UNDERLOCK_PLACE_BUCKETS 4u
#define UNDERLOCK_STRING_LIMIT 100u
#define UNDERLOCK_LIVING 1
#define UNDERLOCK_PAUSES 0

#endif
