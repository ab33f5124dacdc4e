/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * The tempting fix: sriov_disable() takes the rescan lock itself. That helps unbind, and deadlocks on itself on
 * hot-unplug, which holds the lock already: the program really hangs, and is ended from outside. Its fixed twin leaves
 * the lock to the callers.
 *
 * model: linux
 * hangs: broken
 * broken: self:self-deadlock observed; stack pci_lock_rescan_remove sriov_disable pf_remove device_release_driver
 *     pci_stop_and_remove_bus_device pciehp_unconfigure_device; held pci_rescan_remove_lock device.mutex;
 *     locks pci_rescan_remove_lock
 * broken: order:inversion assumed; locks device.mutex pci_rescan_remove_lock
 * exercises: vf-add-locked
 */
#include "kernel/kernel.h"

static void sriov_disable(struct pci_dev *dev)
{
#ifndef FIXED
	pci_lock_rescan_remove();
#endif
	for (int id = MAX_VFS - 1; id >= 0; id--)
		if (dev->vf[id])
			pci_iov_remove_virtfn(dev, id);
#ifndef FIXED
	pci_unlock_rescan_remove();
#endif
}

static void pf_remove(struct device *dev)
{
	sriov_disable(to_pci_dev(dev));
}

static struct device_driver pf_driver = { .remove = pf_remove };

static long unbind_store(void *object, const char *text)
{
	struct pci_dev *dev = object;

	(void)text;
#ifdef FIXED
	pci_lock_rescan_remove();
#endif
	device_release_driver(&dev->dev);
#ifdef FIXED
	pci_unlock_rescan_remove();
#endif
	return 0;
}

static const struct attribute unbind = { .store = unbind_store };

static void shell(void *pf)
{
	vfs_write(&unbind, pf, "0000:01:00.0");
}

static void pciehp_unconfigure_device(void *pf)
{
	pci_lock_rescan_remove();
	pci_stop_and_remove_bus_device(pf);
	pci_unlock_rescan_remove();
}

static void scenario(void)
{
	struct pci_dev pf;
	struct task task;

	pci_device_init(&pf);
	for (int turn = 0; turn < 2; turn++) {
		device_bind_driver(&pf.dev, &pf_driver);
		pci_lock_rescan_remove();
		pci_iov_add_virtfn(&pf, 0);
		pci_unlock_rescan_remove();
		kthread_run(&task, turn ? "pciehp" : "sh", turn ? pciehp_unconfigure_device : shell, &pf);
		kthread_stop(&task);
	}
}

int main(void)
{
	return start_kernel(scenario);
}
