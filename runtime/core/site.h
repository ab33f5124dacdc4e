/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * Sites: the run's numbers for the marked places of the code, given and defined on first use. So a trace names what ran,
 * a module loaded late is no special case, and nothing has to be enumerated.
 *
 * The number lives in the site's own cell, beside the generation that gave it: the child of a fork finds its parent's
 * numbers in memory, and its own trace has not defined them.
 */
#ifndef UNDERLOCK_CORE_SITE_H
#define UNDERLOCK_CORE_SITE_H

#include "guard.h"

#define UNDERLOCK_NUMBER_BITS 24u
#define UNDERLOCK_NUMBER_MAX ((1u << UNDERLOCK_NUMBER_BITS) - 1)
UNDERLOCK_STATIC_ASSERT((uint64_t)UNDERLOCK_GENERATIONS << UNDERLOCK_NUMBER_BITS == 1ull << 32, "both fill the cell");

/* Defines the site in this context's chunk, then gives it a number. 0 when there was no room. Inside the guard. */
uint32_t underlock_site_define(struct underlock_context *c, struct underlock_site *site);

/* What a cell holds as a number of this generation, or 0. */
static inline uint32_t underlock_cell_number(uint32_t cell)
{
	uint32_t number = cell - (underlock_generation << UNDERLOCK_NUMBER_BITS);

	return number <= UNDERLOCK_NUMBER_MAX ? number : 0;
}

static inline uint32_t underlock_site_number(struct underlock_context *c, struct underlock_site *site)
{
	uint32_t number = underlock_cell_number(__atomic_load_n(&site->id, __ATOMIC_ACQUIRE));

	return underlock_likely(number) ? number : underlock_site_define(c, site);
}

#endif
