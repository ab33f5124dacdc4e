/* SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only */
/* The plan of pauses (pause.h): read once, and asked at every acquisition that may wait. */
#include "pause.h"

#if UNDERLOCK_PAUSES

#define MILLISECONDS_MAX 60000u

/* ---- Reading. Each returns what is behind, or NULL; then `*at` stays where it was not understood. ---- */

static const char *number(const char *text, uint32_t *value)
{
	const char *p = text;
	uint64_t sum = 0;

	for (; *p >= '0' && *p <= '9' && p < text + 9; p++)
		sum = sum * 10 + (uint64_t)(*p - '0');
	*value = (uint32_t)sum;
	return p == text ? 0 : p;
}

static const char *hash(const char *text, uint64_t *value)
{
	const char *p;

	*value = 0;
	for (p = text; p < text + 16; p++) {
		if (*p >= '0' && *p <= '9')
			*value = *value << 4 | (uint64_t)(*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			*value = *value << 4 | (uint64_t)(*p - 'a' + 10);
		else
			return 0;
	}
	return p;
}

/* `:LINE.HASH` */
static const char *site(const char *text, struct underlock_pause_site *value)
{
	const char *p = *text == ':' ? number(text + 1, &value->line) : 0;

	return p && *p == '.' ? hash(p + 1, &value->hash) : 0;
}

static const char *item(const char *text, struct underlock_pause_item *value)
{
	const char *p = *text ? site(text + 1, &value->at) : 0;

	if (!p)
		return 0;
	switch (*text) {
	case 'w':
	case 'd':
		value->kind = *text == 'w' ? UNDERLOCK_PAUSE_WANTING : UNDERLOCK_PAUSE_DRAINING;
		return site(p, &value->held);
	case 'r':
		value->kind = UNDERLOCK_PAUSE_WRITING;
		return p;
	case 'e':
		value->kind = UNDERLOCK_PAUSE_ENDING;
		return *p == ':' ? number(p + 1, &value->ends) : 0;
	case 'b':
		value->kind = UNDERLOCK_PAUSE_BACK;
		return p;
	default:
		return 0;
	}
}

const char *underlock_pause_read(struct underlock_pause_plan *plan, const char *text)
{
	uint32_t *const numbers[] = {&plan->milliseconds, &plan->flows, &plan->each};
	const char *behind;
	uint32_t at;

	plan->count = 0;
	for (at = 0; at < 3; at++) {
		behind = number(text, numbers[at]);
		if (!behind || *behind != ',' || (!*numbers[at] && at < 2))
			return text;
		text = behind + 1;
	}
	if (plan->milliseconds > MILLISECONDS_MAX)
		plan->milliseconds = MILLISECONDS_MAX;
	for (;;) {
		behind = plan->count < UNDERLOCK_PAUSE_ITEMS ? item(text, &plan->items[plan->count]) : 0;
		if (!behind)
			return text;
		plan->count++;
		if (*behind != ',')
			break;
		text = behind + 1;
	}
	return !*behind || (*behind == '\n' && !behind[1]) ? 0 : behind;
}

/* ---- Asking ---- */

static uint64_t hash_byte(uint64_t sum, uint32_t byte)
{
	return (sum ^ byte) * 0x100000001b3ull;
}

/* What is longer was cut in the trace, and so in the plan. */
static uint64_t hash_text(uint64_t sum, const char *text)
{
	uint32_t at;

	for (at = 0; at < UNDERLOCK_STRING_LIMIT && text[at]; at++)
		sum = hash_byte(sum, (unsigned char)text[at]);
	return hash_byte(sum, 0);
}

static uint64_t hash_of(const struct underlock_site *s)
{
	uint64_t sum = 0xcbf29ce484222325ull;
	uint32_t at;

	for (at = 0; at < 4; at++)
		sum = hash_byte(sum, s->column >> 8 * at & 0xff);
	return hash_text(hash_text(sum, s->function), s->file);
}

/* Texts are looked at where the line is the same only. */
static int is_site(const struct underlock_pause_site *planned, const struct underlock_site *s)
{
	return planned->line == s->line && planned->hash == hash_of(s);
}

static int holds_from(const struct underlock_context *c, const struct underlock_pause_site *planned)
{
	uint32_t at;

	for (at = c->held_count; at-- > 0;) {
		if (is_site(planned, c->held[at].site))
			return 1;
	}
	return 0;
}

uint32_t underlock_pause_item(const struct underlock_pause_plan *plan, const struct underlock_context *c,
			      const struct underlock_site *s)
{
	uint32_t at;

	for (at = 0; at < plan->count; at++) {
		const struct underlock_pause_item *i = &plan->items[at];

		if (is_site(&i->at, s) && (i->kind > UNDERLOCK_PAUSE_DRAINING || holds_from(c, &i->held)))
			return at + 1;
	}
	return 0;
}

#endif
