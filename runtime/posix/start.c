/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Before main and after it. The priorities put the runtime first and last in a program that it is linked into. */
#include "process.h"

/* Defined here so that whoever links one hook out of the static library gets this file, and with it the constructor. */
struct underlock_process *underlock_posix_process;

__attribute__((constructor(101))) static void start(void)
{
	struct underlock_settings settings;

	if (!underlock_posix_settings(&settings))
		return;
	underlock_frame_limit = settings.frames;
	underlock_posix_find_real_functions();
	underlock_posix_begin(&settings);
}

__attribute__((destructor(101))) static void stop(void)
{
	underlock_posix_end_process();
}
