/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The plan of pauses (pause.h): read before main, and asked at every acquisition that may wait. */
#define _GNU_SOURCE
#include "pause.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIELDS_MAX 9u
#define MILLISECONDS_MAX 60000u

static _Noreturn void refuse(const char *path, uint32_t line, const char *why)
{
	underlock_posix_say("underlock: pause=%s: line %u: %s; such a file is written by `underlock confirm`", path,
			    line, why);
	_exit(2);
}

static _Noreturn void unreadable(const char *path)
{
	underlock_posix_say("underlock: pause=%s: %s", path, strerror(errno));
	_exit(2);
}

/* The file's text, ended by a NUL. It stays: the plan points into it. */
static char *text_of(const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	struct stat about;
	char *text;
	ssize_t got;

	if (file < 0 || fstat(file, &about))
		unreadable(path);
	text = mmap(0, (size_t)about.st_size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (text == MAP_FAILED)
		unreadable(path);
	got = read(file, text, (size_t)about.st_size);
	if (got != about.st_size) {
		if (got >= 0)
			errno = EIO;
		unreadable(path);
	}
	close(file);
	return text;
}

/* 0 where it is none. */
static uint32_t number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	return *text < '0' || *text > '9' || *end || value > ~0u ? 0 : (uint32_t)value;
}

static struct underlock_pause_site site_of(char *const field[4])
{
	const struct underlock_pause_site site = {number(field[0]), number(field[1]), field[2], field[3]};

	return site;
}

/* Whether the line has been understood. */
static int read_item(struct underlock_pause_plan *plan, char *const field[], uint32_t count)
{
	struct underlock_pause_item *item = &plan->items[plan->count];

	if (count == 2 && !strcmp(field[0], "milliseconds"))
		return (plan->milliseconds = number(field[1])) && plan->milliseconds <= MILLISECONDS_MAX;
	if (count == 2 && !strcmp(field[0], "threads"))
		return !!(plan->threads = number(field[1]));
	if (plan->count == UNDERLOCK_PAUSE_ITEMS)
		return 0;
	if (count == 9 && !strcmp(field[0], "wanting")) {
		item->kind = UNDERLOCK_PAUSE_WANTING;
		item->held = site_of(field + 5);
	} else if (count == 5 && !strcmp(field[0], "writing")) {
		item->kind = UNDERLOCK_PAUSE_WRITING;
	} else if (count == 5 && !strcmp(field[0], "back")) {
		item->kind = UNDERLOCK_PAUSE_BACK;
	} else {
		return 0;
	}
	item->at = site_of(field + 1);
	plan->count++;
	return 1;
}

void underlock_posix_read_plan(const char *path, struct underlock_pause_plan *plan)
{
	char *rest = text_of(path), *line, *field[FIELDS_MAX + 1];
	uint32_t at = 0;

	while ((line = strsep(&rest, "\n")) && *line) {
		uint32_t count = 0;

		at++;
		while (line && count <= FIELDS_MAX)
			field[count++] = strsep(&line, "\t");
		if (!read_item(plan, field, count))
			refuse(path, at, "not an item of a plan of pauses, or one too many");
	}
	if (!plan->milliseconds || !plan->threads || !plan->count)
		refuse(path, at, "the plan ends here, and has no item, no milliseconds or no threads");
}

/* What is longer was cut in the trace, and so in the plan. */
static int same_text(const char *a, const char *b)
{
	return !strncmp(a, b, UNDERLOCK_STRING_LIMIT);
}

static int is_site(const struct underlock_pause_site *planned, const struct underlock_site *site)
{
	return planned->line == site->line && planned->column == site->column &&
	       same_text(planned->function, site->function) && same_text(planned->file, site->file);
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

uint32_t underlock_posix_planned(const struct underlock_pause_plan *plan, const struct underlock_context *c,
				 const struct underlock_site *site)
{
	uint32_t at;

	for (at = 0; at < plan->count; at++) {
		const struct underlock_pause_item *item = &plan->items[at];

		if (is_site(&item->at, site) && (item->kind != UNDERLOCK_PAUSE_WANTING || holds_from(c, &item->held)))
			return at + 1;
	}
	return 0;
}
