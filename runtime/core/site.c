/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/*
 * The definitions of sites and units. Two contexts may meet a site first at the same time: each takes a number and
 * writes a definition, one of them wins the cell, and both go on with the winner's number. Either way a definition is
 * in the trace before its number can be used.
 */
#include "site.h"
#include "encode.h"

uint32_t underlock_generation;
static uint32_t numbers; /* the last one given, to a site or a unit */

/* 0 when they have run out. Never wraps: the few who ask beyond the end leave it there. */
static uint32_t next_number(void)
{
	if (__atomic_load_n(&numbers, __ATOMIC_RELAXED) >= UNDERLOCK_NUMBER_MAX)
		return 0;
	return __atomic_add_fetch(&numbers, 1, __ATOMIC_RELAXED) & UNDERLOCK_NUMBER_MAX;
}

/* Gives the cell our number, unless another context was faster; returns whose it is now. */
static uint32_t settle(uint32_t *cell, uint32_t was, uint32_t number)
{
	uint32_t ours = (underlock_generation << UNDERLOCK_NUMBER_BITS) | number;

	if (__atomic_compare_exchange_n(cell, &was, ours, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return number;
	return underlock_cell_number(was);
}

struct unit_definition {
	const struct underlock_unit *unit;
	uint32_t number;
};

static void put_unit(struct underlock_sink *s, const void *from)
{
	const struct unit_definition *d = from;

	underlock_sink_varint(s, d->number);
	underlock_sink_u64(s, d->unit->model_hash);
	underlock_sink_string(s, d->unit->model);
	underlock_sink_string(s, d->unit->source);
}

static uint32_t unit_number(struct underlock_context *c, struct underlock_unit *unit)
{
	uint32_t was = __atomic_load_n(&unit->id, __ATOMIC_ACQUIRE);
	struct unit_definition d = { unit, underlock_cell_number(was) };

	if (d.number)
		return d.number;
	d.number = next_number();
	if (!d.number || !underlock_define(c, UNDERLOCK_DEFINE_UNIT, put_unit, &d))
		return 0;
	return settle(&unit->id, was, d.number);
}

struct site_definition {
	const struct underlock_site *site;
	uint32_t number, unit;
};

static void put_site(struct underlock_sink *s, const void *from)
{
	const struct site_definition *d = from;
	const struct underlock_site *site = d->site;

	underlock_sink_varint(s, d->number);
	underlock_sink_varint(s, d->unit);
	underlock_sink_byte(s, site->verb);
	underlock_sink_byte(s, site->mode);
	underlock_sink_byte(s, site->flags);
	underlock_sink_varint(s, site->line);
	underlock_sink_varint(s, site->column);
	underlock_sink_string(s, site->mark);
	underlock_sink_string(s, site->file);
	underlock_sink_string(s, site->function);
	underlock_sink_string(s, site->expression);
	underlock_sink_string(s, site->class_name);
}

uint32_t underlock_site_define(struct underlock_context *c, struct underlock_site *site)
{
	uint32_t was = __atomic_load_n(&site->id, __ATOMIC_ACQUIRE);
	struct site_definition d = { site, 0, unit_number(c, site->unit) };

	d.number = d.unit ? next_number() : 0;
	if (!d.number || !underlock_define(c, UNDERLOCK_DEFINE_SITE, put_site, &d))
		return 0;
	return settle(&site->id, was, d.number);
}
