/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * AB-BA in one thread only: clean in a program, whose threads are who they are. In the broken twin the one thread is a
 * task of a kernel: it stands for any that makes the same calls, so two of them may meet.
 *
 * https://github.com/google/sanitizers/issues/488
 *
 * model: posix
 * model broken: linux
 * broken: order:inversion assumed; locks accounts journal; functions accounts_then_journal journal_then_accounts
 */
#ifdef FIXED
#include "pair.h"

int main(void)
{
	accounts_then_journal();
	journal_then_accounts();
	return 0;
}
#else
#include "kernel/kernel.h"

static DEFINE_MUTEX(accounts);
static DEFINE_MUTEX(journal);
static int entries;

static void accounts_then_journal(void)
{
	mutex_lock(&accounts);
	mutex_lock(&journal);
	entries++;
	mutex_unlock(&journal);
	mutex_unlock(&accounts);
}

static void journal_then_accounts(void)
{
	mutex_lock(&journal);
	mutex_lock(&accounts);
	entries--;
	mutex_unlock(&accounts);
	mutex_unlock(&journal);
}

static long both_store(void *object, const char *text)
{
	(void)object, (void)text;
	accounts_then_journal();
	journal_then_accounts();
	return 0;
}

static const struct attribute both = { .store = both_store };

static void shell(void *unused)
{
	vfs_write(&both, unused, "1");
}

static void scenario(void)
{
	struct task sh;

	kthread_run(&sh, "sh", shell, NULL);
	kthread_stop(&sh);
}

int main(void)
{
	return start_kernel(scenario);
}
#endif
