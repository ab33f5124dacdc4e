/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A worker adds VFs for a caller who waits. The broken twin's worker takes the rescan lock itself, which its caller
 * holds: each waits for the other, and no lock is taken twice by anybody.
 *
 * model: linux
 * hangs: broken
 * broken: self:delegated-deadlock observed; stack pci_lock_rescan_remove add_vfs work_for_cpu_fn; held
 *     pci_rescan_remove_lock
 * exercises: vf-add-locked
 */
#include "work.h"

static long add_vfs(void *dev)
{
	long error;

#ifndef FIXED
	pci_lock_rescan_remove();
#endif
	error = sriov_add_vfs(dev, 2);
#ifndef FIXED
	pci_unlock_rescan_remove();
#endif
	return error;
}

static long work_on_cpu(int cpu, long (*fn)(void *), void *arg)
{
	struct work_for_cpu wfc = { .work.func = work_for_cpu_fn, .fn = fn, .arg = arg };

	schedule_work_on(cpu, &wfc.work);
	__flush_work(&wfc.work);
	return wfc.ret;
}

static void shell(void *pf)
{
	pci_lock_rescan_remove();
	work_on_cpu(0, add_vfs, pf);
	pci_unlock_rescan_remove();
}

static void scenario(void)
{
	struct pci_dev pf;
	struct task sh;

	pci_device_init(&pf);
	kthread_run(&sh, "sh", shell, &pf);
	kthread_stop(&sh);
}

int main(void)
{
	return start_kernel(scenario);
}
