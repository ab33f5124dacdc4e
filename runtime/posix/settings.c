/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The environment variable UNDERLOCK: comma-separated settings. Unset or empty, nothing is recorded. */
#define _GNU_SOURCE
#include "shared.h"
#include "process.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void underlock_posix_say(const char *format, ...)
{
	char line[4600];
	size_t size;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	size = strlen(line);
	line[size++] = '\n';
	if (write(STDERR_FILENO, line, size) < 0)
		return;
}

#define RING_MEGABYTES_MAX (UNDERLOCK_RING_CHUNKS_MAX / (1048576u / UNDERLOCK_CHUNK_SIZE))

static _Noreturn void refuse(const char *what, const char *setting)
{
	underlock_posix_say("underlock: the environment variable UNDERLOCK: %s: '%s'; known settings: trace=PATH (%%p in it: "
			    "the process id), frames=N (1 to %u), mode=everything|distinct, ring=N (MiB, 1 to %u), pause=FILE "
			    "(what `underlock confirm` writes), separated by commas", what, setting, UNDERLOCK_FRAMES_MAX, RING_MEGABYTES_MAX);
	_exit(2);
}

/* The value behind `setting`'s '=' as a number from 1 to `most`. */
static uint32_t number(const char *setting, const char *value, const char *what, unsigned long most)
{
	char *end;
	unsigned long number = strtoul(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || number < 1 || number > most)
		refuse(what, setting);
	return (uint32_t)number;
}

static void set_mode(struct underlock_settings *settings, const char *setting, enum underlock_recording_mode mode)
{
	if (settings->mode != UNDERLOCK_RECORDING_EVERYTHING && settings->mode != mode)
		refuse("a ring and a distinct recording at the same time", setting);
	settings->mode = mode;
}

static void apply(struct underlock_settings *settings, const char *setting)
{
	const char *value = strchr(setting, '=');

	if (value && !strncmp(setting, "trace=", 6)) {
		settings->trace = value + 1;
		if (!*settings->trace)
			refuse("a setting without a value", setting);
	} else if (value && !strncmp(setting, "frames=", 7)) {
		settings->frames = number(setting, value + 1, "not a number of frames", UNDERLOCK_FRAMES_MAX);
	} else if (value && !strncmp(setting, "ring=", 5)) {
		settings->ring_megabytes = number(setting, value + 1, "not a ring's size in MiB", RING_MEGABYTES_MAX);
		set_mode(settings, setting, UNDERLOCK_RECORDING_RING);
	} else if (value && !strncmp(setting, "pause=", 6)) {
		settings->pause = value + 1;
		if (!*settings->pause)
			refuse("a setting without a value", setting);
	} else if (!strcmp(setting, "mode=distinct")) {
		set_mode(settings, setting, UNDERLOCK_RECORDING_DISTINCT);
	} else if (!strcmp(setting, "mode=everything")) {
		set_mode(settings, setting, UNDERLOCK_RECORDING_EVERYTHING);
	} else {
		refuse("unknown setting", setting);
	}
}

int underlock_posix_settings(struct underlock_settings *settings)
{
	static char copy[4096]; /* the settings point into it */
	const char *text = secure_getenv("UNDERLOCK");
	char *rest = copy, *setting;

	if (!text || !*text)
		return 0;
	if (strlen(text) >= sizeof(copy))
		refuse("longer than 4095 bytes", text);
	strcpy(copy, text);
	settings->trace = "underlock.%p.trace";
	settings->frames = underlock_frame_limit;
	settings->mode = UNDERLOCK_RECORDING_EVERYTHING;
	settings->ring_megabytes = 0;
	settings->pause = 0;
	while ((setting = strsep(&rest, ",")))
		apply(settings, setting);
	return 1;
}
