/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * The living set (living.h). Nothing is locked: bits are set and cleared by single instructions, and a lock that is used
 * while its memory is given back is the program's fault, whatever comes of its bit.
 */
#include "living.h"
#include "owner.h"

#if UNDERLOCK_LIVING

uint64_t underlock_owners[UNDERLOCK_OWNER_CELLS] __attribute__((aligned(64)));
struct underlock_region *underlock_living[UNDERLOCK_REGIONS];

#define REGION_SIZE (1ull << UNDERLOCK_REGION_BITS)
#define CELL_SIZE 256ull
#define PAGE_SPAN (512ull * CELL_SIZE) /* what a page of cells is for */

static struct underlock_region *region_of(uint64_t address)
{
	uint64_t at = address >> UNDERLOCK_REGION_BITS;

	return at < UNDERLOCK_REGIONS ? __atomic_load_n(&underlock_living[at], __ATOMIC_ACQUIRE) : 0;
}

static uint64_t *cell_of(struct underlock_region *region, uint64_t address)
{
	return &region->cells[(address / CELL_SIZE) & (UNDERLOCK_LIVING_CELLS - 1)];
}

/* Two threads may make a region at the same time: one of them gives its own back. */
static struct underlock_region *make_region(uint64_t address)
{
	struct underlock_region *made = underlock_port_memory(sizeof(*made)), *there = 0;

	if (!made)
		return 0;
	if (__atomic_compare_exchange_n(&underlock_living[address >> UNDERLOCK_REGION_BITS], &there, made, 0, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return made;
	underlock_port_memory_back(made, sizeof(*made));
	return there;
}

/* A lock at an odd address has no bit of its own, and its death is not seen. */
void underlock_living_add(struct underlock_context *c, uint64_t lock)
{
	struct underlock_region *region = region_of(lock);
	uint64_t page = (lock / PAGE_SPAN) & (UNDERLOCK_LIVING_PAGES - 1);
	uint64_t bit = 1ull << (page & 63);

	if (lock & 3)
		return;
	if (!region)
		region = make_region(lock);
	if (!region) {
		underlock_count_lost(c);
		return;
	}
	/* The page first: who sees the bit of a lock must not pass it by. */
	if (!(__atomic_load_n(&region->pages[page / 64], __ATOMIC_RELAXED) & bit))
		__atomic_fetch_or(&region->pages[page / 64], bit, __ATOMIC_RELAXED);
	__atomic_fetch_or(cell_of(region, lock), 1ull << ((lock >> 2) & 63), __ATOMIC_RELEASE);
}

void underlock_living_remove(uint64_t lock)
{
	struct underlock_region *region = region_of(lock);
	uint64_t bit = 1ull << ((lock >> 2) & 63);

	if (region && !(lock & 3) && __atomic_load_n(cell_of(region, lock), __ATOMIC_RELAXED) & bit)
		__atomic_fetch_and(cell_of(region, lock), ~bit, __ATOMIC_RELAXED);
}

uint64_t underlock_living_next(uint64_t start, uint64_t end)
{
	const uint64_t last = (uint64_t)UNDERLOCK_REGIONS << UNDERLOCK_REGION_BITS;
	uint64_t at = (start + 3) & ~3ull;

	while (at < end && at < last) {
		struct underlock_region *region = region_of(at);
		uint64_t page = (at / PAGE_SPAN) & (UNDERLOCK_LIVING_PAGES - 1), bits;

		if (!region) {
			at = (at | (REGION_SIZE - 1)) + 1;
		} else if (!(__atomic_load_n(&region->pages[page / 64], __ATOMIC_RELAXED) >> (page & 63) & 1)) {
			at = (at | (PAGE_SPAN - 1)) + 1;
		} else {
			bits = __atomic_load_n(cell_of(region, at), __ATOMIC_ACQUIRE) >> ((at >> 2) & 63);
			if (bits) {
				at += 4ull * (unsigned)__builtin_ctzll(bits);
				return at < end ? at : end;
			}
			at = (at | (CELL_SIZE - 1)) + 1;
		}
	}
	return end;
}

#endif
