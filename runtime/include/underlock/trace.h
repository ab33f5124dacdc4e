/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * The trace format: what the runtime writes and the analyzer reads.
 *
 * This header and hooks.h are all that the rooms of Underlock share. It is C11 without a library, so that it compiles
 * into a pthread program, a Linux kernel and the analyzer alike. Every number is little-endian, every offset a byte
 * offset. A change that an older reader would misread raises UNDERLOCK_TRACE_VERSION.
 *
 * The file
 *     one underlock_file_header (UNDERLOCK_HEADER_SIZE bytes), written once and never changed, then chunks of
 *     `chunk_size` bytes each: chunk i begins at UNDERLOCK_HEADER_SIZE + i * chunk_size. In a kernel the same bytes lie
 *     in guest memory, page-aligned and contiguous, and are copied out from outside the guest.
 *
 * The chunk
 *     one underlock_chunk_header, then records. A chunk belongs to one context (a flow of control: a thread, a task, an
 *     interrupt level of a CPU) and has one writer ever, so nothing in it is locked or atomic. A context's chunks are
 *     numbered 0, 1, 2, … by `sequence`; a gap is lost data. States:
 *       free    every byte is zero: the space was made ready and not used
 *       open    being written. Good up to `used` bytes of records: the writer stores a whole record, then a compiler
 *               fence, then `used`; the memory is a shared file mapping, so a killed process leaves it so
 *       sealed  full, or its context ended: `checksum` covers the whole chunk (with `checksum` itself taken as zero),
 *               and all bytes behind `used` are zero
 *
 * What is kept (`mode` in the file's header)
 *     everything  what the rest of this page says.
 *     ring        the newest: the oldest sealed chunk is used again for a new one, so a context's first chunk may have any
 *                 `sequence`. Every chunk says up to when records were dropped for it (`dropped_until`); the newest of
 *                 these is the recording's horizon, behind which every record of every context is there. A chunk
 *                 about to be used again has the magic UNDERLOCK_CHUNK_RECYCLED, and all but `ended_ticks` and
 *                 `dropped_until` in it means nothing.
 *     distinct    one of each kind: a record of a lock or an event is written when its place, with what was held then, was
 *                 not seen before (in the run, by this context or one other). Each is preceded by a SNAPSHOT; contexts
 *                 that have nothing new to say have no chunk. A lock is named by its address in the low 48 bits and,
 *                 in the high 16, how often memory there has become a lock.
 *     In a ring and in a distinct recording, definitions are written once for the whole run, by a context of kind
 *     UNDERLOCK_CONTEXT_DEFINITIONS whose chunks are never dropped and hold nothing else; only those that speak of one
 *     context stand in its own chunks: CONTEXT, EXEC, UNBORN, TSAN and TITLE. A `place` is then a number of the run.
 *
 * Records
 *     Each begins with one byte: the kind in its low four bits, the state of the machine in its high four bits. Numbers
 *     are `varint` (LEB128, unsigned, at most ten bytes) or `svarint` (zigzag, then varint); `string` is a varint length
 *     and that many bytes, without a terminating NUL.
 *     Timed records go on with `dt`, a varint: the ticks since the previous timed record of this chunk, or since the
 *     chunk's `start_ticks`. Time never runs backwards inside a context (the writer clamps it).
 *
 *     `lock` operands name an address through a table of UNDERLOCK_LOCK_SLOTS addresses, empty at the chunk's start:
 *       a byte below 0x80   the address in that slot
 *       0x80 | slot         eight bytes of address follow, and replace what the slot held
 *
 *     `place` is a number the *context* gave to a pair of site and stack (UNDERLOCK_DEFINE_PLACE, in a chunk of the same
 *     context, before its first use; a later definition of the same number replaces it). `site` is a number the *run*
 *     gave to a marked place of the code (UNDERLOCK_DEFINE_SITE, in any context's chunk). A site's definition is
 *     published before any other context can use the number; and since time is taken after that, a reader that merges
 *     contexts by time and decodes one timed record ahead in each has always seen a definition before its use.
 *
 *     ACQUIRED      dt lock place         the lock is held from here on. Time was read while it was held, or, where this
 *                                         context was also the last to have it, perhaps some nanoseconds before.
 *                                         At a site of verb AWAIT nothing is held: what was waited for has come (of a
 *                                         thread's end, the record is behind the THREAD_JOIN). At one of verb SIGNAL:
 *                                         it is about to be signalled
 *     RELEASED      dt lock site          the lock is about to be released. Time was read while it was held
 *     FAILED        dt lock place         a try, or an interrupted acquisition, that did not get the lock
 *     EVENT         dt place count:varint then `count` objects, each a varint of the 64-bit value
 *     PHASE_BEGIN   dt place
 *     PHASE_END     dt site
 *     INIT          dt lock site          a lock is born at this address; what lived there before is dead
 *     DESTROY       dt lock site          it dies. At a site of verb FREE: its memory is given back; one record for each
 *                                         lock in it
 *     NAME          dt lock site          a lock is handed on. It is called what the site says, unless it has a name
 *     THREAD        dt what:byte value:varint   see enum underlock_thread_record
 *     HELD          lock place            not timed. Only at the chunk's start: what the context held when it began.
 *                                         The acquisition itself stands in an earlier chunk. Also behind a SNAPSHOT
 *     DEFINE        what:byte size:varint payload   not timed. A reader skips a `what` that it does not know
 *     EXIT          dt lost:varint        the process ended in order (exit or return from main); written once, by the
 *                                         context that ended it. `lost` is the run's total of dropped records
 *     BORN          lock site context:varint   not timed; distinct. Where this lock was born, or got its name, and in which
 *                                         context (0: not born there)
 *     SNAPSHOT                            not timed; distinct. What the context is known to hold is forgotten; BORN and
 *                                         HELD records follow, then the timed record that they are for, or none when
 *                                         the context began to wait
 *
 * Payloads of DEFINE
 *     SITE     id:varint unit:varint verb:byte mode:byte flags:byte line:varint column:varint
 *              mark:string file:string function:string expression:string class:string
 *     PLACE    id:varint site:varint frames:varint, then the frames from the innermost outwards: the first as eight
 *              bytes, each further one as svarint of its difference from the one before. All are return addresses
 *              (so the call is at pc - 1); the innermost one returns into the function of the site
 *     UNIT     id:varint model_hash:u64 model:string source:string   an instrumented translation unit and its model(s)
 *     IMAGE    start:u64 end:u64 bias:u64 path:string build_id:string   a mapped binary; pc - bias is its link address
 *     CONTEXT  name:string               what the platform calls this context (thread name, comm); of the chunk's context
 *     CLOCK    ticks:u64 nanoseconds:u64 one reading of both clocks, to convert ticks
 *     EXEC     lost:varint program:string   the context is about to execute this program, with which the recorded one
 *                                        ends, all its contexts at once; `lost` as in EXIT. Where the context's last
 *                                        EXEC names no program, that had failed, and the recording goes on
 *     UNBORN   token:varint              the context's FORK with this token has failed: there is no such child
 *     PACK     bytes                     a part of what `underlock pack` has added; see below
 *     TSAN     ticks:u64 what:string     ThreadSanitizer runs beside the recording (`what` is empty, and nothing follows), or
 *                                        has a report, which the context came to at this time, in its own words:
 *                                        "data-race", "lock-order-inversion", "mutex-double-lock", … Then, each list
 *                                        with its length before it as a varint (16 at most):
 *              accesses                  thread:varint address:u64 size:varint flags:byte (1 writes, 2 atomic)
 *                                        held:varint (0: not known; else one more than follow) of which each is
 *                                        lock:varint (which of `locks`, from 0) shared:byte; stack
 *              locks                     lock:u64 stack     all that it has to do with; the stack is of its making
 *              places                    thread:varint stack   of other reports; of an inversion, where each lock was taken
 *              memory:string start:u64 size:varint stack   what memory it is: "global", "heap" (the stack is of its
 *                                        allocation), "stack", "tls", "fd", or ""
 *                                        `thread` is an os_id, or 0; a stack is frames:varint (32 at most) and frames as
 *                                        in PLACE; a lock is an address, as lock operands are
 *     TITLE    title:string              of the phase that the context's next PHASE_BEGIN begins: which test case it is, say
 *
 * What is packed
 *     So that a trace is judged where neither binary nor models nor sources are, `underlock pack` appends sealed chunks of
 *     one more context of kind UNDERLOCK_CONTEXT_DEFINITIONS; in a recording of everything it is the only one of that
 *     kind, and holds nothing but DEFINE PACK. The payloads of all of them, in the order of that context's chunks, are one
 *     sequence of entries, cut where chunks made that necessary. An entry is what:byte size:varint and `size` bytes; a
 *     reader skips a `what` that it does not know. Doubts are numbered 1, 2, … as they come; 0 is none.
 *     MODELS   names:string folder:string         the models to judge by, joined with ':', and where the shipped ones were
 *     MODEL    path:string text:string            one file of these, also of those that they extend
 *     DOUBT    text:string                        what has to be said where one of its addresses is asked for
 *     FRAMES   address:u64 doubt:varint count:varint, then the frames that a return address stands for, from the
 *              innermost outwards, all but the last inlined into the next: function:string file:string line:varint
 *              column:varint
 *     DATUM    address:u64 doubt:varint name:string    the symbol at an address of data, or ""
 *     LINE     file:string line:varint text:string     a line of source, without its line break
 */
#ifndef UNDERLOCK_TRACE_H
#define UNDERLOCK_TRACE_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stddef.h>
#include <stdint.h>
#endif

#ifdef __cplusplus
#define UNDERLOCK_STATIC_ASSERT static_assert
extern "C" {
#else
#define UNDERLOCK_STATIC_ASSERT _Static_assert
#endif

#define UNDERLOCK_TRACE_VERSION 4u /* 2: NAME, and what rings and distinct recordings have; 3: verb FREE; 4: verbs AWAIT, SIGNAL */
#define UNDERLOCK_HEADER_SIZE 4096u

/* "UNDRLOCK", "ULCK", "RCYC" and the two chunk states read as text in a hex dump. No state is one changed byte from another. */
#define UNDERLOCK_FILE_MAGIC 0x4b434f4c52444e55ull /* "UNDRLOCK" */
#define UNDERLOCK_CHUNK_MAGIC 0x4b434c55u		   /* "ULCK" */
#define UNDERLOCK_CHUNK_RECYCLED 0x43594352u	   /* "RCYC" */
#define UNDERLOCK_CHUNK_OPEN 0x2e2e2e6e65706f2eull /* ".open..." */
#define UNDERLOCK_CHUNK_SEALED 0x2164656c61657321ull /* "!sealed!" */

#define UNDERLOCK_LOCK_SLOTS 128u
#define UNDERLOCK_PROGRAM_SIZE 1024u

enum underlock_platform {
	UNDERLOCK_PLATFORM_POSIX = 1,
	UNDERLOCK_PLATFORM_LINUX = 2, /* a Linux kernel */
};

enum underlock_recording_mode {
	UNDERLOCK_RECORDING_EVERYTHING = 0,
	UNDERLOCK_RECORDING_RING = 1,
	UNDERLOCK_RECORDING_DISTINCT = 2,
};

/* Distinct: an address, and above it the count of births there. */
#define UNDERLOCK_ADDRESS_BITS 48u

struct underlock_file_header {
	uint64_t magic;
	uint32_t version;
	uint32_t header_size;	/* UNDERLOCK_HEADER_SIZE */
	uint32_t chunk_size;	/* a power of two, 4096 at least */
	uint32_t platform;	/* enum underlock_platform */
	uint32_t machine;	/* e_machine of the recorded code, as in ELF */
	uint32_t frame_limit;	/* the most frames a recorded stack has */
	uint64_t process;	/* process id; 0 for a kernel */
	uint64_t start_ticks;	/* the clock when the header was written */
	uint64_t start_time;	/* nanoseconds since 1970, 0 where unknown */
	uint64_t ticks_per_second; /* 0 where unknown: see DEFINE CLOCK */
	char program[UNDERLOCK_PROGRAM_SIZE]; /* the command, NUL-terminated and zero-padded */
	uint32_t mode;		/* enum underlock_recording_mode */
	uint32_t ring_chunks;	/* a ring: how many chunks it may have, definitions and open ones aside */
	uint8_t reserved[UNDERLOCK_HEADER_SIZE - 64 - UNDERLOCK_PROGRAM_SIZE - 8 - 8]; /* zero */
	uint64_t checksum;	/* underlock_checksum of all bytes before this field */
};
UNDERLOCK_STATIC_ASSERT(sizeof(struct underlock_file_header) == UNDERLOCK_HEADER_SIZE, "the header is one page");

/* What a context is. Whether a thread is who it is, or stands for any caller, is the model's to say. */
enum underlock_context_kind {
	UNDERLOCK_CONTEXT_THREAD = 1,	/* a thread of a program */
	UNDERLOCK_CONTEXT_TASK = 2,	/* a kernel task: user process or a kernel thread not bound to a CPU */
	UNDERLOCK_CONTEXT_CPU_THREAD = 3, /* a kernel thread bound to one CPU, idle threads included */
	UNDERLOCK_CONTEXT_SOFTIRQ = 4,	/* os_id is the CPU for these three */
	UNDERLOCK_CONTEXT_HARDIRQ = 5,
	UNDERLOCK_CONTEXT_NMI = 6,
	UNDERLOCK_CONTEXT_DEFINITIONS = 7, /* no flow of control: the run's definitions, os_id 0 */
};

struct underlock_chunk_header {
	uint32_t magic;
	uint32_t context;	/* from 1; never reused within a run */
	uint64_t state;		/* UNDERLOCK_CHUNK_OPEN or _SEALED */
	uint64_t checksum;	/* of a sealed chunk; 0 while open */
	uint32_t sequence;	/* the context's chunks count 0, 1, 2, … */
	uint32_t kind;		/* enum underlock_context_kind */
	uint64_t os_id;		/* thread id, pid or CPU */
	uint64_t start_ticks;
	uint64_t lost;		/* records this context had dropped when the chunk began */
	uint64_t lost_here;	/* … and since; kept current while the chunk is open */
	/* While the context waits for a lock, or at a site of verb AWAIT: its address (of a thread's end, the token that its
	 * FORK has), the place, and the ticks of what it did before (distinct: when it began to wait). The lock is stored last
	 * and cleared first. All zero in a sealed chunk, while nothing is waited for, and where there was no room to define the
	 * place. A wait that was left without a word (an exception, a jump) stays until the context's next record from further
	 * out in its stack. */
	uint64_t waiting_lock;
	uint64_t waiting_since;
	uint32_t waiting_place;
	uint32_t used;		/* bytes of records behind this header */
	uint64_t ended_ticks;	/* of a sealed chunk: of its newest record; 0 while open */
	uint64_t dropped_until; /* a ring: the newest record that was dropped to make room for this chunk, or 0 */
	uint8_t reserved[24];	/* zero */
};
UNDERLOCK_STATIC_ASSERT(sizeof(struct underlock_chunk_header) == 128, "records begin on a cache line");

#define UNDERLOCK_KIND_MASK 0x0fu
enum underlock_record_kind {
	UNDERLOCK_RECORD_NONE = 0, /* never written: a zero byte is no record */
	UNDERLOCK_RECORD_ACQUIRED = 1,
	UNDERLOCK_RECORD_RELEASED = 2,
	UNDERLOCK_RECORD_FAILED = 3,
	UNDERLOCK_RECORD_EVENT = 4,
	UNDERLOCK_RECORD_PHASE_BEGIN = 5,
	UNDERLOCK_RECORD_PHASE_END = 6,
	UNDERLOCK_RECORD_INIT = 7,
	UNDERLOCK_RECORD_DESTROY = 8,
	UNDERLOCK_RECORD_THREAD = 9,
	UNDERLOCK_RECORD_HELD = 10,
	UNDERLOCK_RECORD_DEFINE = 11,
	UNDERLOCK_RECORD_EXIT = 12,
	UNDERLOCK_RECORD_BORN = 13,
	UNDERLOCK_RECORD_SNAPSHOT = 14,
	UNDERLOCK_RECORD_NAME = 15,
};

/* State of the machine, sampled when the record was made. Zero in programs. */
enum underlock_state {
	UNDERLOCK_STATE_IRQS_OFF = 0x10,
	UNDERLOCK_STATE_NO_PREEMPT = 0x20,
	UNDERLOCK_STATE_SOFTIRQS_OFF = 0x40,
};

enum underlock_thread_record {
	UNDERLOCK_THREAD_FORK = 1,  /* value: a token, unique in the run, for the child about to start */
	UNDERLOCK_THREAD_START = 2, /* value: the token that this context's parent gave it */
	UNDERLOCK_THREAD_JOIN = 3,  /* value: the token of the child that has ended */
	UNDERLOCK_THREAD_END = 4,   /* value: 0. The context ended; nothing of it follows */
};

enum underlock_definition {
	UNDERLOCK_DEFINE_SITE = 1,
	UNDERLOCK_DEFINE_PLACE = 2,
	UNDERLOCK_DEFINE_UNIT = 3,
	UNDERLOCK_DEFINE_IMAGE = 4,
	UNDERLOCK_DEFINE_CONTEXT = 5,
	UNDERLOCK_DEFINE_CLOCK = 6,
	UNDERLOCK_DEFINE_EXEC = 7,
	UNDERLOCK_DEFINE_UNBORN = 8,
	UNDERLOCK_DEFINE_PACK = 9,
	UNDERLOCK_DEFINE_TSAN = 11, /* 10 is not used */
	UNDERLOCK_DEFINE_TITLE = 12,
};

enum underlock_packed {
	UNDERLOCK_PACKED_MODELS = 1,
	UNDERLOCK_PACKED_MODEL = 2,
	UNDERLOCK_PACKED_DOUBT = 3,
	UNDERLOCK_PACKED_FRAMES = 4,
	UNDERLOCK_PACKED_DATUM = 5,
	UNDERLOCK_PACKED_LINE = 6,
};

/*
 * The checksum: FNV-1a over 64-bit little-endian words instead of bytes (Fowler, Noll, Vo; 64-bit prime and offset).
 * Each step is a bijection of the state, so any damage within a single word is always found; eight bytes a step keep
 * sealing a 64 KiB chunk at some ten microseconds, once in about ten thousand records. `size` is a multiple of eight.
 */
static inline uint64_t underlock_checksum_more(uint64_t state, const void *data, size_t size)
{
	const unsigned char *bytes = (const unsigned char *)data;
	size_t at;

	for (at = 0; at + 8 <= size; at += 8) {
		uint64_t word;

		__builtin_memcpy(&word, bytes + at, 8);
		state = (state ^ word) * 0x100000001b3ull;
	}
	return state;
}

#define UNDERLOCK_CHECKSUM_START 0xcbf29ce484222325ull

static inline uint64_t underlock_checksum(const void *data, size_t size)
{
	return underlock_checksum_more(UNDERLOCK_CHECKSUM_START, data, size);
}

/* The checksum of a whole chunk, its `checksum` field taken as zero. */
static inline uint64_t underlock_chunk_checksum(const void *chunk, size_t chunk_size)
{
	const unsigned char *bytes = (const unsigned char *)chunk;
	const size_t field = __builtin_offsetof(struct underlock_chunk_header, checksum);
	const uint64_t zero = 0;
	uint64_t state = underlock_checksum(bytes, field);

	state = underlock_checksum_more(state, &zero, 8);
	return underlock_checksum_more(state, bytes + field + 8, chunk_size - field - 8);
}

#ifdef __cplusplus
}
#endif
#endif
