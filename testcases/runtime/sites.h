/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * What the plugin would emit, by hand: sites, and a mutex with hooks around it. So the runtime's tests need no plugin, and
 * can place a hook where no plugin would.
 */
#ifndef UNDERLOCK_TESTCASES_RUNTIME_SITES_H
#define UNDERLOCK_TESTCASES_RUNTIME_SITES_H

#include "underlock/hooks.h"
#include "underlock/underlock.h"

static struct underlock_unit unit = { 0, UNDERLOCK_HOOK_ABI, 0x1234, "posix", "driver.c" };

#define SITE(name, verb, mode)                                                                                     \
	static struct underlock_site name = {                                                                      \
		0, verb, mode, 0, 0, __LINE__, 1, &unit, "mutex", "driver.c", #name "_function", "&lock", "lock" \
	}

SITE(acquire_site, UNDERLOCK_VERB_ACQUIRE, UNDERLOCK_MODE_EXCLUSIVE);
SITE(shared_site, UNDERLOCK_VERB_ACQUIRE, UNDERLOCK_MODE_SHARED);
SITE(try_site, UNDERLOCK_VERB_TRY, UNDERLOCK_MODE_EXCLUSIVE);
SITE(release_site, UNDERLOCK_VERB_RELEASE, UNDERLOCK_MODE_ANY);
SITE(init_site, UNDERLOCK_VERB_INIT, UNDERLOCK_MODE_EXCLUSIVE);
SITE(destroy_site, UNDERLOCK_VERB_DESTROY, UNDERLOCK_MODE_EXCLUSIVE);
SITE(event_site, UNDERLOCK_VERB_EVENT, UNDERLOCK_MODE_EXCLUSIVE);

/* The hooks alone: the lock is only an address. */
static inline void note_acquire(struct underlock_site *site, const void *lock)
{
	__underlock_v1_acquired(site, lock, __underlock_v1_begin(site, lock));
}

static inline void note_release(const void *lock)
{
	__underlock_v1_release(&release_site, lock);
}

#endif
