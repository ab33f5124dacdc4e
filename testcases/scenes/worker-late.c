/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A worker adds VFs for a caller who holds the rescan lock. In the broken twin the caller does not wait to the end: it
 * goes on, gives the lock back, and only then the VFs are added. Having been started under a lock is not to be under it.
 *
 * model: linux
 * broken: contract:vf-add-locked observed; stack pci_iov_add_virtfn sriov_add_vfs add_vfs work_for_cpu_fn; held none;
 *     missing pci_rescan_remove_lock
 * exercises: vf-add-locked
 */
#include "work.h"

#include <semaphore.h>

static sem_t go;
static struct work_for_cpu wfc;

static long add_vfs(void *dev)
{
	while (sem_wait(&go))
		;
	return sriov_add_vfs(dev, 2);
}

static void work_on_cpu(int cpu, long (*fn)(void *), void *arg)
{
	wfc = (struct work_for_cpu){ .work.func = work_for_cpu_fn, .fn = fn, .arg = arg };
	schedule_work_on(cpu, &wfc.work);
#ifdef FIXED
	sem_post(&go);
	__flush_work(&wfc.work);
#endif
}

static void shell(void *pf)
{
	pci_lock_rescan_remove();
	work_on_cpu(0, add_vfs, pf);
	pci_unlock_rescan_remove();
#ifndef FIXED
	sem_post(&go);
	__flush_work(&wfc.work);
#endif
}

static void scenario(void)
{
	struct pci_dev pf;
	struct task sh;

	sem_init(&go, 0, 0);
	pci_device_init(&pf);
	kthread_run(&sh, "sh", shell, &pf);
	kthread_stop(&sh);
}

int main(void)
{
	return start_kernel(scenario);
}
