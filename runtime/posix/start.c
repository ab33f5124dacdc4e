/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Before main and after it. The priorities put the runtime first and last in a program that it is linked into. */
#include "process.h"
#include <unistd.h>

/* Defined here so that whoever links one hook out of the static library gets this file, and with it the constructor. */
struct underlock_process *underlock_posix_process;

void underlock_posix_must_find(int found, const char *functions)
{
	if (found)
		return;
	underlock_posix_say("underlock: %s of the C library cannot be found; a program linked with -static cannot be recorded",
			    functions);
	_exit(2);
}

/* The real functions also where nothing is recorded: the child of a fork must not have to look for them. */
__attribute__((constructor(101))) static void start(void)
{
	struct underlock_settings settings;

	underlock_posix_find_real_functions();
	underlock_posix_find_real_exec();
	underlock_posix_find_real_dlclose();
	if (!underlock_posix_settings(&settings))
		return;
	underlock_frame_limit = settings.frames;
	underlock_posix_begin(settings.trace);
}

__attribute__((destructor(101))) static void stop(void)
{
	underlock_posix_end_process();
}
