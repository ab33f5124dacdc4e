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
#include "pf.h"

static void sriov_disable(struct pci_dev *dev)
{
#ifndef FIXED
	pci_lock_rescan_remove();
#endif
	sriov_del_vfs(dev);
#ifndef FIXED
	pci_unlock_rescan_remove();
#endif
}

static void scenario(void)
{
	struct pci_dev pf;

	pci_device_init(&pf);
	once(&pf, "sh", by_unbind);
	once(&pf, "pciehp", pciehp_unconfigure_device);
}

int main(void)
{
	return start_kernel(scenario);
}
