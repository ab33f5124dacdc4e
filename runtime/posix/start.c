/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Before main and after it. The priorities put the runtime first and last in a program that it is linked into. */
#define _GNU_SOURCE
#include "process.h"
#include <dlfcn.h>
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

static void say_late(void)
{
	Dl_info self;

	underlock_posix_say("underlock: process %d: the runtime came with a library, when the program was running already: which "
			    "thread starts or joins which, what is executed, and which library takes an unloaded one's place is "
			    "not recorded; for that, preload it: LD_PRELOAD=%s", (int)getpid(),
			    dladdr(&underlock_posix_process, &self) ? self.dli_fname : "libunderlock.so");
}

/* The real functions also where nothing is recorded: the child of a fork must not have to look for them. */
__attribute__((constructor(101))) static void start(void)
{
	struct underlock_settings settings;

	underlock_posix_find_real_functions();
	underlock_posix_find_real_exec();
	underlock_posix_find_real_dlclose();
	underlock_posix_find_real_makecontext();
	if (!underlock_posix_settings(&settings))
		return;
	underlock_frame_limit = settings.frames;
	if (settings.pause)
		underlock_posix_plan_pauses(settings.pause);
	underlock_posix_find_allocator();
	if (underlock_posix_is_late())
		say_late();
	underlock_posix_begin(&settings);
}

__attribute__((destructor(101))) static void stop(void)
{
	underlock_posix_end_process();
}
