/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * The two tracepoints of pair.c, for LTTng-UST. They carry the lock's address; thread and place come from the
 * channel's contexts (vtid, ip), so that an event says what Underlock's records say, but for the stack, which LTTng
 * cannot record.
 */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER underlock_bench
#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "pair-lttng.h"

#if !defined(UNDERLOCK_BENCH_PAIR_LTTNG_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define UNDERLOCK_BENCH_PAIR_LTTNG_H
#include <lttng/tracepoint.h>

LTTNG_UST_TRACEPOINT_EVENT(underlock_bench, acquired,
	LTTNG_UST_TP_ARGS(const void *, lock),
	LTTNG_UST_TP_FIELDS(lttng_ust_field_integer_hex(unsigned long, lock, (unsigned long)lock)))
LTTNG_UST_TRACEPOINT_EVENT(underlock_bench, released,
	LTTNG_UST_TP_ARGS(const void *, lock),
	LTTNG_UST_TP_FIELDS(lttng_ust_field_integer_hex(unsigned long, lock, (unsigned long)lock)))
#endif
#include <lttng/tracepoint-event.h>
