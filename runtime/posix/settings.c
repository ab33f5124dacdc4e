/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The environment variable UNDERLOCK: comma-separated settings. Unset or empty, nothing is recorded. */
#define _GNU_SOURCE
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

static _Noreturn void refuse(const char *what, const char *setting)
{
	underlock_posix_say("underlock: the environment variable UNDERLOCK: %s: '%s'; known settings: trace=PATH (%%p in it: "
			    "the process id), frames=N (1 to %u), separated by commas",
			    what, setting, UNDERLOCK_FRAMES_MAX);
	_exit(2);
}

static void apply(struct underlock_settings *settings, const char *setting)
{
	const char *value = strchr(setting, '=');

	if (value && !strncmp(setting, "trace=", 6)) {
		settings->trace = value + 1;
		if (!*settings->trace)
			refuse("a setting without a value", setting);
	} else if (value && !strncmp(setting, "frames=", 7)) {
		char *end;
		unsigned long frames = strtoul(value + 1, &end, 10);

		if (value[1] < '0' || value[1] > '9' || *end || frames < 1 || frames > UNDERLOCK_FRAMES_MAX)
			refuse("not a number of frames", setting);
		settings->frames = (uint32_t)frames;
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
	while ((setting = strsep(&rest, ",")))
		apply(settings, setting);
	return 1;
}
